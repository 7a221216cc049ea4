"""Writes of every kind, done again and again on copies of an index while something goes wrong."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.helpers.counting import CountingEncoder
from tests.helpers.states import state_of, temporary_files
from tests.helpers.writing import write
from vecsearch import Document, Index, VecsearchError, verify_index
from vecsearch.cli.main import describe_error

CODES = {"disk": [errno.EIO, errno.ENOSPC], "Ctrl-C": [None]}  # in turn


def text(number: int) -> str:
    return " ".join(f"word{(number * step) % 17}" for step in range(1, 9))


def make_base(place: Path) -> Path:
    """A folder with files, an index of several segments with tombstones, a table of files and a tag, and its export."""
    for number in range(4):
        write(place / "notes" / f"{number}.txt", text(number))
    index = Index.create(place / "index", model=CountingEncoder())
    index.add(Document(f"big {number}", text(number), {"n": number}) for number in range(40))
    index.tag("first")
    index.sync(place / "notes")
    index.add([Document("small", text(99))])
    index.delete(["big 3", "big 4", "notes/0.txt"])
    index.export(place / "export.parquet")
    info = index.info()
    assert (info.segments, info.deleted) == (3, 3), "more than one segment, and rows deleted"
    return place


def opened(place: Path) -> Index:
    return Index.open(place / "index", model=CountingEncoder())


def change_files(place: Path) -> None:
    write(place / "notes" / "1.txt", text(51))
    write(place / "notes" / "new.txt", text(52))
    (place / "notes" / "2.txt").unlink()


def cut_rows(place: Path) -> None:
    rows = next(iter(place.glob("index/segments/*/rows.arrow")))
    rows.write_bytes(rows.read_bytes()[:-9])


def cut_table_of_files(place: Path) -> None:
    opened(place).keep_versions(1)  # no older version holds the table too
    [table] = place.glob("index/sources/*")
    table.write_bytes(table.read_bytes()[:-1])


def sync(place: Path) -> None:
    opened(place).sync(place / "notes")


def add(place: Path) -> None:
    opened(place).add([Document("small", text(7)), Document("new", text(8)), Document("big 7", text(9))])


def delete(place: Path) -> None:
    opened(place).delete(["big 1", "notes/3.txt", "small"])


def compact(place: Path) -> None:
    opened(place).compact()


def restore(place: Path) -> None:
    opened(place).restore("first")


def tag(place: Path) -> None:
    opened(place).tag("second")


def retag(place: Path) -> None:
    opened(place).tag("first")


def untag(place: Path) -> None:
    opened(place).untag("first")


def keep_versions(place: Path) -> None:
    opened(place).keep_versions(1)


def repair(place: Path) -> None:
    if not verify_index(place / "index", repair=True).ok:
        raise OSError(errno.EIO, "not everything was repaired", "index")


def from_export(place: Path) -> None:
    Index.from_export(place / "export.parquet", place / "index")


def remove_index(place: Path) -> None:
    shutil.rmtree(place / "index")


def nothing(place: Path) -> None:
    pass


# what is done, and what is done before, unharmed
OPERATIONS: list[tuple[Callable[[Path], None], Callable[[Path], None]]] = [
    (sync, change_files),
    (add, nothing),
    (delete, nothing),
    (compact, nothing),
    (restore, nothing),
    (tag, nothing),
    (retag, nothing),
    (untag, nothing),
    (keep_versions, nothing),
    (repair, cut_rows),
    (repair, cut_table_of_files),
    (from_export, remove_index),
]


class Trials:
    """One operation done again and again on copies of an index, each time with something going wrong."""

    def __init__(self, base: Path, tmp_path: Path, operation: Callable[[Path], None], prepare: Callable[..., None]):
        self.tmp_path, self.operation = tmp_path, operation
        self.start = tmp_path / "start"
        shutil.copytree(base, self.start)
        prepare(self.start)
        self.before = state_of(self.start / "index")
        self.whole = self.before != "none" and verify_index(self.start / "index").ok
        self.place = self._copy("undisturbed")
        operation(self.place)
        self.after = state_of(self.place / "index")
        self.errors: list[BaseException] = []

    def run(self, harm: Callable[[], Any]) -> None:
        """One trial in which `harm`, a context, makes something go wrong."""
        self.place = self._copy("trial")
        try:
            with harm():
                self.operation(self.place)
        except (VecsearchError, OSError, KeyboardInterrupt) as error:
            self.errors.append(error.with_traceback(None))
        else:
            assert state_of(self.place / "index") == self.after
        said = [describe_error(error) for error in self.errors[-1:] if isinstance(error, Exception)]
        assert not [line for line in said if "\n" in line or "unexpected" in line or ": " not in line]
        self._check()
        shutil.rmtree(self.place)

    def _copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.start, self.tmp_path / name))

    def _check(self) -> None:
        """Old or new, whole, and what was left over is gone after the next successful write."""
        path = self.place / "index"
        state = state_of(path)
        assert state in (self.before, self.after)
        if self.whole:
            assert verify_index(path).problems == ()
        if state != self.after:
            self.operation(self.place)
            assert state_of(path) == self.after
        if state == self.after or self.operation in (tag, retag):
            opened(self.place).add([Document("the next write", text(1))])
        found = verify_index(path)
        assert (found.problems, found.leftovers) == ((), ())
        assert temporary_files(path) == []
