"""Outlook's messages: people, day, the text in each of its forms, and what is attached."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tests.helpers.made_files import SECTOR
from tests.helpers.samples import NEEDLE, msg
from vecsearch.documents.loaders.msg import decompressed
from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document

DocumentIn = Callable[[str, bytes], Document]
ReadHere = Callable[..., list[Document | Failure]]
HEAD = "A title\n\nFrom: Ada <ada@example.org>\nTo: Bob\nDate: 2024-10-06"


def packed(raw: bytes, *, kind: bytes = b"MELA") -> bytes:
    return struct.pack("<II4sI", len(raw) + 12, len(raw), kind, 0) + raw


def test_people_day_and_text_are_read(document_in: DocumentIn) -> None:
    document = document_in("a.msg", msg(**{"__substg1.0_1000001F": "Grüße\r\n€".encode("utf-16-le")}))
    assert document.text == f"{HEAD}\n\nGrüße\n€"
    assert document.metadata == {
        "type": "msg",
        "title": "A title",
        "author": "Ada <ada@example.org>",
        "created": "2024-10-06",
        "to": "Bob",
    }


@pytest.mark.parametrize(
    ("stream", "content"),
    [
        ("1000001E", "Grüße".encode("cp1252") + b" und mehr, damit es erkannt wird"),
        ("10130102", "<meta charset=utf-8><p>Grüße</p> und mehr, damit es erkannt wird".encode()),
        ("10090102", packed(rb"{\rtf1\ansi\ansicpg1252 Gr\'fc\'dfe\par und mehr, damit es erkannt wird}")),
    ],
)
def test_the_text_is_taken_from_the_form_that_there_is(document_in: DocumentIn, stream: str, content: bytes) -> None:
    document = document_in("a.msg", msg(**{f"__substg1.0_{stream}": content.ljust(SECTOR)}))
    assert " ".join(document.text.split()).endswith("Grüße und mehr, damit es erkannt wird")


def test_what_is_attached_is_read_and_a_name_that_lies_changes_nothing(read_here: ReadHere) -> None:
    folder = "__attach_version1.0_#0000000"
    data = msg(
        **{
            f"{folder}0/__substg1.0_3707001F": "dir\\a.md".encode("utf-16-le"),
            f"{folder}0/__substg1.0_37010102": b"# One".ljust(SECTOR),
            f"{folder}1/__substg1.0_3704001F": "b.txt".encode("utf-16-le"),
            f"{folder}1/__substg1.0_37010102": NEEDLE.encode().ljust(SECTOR),
            f"{folder}2/__substg1.0_3707001F": "a message".encode("utf-16-le"),
        }
    )
    root, one, two = read_here("notes.txt", data)
    assert isinstance(root, Document)
    assert isinstance(one, Document)
    assert isinstance(two, Document)
    assert root.text == HEAD
    assert (one.id, one.outline.headings[0].title) == ("the-id!dir/a.md", "One")
    assert (two.id, two.text.strip()) == ("the-id!b.txt", NEEDLE)


def test_a_text_that_is_packed_is_unpacked() -> None:
    """The example of [MS-OXRTFCP] 3.1.1."""
    data = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert decompressed(data) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_references_may_reach_into_what_they_write() -> None:
    """The example of [MS-OXRTFCP] 3.2.1."""
    data = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert decompressed(data) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_what_is_missing_or_no_text_is_left_out(document_in: DocumentIn) -> None:
    streams = {"__properties_version1.0": bytes(40), "__substg1.0_0E04001F": b"", "__substg1.0_0C1A001F": b""}
    odd = {"__substg1.0_0C1F001F": b"", "__substg1.0_1000001E": b"\x00\x01\x02".ljust(SECTOR, b"\x03")}
    document = document_in("a.msg", msg(**streams, **odd))
    assert (document.text, document.metadata) == ("A title", {"type": "msg", "title": "A title"})


def test_a_packed_text_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    data = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d")
    assert decompressed(data) == b"{\\rtf1 WXYZ"


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "cut off"), (b"x" * 15, "cut off"), (packed(b"x", kind=b"none"), "unknown compression")],
)
def test_a_packed_text_that_is_damaged_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidDocument, match=reason):
        decompressed(data)
