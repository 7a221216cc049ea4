"""What a file is: by its first bytes where these are telling, else by its name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import made_files as made
from vecsearch.documents import Limits, RecordFields, load
from vecsearch.documents.formats import Format, format_of
from vecsearch.documents.loaders import is_isolated, loader_of
from vecsearch.documents.loading import documents_in
from vecsearch.documents.piece import Piece
from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document

ReadHere = Callable[..., list[Document | Failure]]


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.md", b"# One", Format.MARKDOWN),
        ("a.MD", b"# One", Format.MARKDOWN),
        ("README", b"One", Format.TEXT),
        ("a.unknown", b"One", Format.TEXT),
        ("a.py", b"x = 1", Format.CODE),
        ("a.csv", b"%PDF-1.7\n%\xff", Format.RECORDS),
        ("a.parquet", b"PAR1", Format.RECORDS),
        ("a.txt", b"%PDF-1.7\n%\xe2\xe3", Format.PDF),
        ("a.txt", b"%PDF-1.4\n1 0 obj\n", Format.PDF),
        ("a.txt", b"%PDF- is how such a file begins", Format.TEXT),
        ("a.pdf", b"%PDF-1.4\n", Format.PDF),
        ("a.txt", b"PK\x03\x04\x14\x00", Format.ZIP),
        ("a.txt", b"PK\x03\x04 begins a zip file", Format.TEXT),
        ("a.txt", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format.OLE),
        ("a", b"\x1f\x8b\x08", Format.COMPRESSED),
        ("a.txt", b"BZh91AY&SY\x00", Format.COMPRESSED),
        ("a.txt", b"BZh is bzip2", Format.TEXT),
        ("a", b"\0" * 257 + b"ustar", Format.TAR),
        ("a.doc", b"{\\rtf1", Format.RTF),
        ("a.doc", b"<html>", Format.HTML),
        ("a.doc", b"words", Format.TEXT),
        ("a.xml", b'<?xml version="1.0"?><rss>', Format.FEED),
        ("a.xml", b"<config/>", Format.TEXT),
        ("a.rss", b"words", Format.TEXT),
        ("a.html", b"<rss>", Format.HTML),
        ("a.eml", b"Subject: x", Format.MAIL),
        ("a.mbox", b"anything", Format.MAILBOX),
        ("Inbox", b"From a@b Fri May 31 2024\nSubject: x\n", Format.MAILBOX),
        ("a.txt", b"From a@b Fri May 31 2024\nSubject: x\n", Format.TEXT),
    ],
)
def test_the_kind_of_a_file(name: str, head: bytes, kind: Format) -> None:
    assert format_of(name, head) is kind


@pytest.mark.parametrize("kind", [kind for kind in Format if kind is not Format.OLE])
def test_every_format_has_a_loader_and_all_loaders_have_one_signature(kind: Format) -> None:
    (parameter,) = inspect.signature(loader_of(kind)).parameters.values()
    assert (parameter.name, parameter.annotation) == ("piece", "Piece")


def test_only_formats_of_text_and_rows_are_read_in_this_process() -> None:
    here = {"text", "code", "markdown", "rst", "asciidoc", "latex", "html", "notebook", "records"}
    assert {kind.value for kind in Format if not is_isolated(kind)} == here


def test_a_text_that_is_too_long_for_one_document_fails_before_it_is_read(read_here: ReadHere, tmp_path: Path) -> None:
    reason = "more than 1,000 characters of text, too long for one document: split it"
    for size in (1_001, 5_000):
        assert read_here("a.txt", "x" * size, text=1_000) == [Failure(str(tmp_path / "a.txt"), reason)]
    (document,) = read_here("a.txt", "é" * 1_000, text=1_000)
    assert isinstance(document, Document)


def test_a_huge_file_of_text_fails_and_a_huge_one_that_is_none_is_skipped(tmp_path: Path) -> None:
    for name, head, reason in (
        ("a.txt", b"words ", "more than 64,000,000 characters of text, too long for one document: split it"),
        ("a.bin", b"\x00\x01", "binary file"),
        ("a.eml", b"Subject: x\n", "3,000 MB, more than the 1,000 MB that can be read: split it"),
    ):
        path = tmp_path / name
        with path.open("wb") as file:
            file.write(head * 2_000)
            file.truncate(3_000_000_000)  # a hole, which takes no space on most disks
        (outcome,) = load(path, "id")
        assert isinstance(outcome, Failure)
        assert outcome.reason == reason


def test_a_table_is_text_unless_it_was_meant_to_hold_records(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("item,price\npen,3\n")
    (document,) = load(path, "id", expect_records=False)
    assert isinstance(document, Document)
    assert (document.id, document.text) == ("id", "item: pen | price: 3")
    with pytest.raises(InvalidDocument, match="no field '_id' or 'id'"):
        list(load(path, "id"))


def test_a_folder_under_the_name_of_a_file_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").mkdir()
    (failure,) = load(tmp_path / "a.pdf", "id")
    assert isinstance(failure, Failure)
    assert failure.reason


def test_a_file_that_vanishes_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"x")
    piece = Piece.of_path(path, "id", Limits(), RecordFields(), expect_records=False)
    path.unlink()
    found = list(documents_in(piece))
    assert found == [Failure(str(path), "no such file or directory")]


def test_a_damaged_package_fails_with_what_its_parser_says(read_here: ReadHere) -> None:
    for name, part in (("a.docx", "word/document.xml"), ("a.pptx", "ppt/presentation.xml")):
        (failure,) = read_here(name, made.zipped({"[Content_Types].xml": "<Types/>", f"{part}x": ""}))
        assert isinstance(failure, Failure)
        assert failure.reason == f"damaged: the part {part} is missing"
    (failure,) = read_here("a.docx", b"PK\x03\x04\x00")
    assert isinstance(failure, Failure)
    assert failure.reason == "damaged, or not what its name says: File is not a zip file"
