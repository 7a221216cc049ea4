"""A summary of an index: counts from the manifest, bytes from the disk. Opens no segment."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from vecsearch.reports import Info
from vecsearch.storage.file_stamps import count_files
from vecsearch.storage.manifest import Manifest
from vecsearch.storage.store import Store
from vecsearch.storage.synced import read_synced

_DEEPEST = 2  # folders inside one another below the folder of an index


def describe(store: Store, manifest: Manifest) -> Info:
    """Summarise a version; `bytes` is the size of the whole folder, including all versions that are kept."""
    types, source_bytes = count_files(store.read_stamps(manifest))
    return Info(
        path=str(store.path),
        version=manifest.version,
        created=manifest.created,
        model=manifest.model.name,
        fingerprint=manifest.model.fingerprint,
        dim=manifest.model.dim,
        metric=manifest.metric.value,
        chunk_tokens=manifest.chunking.max_tokens,
        overlap=manifest.chunking.overlap,
        splitter=manifest.chunking.splitter.value,
        context=manifest.chunking.context,
        keep_text=manifest.keep_text,
        language=manifest.language,
        recall=manifest.recall,
        measured_recall=manifest.measured_recall,
        documents=manifest.documents,
        chunks=manifest.chunks,
        deleted=sum(entry.rows - entry.live for entry in manifest.segments),
        segments=len(manifest.segments),
        files=manifest.sources.rows if manifest.sources else 0,
        bytes=bytes_in(store.path),
        roots=tuple(str(store.resolve(root.key)) for root in store.read_roots(manifest)),
        synced=max(read_synced(store.path).values(), default=None),
        types=types,
        source_bytes=source_bytes,
    )


def bytes_in(folder: Path, depth: int = _DEEPEST) -> int:
    """Return the size of all files in the folder of an index; links are not followed."""
    total = 0
    with suppress(OSError), os.scandir(folder) as entries:  # a writer may have just removed it
        for entry in entries:
            with suppress(OSError):
                if not entry.is_dir(follow_symlinks=False):
                    total += entry.stat(follow_symlinks=False).st_size
                elif depth:
                    total += bytes_in(Path(entry.path), depth - 1)
    return total
