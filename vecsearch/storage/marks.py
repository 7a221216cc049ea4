"""What an index among a user's files says to other programs: Git is to leave it out, a backup need not copy it.

Only an index named `.vecsearch` says so, which nobody looks at: one with a name of its own may be meant to be shared.
The files are written once, with a new index: who removes or edits them wants it so.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from vecsearch import files
from vecsearch.errors import IndexDamaged
from vecsearch.storage.real import read_file

NEARBY = ".vecsearch"  # the name of an index that is found from its own folder and all folders below
MARKS = {
    ".gitignore": b"# Written by vecsearch.\n*\n",
    # Its first 43 bytes are what programs look for: Bryan Ford, "Cache Directory Tagging Specification", bford.info
    "CACHEDIR.TAG": b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# An index of vecsearch, which can be made again from the files around it.\n",
}


def write_marks(index: Path) -> None:
    """Write the files into the folder of a new index named `.vecsearch`; one that exists stays as it is."""
    if index.name == NEARBY:
        for name, content in MARKS.items():
            with suppress(FileExistsError), open(index / name, "xb") as stream:
                stream.write(content)


def is_own_mark(path: Path) -> bool:
    """Whether the file was written by `write_marks`, perhaps not to its end, and has not been changed."""
    with suppress(OSError, IndexDamaged):
        return path.name in MARKS and MARKS[path.name].startswith(read_file(path, len(MARKS[path.name])))
    return False


def remove_marks(index: Path) -> None:
    """Remove the files from the folder of an index that is no more."""
    for name in MARKS:
        if is_own_mark(index / name):
            files.remove_file(index / name)
