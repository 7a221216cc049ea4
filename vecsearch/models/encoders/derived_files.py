"""Small files derived from models, in the user's cache folder.

Each can be deleted at any time: it is derived again. A derived file starts with the SHA-256 of the rest, so that a
torn or altered one reads as absent. A cache folder that cannot be written costs time, never the work. Does not know
what the files mean.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from vecsearch.files import replacing
from vecsearch.models.cache import cache_folder
from vecsearch.models.cache.folder import check_own, make_folder

_DIGEST_BYTES = hashlib.sha256().digest_size


def model_cache() -> Path:
    """Return the folder of files derived from models."""
    return cache_folder() / "models"


def read_derived(path: Path) -> bytes | None:
    """Return what write_derived() stored at `path`; None when it is missing, unreadable or altered."""
    try:
        check_own(path)
        stored = path.read_bytes()
    except OSError:
        return None
    digest, content = stored[:_DIGEST_BYTES], stored[_DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None


def write_derived(path: Path, content: bytes) -> bool:
    """Store `content` at `path` in one atomic step; False when the folder cannot be written.

    Two processes may write the same file: each renames a whole file into place and the last one stays.
    """
    try:
        make_folder(path.parent)
        check_own(path)
        with replacing(path, private=True) as stream:
            stream.write(hashlib.sha256(content).digest() + content)
    except OSError:  # disk full, no permission; on Windows also: another process has the file open
        return False
    return True
