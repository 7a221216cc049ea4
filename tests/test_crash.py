"""Whatever operation fails, and wherever Ctrl-C comes: the index is as it was before or as it is after, never between."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from counting import CountingEncoder
from failing import Failing
from states import state_of, temporary_files
from writing import write

from vecsearch import Document, Index, VecsearchError, verify_index
from vecsearch.cli.main import _one_line

CODES = {"disk": [errno.EIO, errno.ENOSPC], "Ctrl-C": [None]}  # in turn
pytestmark = pytest.mark.filterwarnings("ignore:vecsearch works without its cache:RuntimeWarning")


def text(number: int) -> str:
    return " ".join(f"word{(number * step) % 17}" for step in range(1, 9))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files, an index of several segments with tombstones, a table of files and a tag, and its export."""
    place = tmp_path_factory.mktemp("base")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(place / "cache"))
        for number in range(4):
            write(place / "notes" / f"{number}.txt", text(number))
        index = Index.create(place / "index", model=CountingEncoder())
        index.add(Document(f"big {number}", text(number), {"n": number}) for number in range(40))
        index.tag("first")
        index.sync(place / "notes")
        index.add([Document("small", text(99))])
        index.delete(["big 3", "big 4", "notes/0.txt"])
        index.export(place / "export.parquet")
    shutil.rmtree(place / "cache")  # which would be copied for each trial
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
    verify_index(place / "index", repair=True)


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
each_operation = pytest.mark.parametrize(
    ("operation", "prepare"),
    OPERATIONS,
    ids=[f"{operation.__name__}-{prepare.__name__}" for operation, prepare in OPERATIONS],
)


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
            if not isinstance(error, KeyboardInterrupt):
                assert "\n" not in _one_line(error)
                assert "unexpected" not in _one_line(error)
            self.errors.append(error.with_traceback(None))
        else:
            assert state_of(self.place / "index") == self.after
        self._check()
        shutil.rmtree(self.place)

    def _copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.start, self.tmp_path / name))

    def _check(self) -> None:
        """Old or new, whole, and what was left over is gone after the next successful write."""
        path = self.place / "index"
        state = state_of(path)
        assert state in (self.before, self.after)
        if self.whole or state == self.after != self.before:
            assert verify_index(path).problems == ()
        if state != self.after:
            self.operation(self.place)
            assert state_of(path) == self.after
        if state == self.after or self.operation in (tag, retag):
            opened(self.place).add([Document("the next write", text(1))])
        found = verify_index(path)
        assert (found.problems, found.leftovers) == ((), ())
        assert temporary_files(path) == []


@pytest.mark.slow
@each_operation
@pytest.mark.parametrize("code", CODES)
def test_whichever_operation_fails_the_index_is_as_before_or_after(base, tmp_path, operation, prepare, code):
    trials = Trials(base, tmp_path, operation, prepare)
    for number in count():
        failing = Failing(number, code=CODES[code][number % len(CODES[code])])
        trials.run(failing.installed)
        if failing.failed is None:
            break
    assert number >= 4
    assert trials.errors
    assert all(isinstance(error, KeyboardInterrupt) == (code == "Ctrl-C") for error in trials.errors)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a full disk: the system writes so much of a file and then refuses."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.skipif(os.name == "nt", reason="no limit on the size of files here")
@pytest.mark.parametrize(
    ("operation", "prepare"),
    [
        (sync, change_files),
        (add, nothing),
        (delete, nothing),
        (compact, nothing),
        (repair, cut_rows),
        (from_export, remove_index),
    ],
    ids=lambda f: f.__name__,
)
def test_a_disk_that_is_full_at_any_byte_leaves_the_index_as_before(base, tmp_path, operation, prepare):
    trials = Trials(base, tmp_path, operation, prepare)
    there = {file for file in trials.start.rglob("*") if file.is_file()}
    new = {
        file.stat().st_size
        for file in trials.place.rglob("*")
        if trials.start / file.relative_to(trials.place) not in there
    }
    assert new
    tried = {0, 1, *(size - 1 for size in new), *(size // 2 for size in new)}
    for size in sorted(tried):
        trials.run(lambda size=size: no_file_larger_than(size))
    assert len(trials.errors) == len(tried), "with one byte less than the largest file nothing can be written"


class Interrupting:
    """Raises what Ctrl-C does at the line number `at` of those that are run in the modules that write."""

    modules = ("vecsearch.commit", "vecsearch.files", "vecsearch.lock", "vecsearch.garbage")

    def __init__(self, at: int) -> None:
        self.at, self.lines = at, 0

    def _trace(self, frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_globals.get("__name__") not in self.modules:
            return None
        if event == "line":
            self.lines += 1
            if self.lines - 1 == self.at:
                raise KeyboardInterrupt
        return self._trace

    @contextmanager
    def installed(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            yield
        finally:
            sys.settrace(before)


@pytest.mark.slow
@pytest.mark.parametrize("operation", [add, delete])
def test_at_whichever_line_ctrl_c_comes_the_index_is_as_before_or_after(base, tmp_path, operation):
    trials = Trials(base, tmp_path, operation, nothing)
    for number in count():
        interrupting = Interrupting(number)
        trials.run(interrupting.installed)
        if interrupting.lines <= number:
            break
    assert len(trials.errors) == number > 50


def test_a_cache_that_cannot_be_written_is_said_and_nothing_else_happens(base, tmp_path):
    shutil.copytree(base, tmp_path / "copy")
    with warnings.catch_warnings(record=True) as said, no_file_larger_than_the_cache():
        warnings.simplefilter("always")
        add(tmp_path / "copy")
    assert "vecsearch works without its cache" in str(said[0].message)
    assert verify_index(tmp_path / "copy" / "index").ok


@contextmanager
def no_file_larger_than_the_cache() -> Iterator[None]:
    """The cache's folder is a file."""
    folder = Path(os.environ["VECSEARCH_CACHE"])
    folder.rmdir()
    folder.write_bytes(b"")
    yield
    folder.unlink()
    folder.mkdir()
