"""Whatever operation fails, wherever Ctrl-C comes: the index is as it was before or is after, never between."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.failing import Failing
from tests.helpers.trials import (
    CODES,
    OPERATIONS,
    Trials,
    add,
    change_files,
    compact,
    cut_rows,
    delete,
    from_export,
    make_base,
    nothing,
    remove_index,
    repair,
    sync,
)
from tests.helpers.writing import content_of
from vecsearch import Document, Index, verify_index

pytestmark = pytest.mark.filterwarnings("ignore:vecsearch works without its cache:RuntimeWarning")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        return make_base(tmp_path_factory.mktemp("base"))


def str_of(value: Any) -> str:
    return getattr(value, "__name__", str(value))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operation", "prepare", "code"),
    [(*pair, "disk") for pair in OPERATIONS]
    + [(*pair, "Ctrl-C") for pair in OPERATIONS if pair[0] in (sync, compact, from_export)],
    ids=str_of,
)
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


@pytest.mark.slow
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
    ids=str_of,
)
def test_a_disk_that_is_full_at_any_byte_leaves_the_index_as_before(base, tmp_path, operation, prepare):
    trials = Trials(base, tmp_path, operation, prepare)
    there, made = content_of(trials.start), content_of(trials.place)
    new = {len(content) for name, content in made.items() if content and there.get(name) != content}
    assert new
    tried = {0, 1, *(size - 1 for size in new), *(size // 2 for size in new)}
    for size in sorted(tried):
        trials.run(lambda size=size: no_file_larger_than(size))
    assert len(trials.errors) == len(tried), "with a byte less than the largest file needs nothing is written"


@pytest.mark.skipif(os.name == "nt", reason="no limit on the size of files here")
@pytest.mark.filterwarnings("ignore:vecsearch keeps no new vectors:RuntimeWarning")  # its disk is full, too
def test_a_disk_that_is_full_before_the_last_byte_of_the_vectors_leaves_no_cut_vectors(tmp_path):
    """FAISS's own files keep the end of what is written to themselves when it cannot be written."""
    index = Index.create(tmp_path / "index", model=CountingEncoder(dim=512))
    index.add([Document("before", "before")])
    documents = [Document(str(number), f"text {number}") for number in range(20)]
    vectors = 21 * 512 * 4  # bytes, more than any other file takes
    for missing in (1_000, 60, 1, 0):
        limit = vectors + 45 - missing  # 45: what FAISS writes before them
        with no_file_larger_than(limit) if missing else nullcontext():
            error = None
            try:
                index.add(documents)
            except OSError as raised:
                error = raised
        assert bool(error) == bool(missing)
        assert verify_index(index.path).problems == ()
        assert len(Index.open(index.path)) == (1 if missing else 21)


class Interrupting:
    """Raises what Ctrl-C does at line number `at` of those that are run in the modules that write.

    A line counts once for each function that has called it.
    """

    modules = ("vecsearch.storage.commit", "vecsearch.storage.lock", "vecsearch.storage.garbage")

    def __init__(self, at: int) -> None:
        self.at = at
        self.lines: set[tuple[object, ...]] = set()

    def _trace(self, frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_globals.get("__name__") not in self.modules:
            return None
        line = frame.f_code, frame.f_lineno, frame.f_back and frame.f_back.f_code
        if event == "line" and line not in self.lines:
            self.lines.add(line)
            if len(self.lines) == self.at:
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
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # between open() and `with`
def test_at_whichever_line_ctrl_c_comes_the_index_is_as_before_or_after(base, tmp_path):
    trials = Trials(base, tmp_path, add, nothing)
    for number in count(1):
        interrupting = Interrupting(number)
        trials.run(interrupting.installed)
        if len(interrupting.lines) < number:
            break
    assert len(trials.errors) == number - 1 > 30


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
