"""Mail: what a message says and in which encoding, what is attached to it, and which message of a mailbox it is."""

from __future__ import annotations

import email.message
import email.policy
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import made_files as made
from tests.helpers.samples import MAIL
from vecsearch.documents import Skip
from vecsearch.reports import Failure
from vecsearch.types import Document, Place

DocumentIn = Callable[[str, str | bytes], Document]
ReadHere = Callable[..., list[Document | Failure]]


def message(text: str = "Hello.", **headers: str) -> email.message.EmailMessage:
    found = email.message.EmailMessage(policy=email.policy.SMTP)
    for name, value in {"Subject": "A title", "From": "ada@example.org", **headers}.items():
        found[name] = value
    found.set_content(text)
    return found


def test_headers_and_text_are_read_in_their_encoding(document_in: DocumentIn) -> None:
    document = document_in("a.eml", MAIL)
    assert document.text == (
        "A tïtle\n\nFrom: Ada <ada@example.org>\nTo: Bob <bob@example.org>\nDate: Fri, 31 May 2024 23:00:00 +0000"
        "\n\nA needle in the hay.\nGrüße"
    ).replace("ï", "í")
    assert document.metadata == {
        "type": "mail",
        "title": "A títle",
        "author": "Ada <ada@example.org>",
        "created": "2024-05-31",
        "to": "Bob <bob@example.org>",
    }


def test_of_one_text_in_two_forms_the_plain_one_is_read(document_in: DocumentIn) -> None:
    both = message("plain")
    both.add_alternative("<p>page</p>", subtype="html")
    assert document_in("a.eml", both.as_bytes()).text.endswith("\n\nplain")


def test_a_page_alone_is_read_as_one(document_in: DocumentIn) -> None:
    page = message()
    page.set_content("<meta charset=utf-8><h1>One</h1><p>Grüße</p>", subtype="html", cte="8bit", charset="utf-8")
    document = document_in("a.mht", page.as_bytes())
    assert document.text.endswith("One\n\nGrüße")
    assert [(heading.level, heading.title) for heading in document.outline.headings] == [(1, "A title"), (2, "One")]


def test_what_is_attached_is_read_by_its_kind(read_here: ReadHere, tmp_path: Path) -> None:
    letter = message()
    letter.add_attachment(made.docx(made.paragraph("in Word")), maintype="x", subtype="y", filename="a.docx")
    letter.add_attachment(made.pdf(["in PDF"]), maintype="x", subtype="y", filename="dir\\b.pdf")
    letter.add_attachment(b"first", maintype="x", subtype="y", filename="same.txt")
    letter.add_attachment(b"second", maintype="x", subtype="y", filename="same.txt")
    letter.add_attachment(b"", maintype="x", subtype="y", filename="no.txt")
    letter.add_attachment(b"\x00\x01", maintype="x", subtype="y")
    letter.add_attachment(message("forwarded"))
    root, *found = read_here("a.eml", letter.as_bytes())
    assert isinstance(root, Document)
    names = [one.source.removeprefix(f"{tmp_path / 'a.eml'}!") for one in found if one.source]
    assert names == ["a.docx", "dir/b.pdf", "same.txt", "same (2).txt", "no.txt", "unnamed", "message.eml"]
    texts = [one.text if isinstance(one, Document) else one.reason for one in found]
    assert texts[:6] == ["in Word", "in PDF", "first", "second", "empty file", "binary file"]
    assert texts[6].endswith("forwarded")
    assert [one.id for one in found if isinstance(one, Document)][:2] == ["the-id!a.docx", "the-id!dir/b.pdf"]


def test_messages_in_messages_end(read_here: ReadHere) -> None:
    nested = message("deepest")
    for depth in range(10):
        outer = message(str(depth))
        outer.add_attachment(nested)
        nested = outer
    *read, last = read_here("a.eml", nested.as_bytes())
    assert all(isinstance(one, Document) for one in read)
    assert isinstance(last, Failure)
    assert last.reason == "inside more than 5 other files: unpack the outermost and index the folder"


@pytest.mark.parametrize(
    "headers",
    [
        "Subject: =?utf-8?b?////?=\nFrom: <<>>@@\nDate: never",
        "Subject: x\nTo: =?no-such?q?x?=, ,;:<\nContent-Type: text/plain; charset=no-such-thing",
        "Subject: x\nContent-Type: multipart/mixed",
        "Subject: x\nFrom: é@",
        "Subject: x\nFrom: ?=////?=?=@[\t",
        "Subject: x\nTo: .'<<@.=?':",
        'Subject: x\nContent-Type: text/plain; charset="utf-8\nContent-Transfer-Encoding: base64',
        "Subject: x\nContent-Type: ;;;\nContent-Disposition: attachment; filename*=utf-8''%ff%fe",
        'Subject: x\nFrom: "a\\" <\nMessage-ID: <\nContent-Type: multipart/mixed; boundary=b',
    ],
)
def test_broken_headers_are_no_end(read_here: ReadHere, headers: str) -> None:
    for outcome in read_here("a.eml", f"{headers}\n\n--b\n\ntext\n--b--\n"):
        assert isinstance(outcome, Document), outcome


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n", "Content-Type: message/rfc822\n\n"]
)
def test_parts_in_parts_without_end_fail_with_that_reason(read_here: ReadHere, part: str) -> None:
    (failure,) = read_here("a.eml", "Subject: x\n" + "".join(part.format(n) for n in range(3000)) + "\ntext\n")
    assert isinstance(failure, Failure)
    assert failure.reason == "nested too deep to read"


def test_bytes_that_are_no_text_are_left_out(document_in: DocumentIn) -> None:
    assert document_in("a.eml", b"Subject: A title\n\n\x00\x01\x02\x03").text == "A title"


def test_what_has_no_headers_is_no_message(read_here: ReadHere, tmp_path: Path) -> None:
    assert read_here("a.eml", "\njust words") == [Failure(str(tmp_path / "a.eml"), "not a message: no headers in it")]


def test_messages_of_a_mailbox_are_documents_at_their_places(read_here: ReadHere) -> None:
    box = (
        "From a@b Fri May 31 2024\nSubject: One\n\n>From here on\nFrom now on\n>>From\n\n"
        "From c@d Fri May 31 2024\r\nSubject: Two\r\n\r\ntwo\r\n\r\nFrom e Fri May 31 2024\n\n\n"
    )
    one, two, failure = read_here("a.mbox", box)
    assert isinstance(one, Document)
    assert isinstance(two, Document)
    assert one.text == "One\n\nFrom here on\nFrom now on\n>>From"
    assert (two.id, two.text, two.metadata["title"]) == ("the-id!2.eml", "Two\n\ntwo", "Two")
    assert two.outline.places == (Place(0, None, "message 2"),)
    assert isinstance(failure, Failure)
    assert failure.reason == "not a message: no headers in it"


def test_a_mailbox_is_known_by_its_first_line_where_it_has_no_extension(read_here: ReadHere) -> None:
    (document,) = read_here("Inbox", "From a@b Fri May 31 2024\nSubject: One\n\ntext\n")
    assert isinstance(document, Document)
    assert document.metadata["title"] == "One"
    (letter,) = read_here("letter", "From my window I see 2024\nDear Ada: hello\n")
    assert isinstance(letter, Document)
    assert letter.metadata["type"] in ("text", "mail")


def test_a_mailbox_of_too_many_messages_is_given_up(read_here: ReadHere) -> None:
    found = read_here("a.mbox", "From a Fri May 31 2024\nSubject: x\n\ny\n\n" * 5, members=3)
    assert [type(one) for one in found] == [Document, Document, Document, Failure]
    last = found[-1]
    assert isinstance(last, Failure)
    assert last.reason == "contains more than 3 messages: split the mailbox"


def test_an_empty_mailbox_is_skipped(read_here: ReadHere, tmp_path: Path) -> None:
    assert read_here("a.mbox", "") == [Skip(str(tmp_path / "a.mbox"), "empty file")]


@pytest.mark.slow
@pytest.mark.parametrize("data", ["<bob@example.org>", ".", '"'])
@pytest.mark.parametrize("name", ["To", "Content-Type", "Content-Disposition"])
def test_a_header_of_megabytes_is_no_end(document_in: DocumentIn, name: str, data: str) -> None:
    document = document_in("a.eml", f"Subject: One\n{name}: {data * (1_000_000 // len(data))}\n\ntext\n")
    assert document.metadata["title"] == "One"
    assert len(document.text) < 20_000


def test_a_forwarded_message_with_a_header_of_megabytes_is_read(read_here: ReadHere) -> None:
    forwarded = f"Subject: Inner\nTo: {'.' * 1_000_000}\n\nneedle\n"
    outer = "Subject: One\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"
    found = read_here("a.eml", f"{outer}Content-Type: message/rfc822\n\n{forwarded}\n--b--\n")
    assert [one.metadata["title"] for one in found if isinstance(one, Document)] == ["One", "Inner"]


@pytest.mark.parametrize("number", [10**9, 10**20])
@pytest.mark.parametrize("date", ["31 May {0} 10:00:00 +0000", "31 May 2024 10:00:00 +{0}", "{0} May 2024 10:00:00"])
def test_a_date_beyond_all_dates_is_left_out(document_in: DocumentIn, number: int, date: str) -> None:
    document = document_in("a.eml", f"Subject: One\nDate: {date.format(number)}\n\ntext\n")
    assert document.metadata == {"type": "mail", "title": "One"}
    assert document.text.endswith("\n\ntext")


def test_a_message_that_is_nested_too_deep_does_not_end_its_mailbox(read_here: ReadHere) -> None:
    deep = f"From a Fri May 31 2024\nSubject: x\nContent-Type: text/plain; a={'(' * 5000}\n\none\n\n"
    failure, document = read_here("a.mbox", f"{deep}From b Fri May 31 2024\nSubject: y\n\ntwo\n")
    assert isinstance(failure, Failure)
    assert failure.reason == "nested too deep to read"
    assert isinstance(document, Document)
    assert document.text == "y\n\ntwo"
