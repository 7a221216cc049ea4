"""A long sync that is killed, or runs out of disk, and is started again: nothing is lost and nothing is paid twice."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import vecsearch.ingest.run
import vecsearch.models.capabilities
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.states import answers
from tests.helpers.writer import say, started
from tests.helpers.writing import write
from vecsearch import Document, Index
from vecsearch.cli.main import run
from vecsearch.types import FloatArray, Role

SLICE = 4  # texts that are encoded between two writes to the cache
FILES = 120
HOUSE = Path(__file__).parents[2]


class SayingEncoder(CountingEncoder):
    """Says each text before it is encoded."""

    def __init__(self, pipe: Any) -> None:
        super().__init__()
        self._pipe = pipe

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        for text in texts:
            say(self._pipe, text)
        return super().encode(texts, role)


@contextmanager
def small_steps() -> Iterator[None]:
    """A commit after a few documents, so that a short run is a long one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vecsearch.models.capabilities, "_PART", SLICE)
        patch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 6)
        patch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 12)
        yield


def sync(place: Path, pipe: Any) -> None:
    """What the other process does."""
    with small_steps():
        report = Index.open(place / "index", model=SayingEncoder(pipe)).sync(place / "notes")
    say(pipe, f"done {report.added}")


def make_files(folder: Path) -> None:
    for number in range(FILES):
        write(folder / f"{number}.txt", f"the file number {number} says {number * number}")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_a_sync_that_is_killed_again_and_again_encodes_nothing_twice_and_ends_as_if_undisturbed(tmp_path: Path) -> None:
    chance = random.Random(2)
    make_files(tmp_path / "notes")
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    encoded: Counter[str] = Counter()
    held, kills, done = [0], 0, False
    while not done:
        process, pipe = started(sync, tmp_path)
        kill_after = chance.randrange(1, 30)
        with os.fdopen(os.dup(pipe.fileno()), "r") as output:
            for number, line in enumerate(output, 1):
                if line.startswith("done"):
                    done = True
                    continue
                encoded[line] += 1
                if number == kill_after:
                    os.kill(process.pid, signal.SIGKILL)
                    kills += 1
        process.join()
        pipe.close()
        index.refresh()
        held.append(len(index))
        assert index.verify().ok
    assert kills >= 3
    assert held == sorted(held), "what was committed stays"
    assert 0 < held[-2] < FILES, "a killed run leaves what it has committed"
    assert len(encoded) == FILES
    assert encoded.total() - FILES <= SLICE * kills, "at most the slice that was under way"
    fresh = Index.create(tmp_path / "fresh", model=CountingEncoder())
    fresh.sync(tmp_path / "notes")
    assert answers(index) == answers(fresh)
    again = CountingEncoder()
    report = Index.open(tmp_path / "index", model=again).sync(tmp_path / "notes")
    assert (report.unchanged, report.added, again.encoded) == (FILES, 0, [])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:vecsearch found a damaged cache:RuntimeWarning")  # its file was cut, too
def test_a_disk_that_fills_up_in_a_long_sync_keeps_what_is_committed_and_the_rerun_goes_on(
    tmp_path: Path,
) -> None:
    resource = pytest.importorskip("resource", reason="no limit on the size of files here")
    make_files(tmp_path / "notes")
    encoder = CountingEncoder()
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document("before", "before")])
    documents = [
        Document(f"d{number}", f"{number} " * (5_000 if number == FILES else 5)) for number in range(2 * FILES)
    ]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with small_steps():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        try:
            with (
                pytest.warns(RuntimeWarning, match="keeps no new vectors in its cache"),
                pytest.raises(OSError, match=r"File too large.*index"),
            ):
                index.add(documents)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        index.refresh()
        kept = len(index)
        assert index.verify().ok
        assert 1 < kept < 2 * FILES
        assert index.verify().leftovers == ()
        report = index.add(documents)
    assert report.added + report.unchanged == 2 * FILES
    assert report.unchanged > 0


READ_ONLY = """
import ctypes, os, sys
if os.geteuid() == 0:  # the superuser writes everywhere, until it has given up that capability
    class Header(ctypes.Structure):
        _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(ctypes.byref(Header(0x20080522, 0)), nothing):
        sys.exit(77)
from vecsearch.cli.main import run
from vecsearch import Index, Document
from tests.helpers.counting import CountingEncoder
index = Index.open(sys.argv[1], model=CountingEncoder())
print(len(index), len(index.search("text", k=3)))
for write in (lambda: index.add([Document("new", "new")]), lambda: index.delete(["d1"]), index.compact):
    try:
        write()
    except PermissionError as error:
        print("refused:", error.strerror, error.filename)
print("status", run(["delete", "d1", "-i", sys.argv[1]]), run(["verify", "-i", sys.argv[1]]))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="permissions are another matter here")
def test_a_read_only_index_answers_and_refuses_to_be_written(tmp_path: Path, cache_folder: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    index.add(Document(f"d{number}", f"text {number}") for number in range(5))
    before = answers(index)
    folders = [index.path, *(path for path in index.path.rglob("*") if path.is_dir())]
    (index.path / "writer.lock").chmod(0o400)
    for folder in folders:
        folder.chmod(0o500)
    try:
        environment = {**os.environ, "PYTHONPATH": str(HOUSE)}
        ended = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(index.path)], capture_output=True, text=True, env=environment
        )
    finally:
        for folder in folders:
            folder.chmod(stat.S_IRWXU)
    if ended.returncode == 77:
        pytest.skip("the superuser could not give up its capabilities")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0] == "5 3"
    assert lines[1:4] == [f"refused: Permission denied {index.path / 'writer.lock'}"] * 3
    assert lines[-1] == "status 1 0"
    assert f"Permission denied: {index.path / 'writer.lock'}" in ended.stderr
    assert answers(Index.open(index.path)) == before


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "notes").mkdir()
    assert run(["index", str(tmp_path / "notes"), "-i", str(tmp_path / "file" / "index")]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "Not a directory" in line
    assert str(tmp_path / "file") in line
