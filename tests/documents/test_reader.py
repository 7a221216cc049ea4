"""The process that reads foreign formats: used again, killed when it takes too long, and never the end of the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import made_files as made
from tests.helpers.samples import NEEDLE
from vecsearch.documents import Limits, Reader, RecordFields, Skip, load
from vecsearch.documents import reader as reader_module
from vecsearch.documents.record_places import record_outline
from vecsearch.documents.worker import answer_of, request_line
from vecsearch.errors import InvalidOption
from vecsearch.reports import Failure
from vecsearch.types import Document, Heading, Outline, Place, Span

GOOD = made.docx(made.paragraph(NEEDLE))
DEEP = "<div>" * 100_000 + "x"  # takes the parser seconds


def texts(path: Path, reader: Reader) -> list[str]:
    """The texts of the documents, and the reasons where there is none."""
    found = load(path, "id", None, reader)
    return [one.text if isinstance(one, Document) else one.reason for one in found]


def write(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def process_of(reader: Reader) -> int:
    process = reader._process
    assert process is not None
    return process.pid


def test_no_process_is_started_for_texts(tmp_path: Path) -> None:
    with Reader() as reader:
        for name in ("a.md", "a.html", "a.py", "a.csv", "a.ipynb"):
            list(load(write(tmp_path, name, "id,text\n1,x\n"), "id", None, reader))
        assert reader._process is None


def test_one_process_reads_many_files_and_ends_with_its_reader(tmp_path: Path) -> None:
    path = write(tmp_path, "a.docx", GOOD)
    with Reader() as reader:
        assert texts(path, reader) == [NEEDLE]
        process = reader._process
        assert texts(path, reader) == [NEEDLE]
        assert reader._process is process
    assert process is not None
    assert process.poll() is not None
    reader.close()  # twice does no harm


def test_without_a_reader_a_file_is_read_all_the_same(tmp_path: Path) -> None:
    (document,) = load(write(tmp_path, "a.docx", GOOD), "id")
    assert isinstance(document, Document)
    assert document.text == NEEDLE


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_is_read(tmp_path: Path) -> None:
    with Reader(Limits(seconds=0.5)) as hasty:
        found = list(load(write(tmp_path, "a.html", DEEP), "id", None, hasty))
        assert found == [Failure(str(tmp_path / "a.html"), "takes more than 0.5 seconds to read: stopped")]
        hasty.limits = Limits()
        assert texts(write(tmp_path, "a.docx", GOOD), hasty) == [NEEDLE]


def test_a_process_that_is_killed_between_files_is_started_anew(tmp_path: Path) -> None:
    path = write(tmp_path, "a.docx", GOOD)
    with Reader() as reader:
        assert texts(path, reader) == [NEEDLE]
        first = reader._process
        assert first is not None
        first.kill()
        first.wait()
        assert texts(path, reader) == [NEEDLE]
        assert process_of(reader) != first.pid


def test_a_process_that_dies_over_a_file_fails_that_file_only(tmp_path: Path) -> None:
    path = write(tmp_path, "a.zip", made.zipped({f"{n}.txt": NEEDLE for n in range(5000)}))
    with Reader() as reader:
        found = load(path, "id", None, reader)
        assert isinstance(next(found), Document)
        process = reader._process
        assert process is not None
        process.kill()
        *_, last = found
        assert isinstance(last, Failure)
        assert last.reason.startswith("the process that read it crashed (exit status ")
        assert texts(write(tmp_path, "a.docx", GOOD), reader) == [NEEDLE]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a limit on memory")
def test_a_file_that_takes_too_much_memory_fails_with_that_reason(tmp_path: Path) -> None:
    corners = made.xlsx({"S": [["a"]]})
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    bomb = made.repacked(corners, {"xl/worksheets/sheet1.xml": made.SHEET.format(rows)})
    with Reader() as reader:
        (reason,) = texts(write(tmp_path, "a.xlsx", bomb), reader)
        assert reason.startswith(
            ("the process that read it crashed", "needs more than 4,000 MB of memory to read: split it")
        )
        assert texts(write(tmp_path, "a.docx", GOOD), reader) == [NEEDLE]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("nonsense", "Expecting value"),
        ("[]", "list without the fields of an answer"),
        ('{"text": 1}', "dict without the fields of an answer"),
        ('{"id": "", "text": "", "source": "", "metadata": {}, "headings": [1]}', "invalid outline: "),
        ('{"id": "", "text": "", "source": "", "metadata": {}}', "invalid outline: 'headings'"),
    ],
)
def test_a_process_that_says_anything_else_fails_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, said: str
) -> None:
    """As one might that a file has taken over."""
    path = write(tmp_path, "a.docx", GOOD)
    monkeypatch.setattr(reader_module, "_CODE", f"input(); print({answer!r}, flush=True); input()")
    with Reader() as reader:
        (reason,) = texts(path, reader)
        assert reason.startswith(f"the process that reads it sent an invalid answer: {said}")
        monkeypatch.undo()
        assert texts(path, reader) == [NEEDLE]


def test_a_process_that_cannot_be_started_fails_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_module, "_CODE", "raise SystemExit(3)")
    (failure,) = load(write(tmp_path, "a.docx", GOOD), "id")
    assert failure == Failure(
        str(tmp_path / "a.docx"), "the process that read it crashed (exit status 3): the file may be damaged"
    )


def test_an_iterator_that_is_given_up_leaves_nothing_for_the_next_file(tmp_path: Path) -> None:
    many = write(tmp_path, "a.zip", made.zipped({f"{n}.txt": "other" for n in range(100)}))
    with Reader() as reader:
        found = load(many, "id", None, reader)
        next(found)
        found.close()  # type: ignore[attr-defined]
        assert texts(write(tmp_path, "a.docx", GOOD), reader) == [NEEDLE]


def test_everything_a_document_says_comes_through(tmp_path: Path) -> None:
    page = made.docx(made.paragraph("One", "H2") + made.word_table([["a"]]) + "<w:p/>", styles=made.STYLES)
    (document,) = load(write(tmp_path, "Größe 😀.docx", page), "an id", None)
    assert document == Document(
        "an id",
        "One\n\na",
        {"type": "docx", **made.PROPERTIES},
        str(tmp_path / "Größe 😀.docx"),
        Outline((Heading(0, 2, "One"),), (Span(5, 6),)),
    )
    (slides,) = load(write(tmp_path, "a.pptx", made.pptx([made.shape("x")])), "id")
    assert isinstance(slides, Document)
    assert slides.outline.places == (Place(0, None, "slide 1"),)


def test_records_in_archives_have_the_fields_that_were_named(tmp_path: Path) -> None:
    path = write(tmp_path, "a.zip", made.zipped({"a.jsonl": '{"key": 7, "body": "b", "year": 1}'}))
    (document,) = load(path, "id", RecordFields(id="key", text="body"))
    assert document == Document("7", "b", {"year": 1}, f"{path}!a.jsonl", record_outline(1, 1))


def test_skips_and_failures_come_through_as_what_they_are(tmp_path: Path) -> None:
    path = write(tmp_path, "a.zip", made.zipped({"a.png": b"\x89PNG\r\n\x1a\n\0", "b.docx": "PK\x03\x04\0"}))
    skip, failure = load(path, "id")
    assert skip == Skip(f"{path}!a.png", "binary file (PNG)")
    assert type(failure) is Failure
    assert failure.reason.startswith("damaged, or not what its name says: ")


def test_a_file_that_is_gone_before_it_is_read_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with Reader() as reader:
        found = list(reader.load(path, "id", RecordFields(), expect_records=False))
    assert found == [Failure(str(path), "no such file or directory")]


def test_nothing_is_imported_from_the_folder_that_is_indexed(tmp_path: Path) -> None:
    """A file there may have the name of any module."""
    for name in ("json.py", "sitecustomize.py", "vecsearch.py", "zipfile.py"):
        write(tmp_path, name, "raise SystemExit('taken over')")
    path = write(tmp_path, "a.docx", GOOD)
    program = (
        "import sys; sys.path[:] = sys.argv[2:]\n"
        "from pathlib import Path\nfrom vecsearch.documents import load\n"
        "print(next(load(Path(sys.argv[1]), 'id')).text)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), *filter(None, sys.path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    assert done.stdout.strip() == NEEDLE, done.stderr


def test_what_a_library_prints_is_no_answer(tmp_path: Path) -> None:
    """striprtf's and others' words on standard output would end up among the documents."""
    program = (
        "import sys, os; sys.path[:] = sys.argv[1:]\n"
        "from vecsearch.documents import worker\n"
        "answers = worker._private_output()\nprint('noise', flush=True)\nos.write(1, b'more noise')\n"
        "answers.write(b'answer'); answers.flush()"
    )
    done = subprocess.run([sys.executable, "-c", program, *filter(None, sys.path)], capture_output=True)
    assert done.stdout == b"answer"
    assert b"noise" in done.stderr


@pytest.mark.parametrize("name", Limits.__slots__)
def test_a_limit_that_nothing_can_keep_is_refused(name: str) -> None:
    with pytest.raises(InvalidOption, match=rf"^the limit {name} is 0; expected more than 0$"):
        Limits(**{name: 0})


def answers_of(program: str, request: bytes) -> subprocess.CompletedProcess[bytes]:
    """What a worker says and how it ends, when nobody waits for it."""
    program = f"import os, sys; sys.path[:] = sys.argv[1:]; {program}"
    command = [sys.executable, "-c", program, *sys.path]
    return subprocess.run(command, input=request, capture_output=True, timeout=60)


def test_a_worker_ends_when_there_are_no_more_requests(tmp_path: Path) -> None:
    path = write(tmp_path, "a.docx", GOOD)
    request = request_line(path, "id", RecordFields(), Limits(), expect_records=True)
    done = answers_of("from vecsearch.documents.worker import main; main(os.getppid())", request * 2)
    assert done.returncode == 0
    first, end, *again = done.stdout.splitlines()
    document = answer_of(first)
    assert isinstance(document, Document)
    assert (document.text, answer_of(end)) == (NEEDLE, None)
    assert again == [first, end]


def test_a_worker_that_nobody_kills_ends_itself(tmp_path: Path) -> None:
    """As when the process that waited for it is gone."""
    path = write(tmp_path, "a.html", DEEP)
    request = request_line(path, "id", RecordFields(), Limits(seconds=0.1), expect_records=True)
    done = answers_of(
        "from vecsearch.documents import restraint, worker; restraint._GRACE = 0.1; worker.main(os.getppid())", request
    )
    assert (done.returncode, done.stdout) == (-signal.SIGXCPU, b"")
