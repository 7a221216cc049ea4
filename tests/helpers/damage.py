"""An index with a file of every kind, and ways to damage them."""

from __future__ import annotations

import os
from pathlib import Path

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import content_of, write
from vecsearch import Document, Index, verify_index

FORMAT_3, FORMAT_9 = (8 * len('{\n "format": ') + bit for bit in (1, 3))  # bits that make a 1 a 3 or a 9


def make_versions(place: Path) -> Path:
    """An index of several versions with tags, tombstones, tables of files and segments that only some of them have."""
    for number in range(3):
        write(place / "notes" / f"{number}.md", f"# Note {number}\n\nabout the number {number}")
    index = Index.create(place / "index", model=CountingEncoder())
    index.add(Document(f"big {number}", f"the text {number}", {"n": number}) for number in range(12))
    index.tag("first")
    index.sync(place / "notes")
    index.delete(["big 3"])
    index.tag("second")
    (place / "notes" / "1.md").unlink()
    index.sync(place / "notes")
    index.add([Document("last", "the last one")])
    found = index.verify()
    assert (found.ok, found.leftovers, found.versions) == (True, (), 4)
    return place / "index"


def flip(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def damaged_files(index: Path) -> list[str]:
    return sorted(problem.file for problem in verify_index(index).problems)


def files_of(index: Path) -> list[str]:
    """All that has a checksum; when a root was last synced is a hint without one."""
    names = [name.replace(os.sep, "/") for name, content in content_of(index).items() if content]
    return sorted(name for name in names if name != "synced.json")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
