"""The process that reads a file: it ends with its parent, keeps to its limits, and one file never ends a run."""

from __future__ import annotations

import io
import signal
import sys
import tarfile
from pathlib import Path

import pytest

from tests.helpers import made_files as made
from tests.helpers.orphans import ends, is_busy, start_parent
from vecsearch.documents import Limits, Reader, load
from vecsearch.documents import reader as module
from vecsearch.documents.formats import format_of
from vecsearch.documents.loading import is_foreign
from vecsearch.documents.piece import Piece
from vecsearch.documents.records import RecordFields
from vecsearch.reports import Failure
from vecsearch.types import Document

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
DEEP = "<div>" * 400_000  # takes the parser minutes
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL) if sys.platform != "win32" else ()

_SPINNING = "\nfrom vecsearch.documents import worker\ndef _spin(*_):\n    while True: pass\nworker._load = _spin\n"
_UNTIED = "worker.end_with = lambda parent: None\n"  # as on systems that do not end a child with its parent
BUSY = {
    "in a parser": "main(parent)",
    "in Python": f"{_SPINNING}main(parent)",
    "in Python, where the system does not help": f"{_SPINNING}{_UNTIED}main(parent)",
}


@linux
@pytest.mark.parametrize("death", SIGNALS, ids=lambda death: death.name)
@pytest.mark.parametrize("busy", BUSY)
def test_cannot_keep_a_process_that_its_reader_has_left(busy: str, death: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(DEEP)
    parent, child = start_parent(path, BUSY[busy])
    with parent:
        try:
            assert is_busy(child)
        finally:
            parent.send_signal(death)
        parent.wait()
    assert ends(child)


@linux
def test_cannot_keep_a_process_whose_reader_was_gone_before_it_began(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(DEEP)
    parent, child = start_parent(path, "import time; time.sleep(1.5); main(parent)")
    with parent:
        parent.kill()
        parent.wait()
    assert ends(child)


_ALONE = """
import queue, sys
from vecsearch.documents import restraint, worker
restraint._GRACE = -57
worker.end_with = lambda parent: None
requests = queue.SimpleQueue()
worker.requests_until_end = lambda parent: requests
requests.put(sys.stdin.buffer.readline())
main(parent)
"""


@linux
@pytest.mark.slow
def test_cannot_keep_a_processor_when_nothing_else_stops_it(tmp_path: Path) -> None:
    """A parser that never lets Python run, in a process whose parent is gone and whose system does not help."""
    path = tmp_path / "a.html"
    path.write_text(DEEP)
    parent, child = start_parent(path, _ALONE)
    with parent:
        assert is_busy(child)
        parent.kill()
        parent.wait()
    assert ends(child, 60)


@pytest.mark.parametrize("name", ["a.md", "a.rst", "a.adoc", "a.tex", "a.html", "a.py", "a.ipynb", "a.csv", "a.jsonl"])
def test_cannot_take_the_time_of_the_run_by_its_size(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("x " * 20_000)
    piece = Piece.of_path(path, "x", Limits(), RecordFields(), expect_records=False)
    assert is_foreign(piece, format_of(name, piece.head))


@pytest.mark.parametrize("name", ["a.md", "a.py", "a.csv", "a.jsonl", "a.parquet", "a.docx"])
def test_cannot_take_longer_than_a_file_may(name: str, tmp_path: Path) -> None:
    """Whatever hangs: the loader is replaced by one that never returns."""
    path = tmp_path / name
    path.write_bytes(made.docx(made.paragraph("x")) if name == "a.docx" else b"x " * 20_000)
    good = tmp_path / "good.zip"
    good.write_bytes(made.zipped({"a.txt": "fine"}))
    before = module._CODE
    with Reader(Limits(seconds=2)) as reader:
        try:
            module._CODE = before.replace("main(parent)", "") + f"{_SPINNING}main(parent)"
            (failure,) = load(path, "x", None, reader)
        finally:
            module._CODE = before
        assert failure == Failure(str(path), "takes more than 2 seconds to read: stopped")
        reader.limits = Limits()
        (document,) = load(good, "x", None, reader)
        assert isinstance(document, Document)


def _mailbox(messages: int, text: str = "y") -> bytes:
    return f"From a Fri May 31 2024\nSubject: x\n\n{text}\n\n".encode() * messages


def _tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _letter(attachments: int) -> bytes:
    part = b"--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nx\n"
    return b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n" + part * attachments + b"--b--\n"


CONTAINERS = {
    "messages": ("a.mbox", lambda: _mailbox(300)),
    "messages that are broken": ("a.mbox", lambda: b"From a Fri May 31 2024\n\nno header\n\n" * 300),
    "attachments": ("a.eml", lambda: _letter(300)),
    "files": ("a.zip", lambda: made.zipped({f"{n}.txt": "x" for n in range(300)})),
    "empty files": ("a.tar", lambda: _tar({f"{n}.txt": b"" for n in range(300)})),
    "archives of files": (
        "a.zip",
        lambda: made.zipped({f"{n}.zip": made.zipped({f"{m}.txt": "x" for m in range(20)}) for n in range(15)}),
    ),
    "mailboxes in archives": ("a.tar", lambda: _tar({f"{n}.mbox": _mailbox(20) for n in range(15)})),
}


@pytest.mark.parametrize("what", CONTAINERS)
def test_cannot_hold_more_files_than_a_container_may(what: str, tmp_path: Path) -> None:
    """Counted over everything inside, and reported once."""
    name, content = CONTAINERS[what]
    path = tmp_path / name
    path.write_bytes(content())
    with Reader(Limits(members=100)) as reader:
        found = list(load(path, "x", None, reader))
        assert sum(isinstance(one, Document) for one in found) <= 101
        exhausted = [one for one in found if isinstance(one, Failure) and "contains more than 100 " in one.reason]
        assert len(exhausted) == 1
        assert found[-1] is exhausted[0]
        assert exhausted[0].source == str(path)


def test_cannot_unpack_more_in_many_archives_than_in_one(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(made.zipped({f"{n}.zip": made.zipped({"a.txt": "a" * 700_000}) for n in range(50)}))
    with Reader(Limits(always=2_000_000, ratio=1)) as reader:
        *_, last = found = list(load(path, "x", None, reader))
    assert sum(isinstance(one, Failure) for one in found) == 1
    assert last == Failure(str(path), "unpacks to more than 2,000,000 bytes: unpack it and index the folder")


@pytest.mark.parametrize("what", ["messages", "files", "archives of files"])
def test_cannot_take_a_little_time_for_each_of_too_many_parts(what: str, tmp_path: Path) -> None:
    name, content = CONTAINERS[what]
    path = tmp_path / name
    path.write_bytes(content())
    with Reader(Limits(seconds_in_all=0.001)) as reader:
        *rest, last = load(path, "x", None, reader)
        assert isinstance(last, Failure)
        assert last.source == str(path)
        assert last.reason.startswith("takes more than 0.001 seconds of processor time with all that is in it: ")
        assert len(rest) < 300
        reader.limits = Limits()
        assert sum(isinstance(one, Document) for one in load(path, "x", None, reader)) == 300
