"""Mail: a message (.eml) or a mailbox of them (.mbox) -> a document for each, and what is attached as pieces."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

from vecsearch.documents.composing import Composer, clean
from vecsearch.documents.decoding import NotText, decode
from vecsearch.documents.html import declared_encoding, html_document
from vecsearch.documents.outcomes import Skip
from vecsearch.documents.pieces import Names, Piece
from vecsearch.documents.properties import properties
from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document

_SHOWN = ("From", "To", "Cc", "Date")
_LONGEST = 10_000  # characters of a header that are parsed, some hundred addresses: it takes the square of their number
_FROM = re.compile(rb"From .*\d{4}\s*$")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


def mail_documents(piece: Piece) -> Iterator[Document | Failure | Piece]:
    """The document of the message, and then its attachments."""
    return _message(piece, "")


def _message(piece: Piece, place: str) -> Iterator[Document | Failure | Piece]:
    message = email.message_from_bytes(piece.data(), _class=EmailMessage, policy=_policy())
    if not message.keys():
        raise InvalidDocument("not a message: it has no headers")
    composer = Composer(piece.limits)
    if place:
        composer.place(place)
    add_headers(composer, _header(message, "Subject"), {name: _header(message, name) for name in _SHOWN})
    for part in _bodies(message):
        add_body(composer, _content(part), is_html=part.get_content_subtype() == "html")
    yield composer.document(piece.id, piece.source, _properties(message))
    yield from _attachments(message, piece)


def _policy() -> email.policy.EmailPolicy[EmailMessage]:
    """How messages are parsed: no header beyond its first part, none written anew in a message that is forwarded."""
    parsed = HeaderRegistry()
    return email.policy.default.clone(
        header_factory=lambda name, value: parsed(name, value[:_LONGEST]), refold_source="none"
    )


def mailbox_documents(piece: Piece) -> Iterator[Document | Failure | Piece]:
    """What each message of the mailbox gives, in their order."""
    with piece.open() as file:
        for number, data in enumerate(_messages(file), 1):
            if number > piece.limits.members:
                raise InvalidDocument(f"more than {piece.limits.members:,} messages: split the mailbox")
            inner = piece.inner(f"{number}.eml", data)
            try:
                yield from _message(inner, f"message {number}")
            except InvalidDocument as error:
                yield Failure(inner.source, str(error))
            except RecursionError:
                yield Failure(inner.source, "nested too deep")


def add_headers(composer: Composer, subject: str, headers: dict[str, str]) -> None:
    """Add the subject as a heading and the headers that are not empty, a line each."""
    composer.heading(subject, 1)
    composer.paragraph("\n".join(f"{name}: {value}" for name, value in headers.items() if value))


def add_body(composer: Composer, content: str, *, is_html: bool) -> None:
    """Add what a message says."""
    if is_html:
        composer.take(html_document(clean(content), "", ""), deeper=1)
    else:
        composer.paragraph(content)


def _messages(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of each message: a line that begins with "From " after an empty one, or first, begins the next."""
    lines: list[bytes] = []
    after_break = True
    for line in file:
        if after_break and _FROM.match(line):
            if lines:
                yield _unquoted(lines)
            lines = []
        else:
            lines.append(line)
        after_break = not line.strip()
    if lines:
        yield _unquoted(lines)


def _unquoted(lines: list[bytes]) -> bytes:
    return _QUOTED_FROM.sub(rb"\1", b"".join(lines))


def _bodies(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that are the message itself: of the same in several forms the plain one."""
    found = message.get_body(("plain", "html"))
    if isinstance(found, EmailMessage):
        yield found


def _content(part: EmailMessage) -> str:
    """The text of a part, in the encoding that it names, or the likeliest one where that is wrong."""
    data = _payload(part)
    declared = part.get_content_charset() or (declared_encoding(data) if part.get_content_subtype() == "html" else None)
    try:
        return decode(data, declared)
    except NotText:
        return ""


def _payload(part: EmailMessage) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _attachments(message: EmailMessage, piece: Piece) -> Iterator[Failure | Piece]:
    names = Names()
    for part in message.iter_attachments():
        is_message = part.get_content_type() == "message/rfc822"
        name = names.new(_filename(part) or ("message.eml" if is_message else ""))
        data = _forwarded(part) if is_message else _payload(part)
        inner = piece.inner(name, data)
        yield inner if data else Skip(inner.source, "empty file")


def _forwarded(part: EmailMessage) -> bytes:
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else payload
    return inner.as_bytes() if isinstance(inner, EmailMessage) else b""


def _filename(part: EmailMessage) -> str:
    return " ".join(clean(part.get_filename() or "").replace("\\", "/").split())


def _header(message: EmailMessage, name: str) -> str:
    """The header's value as people read it, or as it stands where it is broken; "" when it is absent."""
    try:
        value = str(message.get(name) or "")
    except Exception:  # the email package raises anything for addresses that are none
        value = next(str(raw)[:_LONGEST] for key, raw in message.raw_items() if key.lower() == name.lower())
    return " ".join(clean(value).split())


def _properties(message: EmailMessage) -> dict[str, Any]:
    try:
        created = parsedate_to_datetime(_header(message, "Date")).date().isoformat()
    except (ValueError, OverflowError):  # no date, or a zone or year beyond what dates have
        created = None
    found = properties(title=_header(message, "Subject"), author=_header(message, "From"), created=created)
    to = _header(message, "To")
    return {"type": "mail", **found, **({"to": to} if to else {})}
