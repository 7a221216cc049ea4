"""Mail: a message (.eml) or a mailbox (.mbox) → a document for each message, and its attachments as pieces."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

from vecsearch.documents.charsets import NotText, decode
from vecsearch.documents.composing import Composer, clean, properties
from vecsearch.documents.limits import Exhausted
from vecsearch.documents.loaders.html import declared_encoding, parse_html
from vecsearch.documents.outcomes import Skip
from vecsearch.documents.piece import Piece, UniqueNames
from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document

_SHOWN = ("From", "To", "Cc", "Date")
_LONGEST_HEADER = 10_000  # characters that are parsed, some hundred addresses: parsing them takes quadratic time
_FROM = re.compile(rb"From .*\d{4}\s*$")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


def load_mail(piece: Piece) -> Iterator[Document | Failure | Piece]:
    """Yield the document of the message, then its attachments."""
    return _message(piece, "")


def _message(piece: Piece, place: str) -> Iterator[Document | Failure | Piece]:
    message = email.message_from_bytes(piece.data(), _class=EmailMessage, policy=_policy())
    if not message.keys():
        raise InvalidDocument("not a message: no headers in it")
    composer = Composer(piece.limits)
    if place:
        composer.place(place)
    add_headers(composer, _header(message, "Subject"), {name: _header(message, name) for name in _SHOWN})
    for part in _bodies(message):
        add_body(composer, _content(part), is_html=part.get_content_subtype() == "html")
    yield piece.document(composer.parsed(_properties(message)))
    yield from _attachments(message, piece)


def _policy() -> email.policy.EmailPolicy[EmailMessage]:
    """Return the rules for parsing: long headers are cut off, and those of forwarded messages are not rewritten."""
    parse = HeaderRegistry()
    return email.policy.default.clone(
        header_factory=lambda name, value: parse(name, value[:_LONGEST_HEADER]), refold_source="none"
    )


def load_mailbox(piece: Piece) -> Iterator[Document | Failure | Piece]:
    """Yield the documents and attachments of the mailbox, message by message."""
    with piece.open() as file:
        for number, data in enumerate(_messages(file), 1):
            piece.budget.spend_members(1, things="messages", advice="split the mailbox")
            inner = piece.inner(f"{number}.eml", data)
            try:
                yield from _message(inner, f"message {number}")
            except Exhausted:
                raise
            except InvalidDocument as error:
                yield Failure(inner.source, str(error))
            except RecursionError:
                yield Failure(inner.source, "nested too deep to read")


def add_headers(composer: Composer, subject: str, headers: dict[str, str]) -> None:
    """Add the subject as a heading, and a line for each header that is not empty."""
    composer.heading(subject, 1)
    composer.paragraph("\n".join(f"{name}: {value}" for name, value in headers.items() if value))


def add_body(composer: Composer, content: str, *, is_html: bool) -> None:
    """Add the body of a message."""
    if is_html:
        composer.take(parse_html(clean(content)), deeper=1)
    else:
        composer.paragraph(content)


def _messages(file: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of each message. A line "From …" at the start, or after an empty line, begins one."""
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
    """Yield the part that is the message itself; of several alternatives, the plain one."""
    body = message.get_body(("plain", "html"))
    if isinstance(body, EmailMessage):
        yield body


def _content(part: EmailMessage) -> str:
    """Return the text of a part, by the encoding that it declares, or the likeliest one where that is wrong."""
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
    names = UniqueNames()
    for part in message.iter_attachments():
        piece.budget.spend_members(1, things="messages and attachments", advice="split the mailbox")
        is_message = part.get_content_type() == "message/rfc822"
        name = names.unique(_filename(part) or ("message.eml" if is_message else ""))
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
    """Return the header's decoded value, its raw value where it is invalid, "" where it is missing."""
    try:
        value = str(message.get(name) or "")
    except Exception:  # the email package raises anything for invalid addresses
        value = next(str(raw)[:_LONGEST_HEADER] for key, raw in message.raw_items() if key.lower() == name.lower())
    return " ".join(clean(value).split())


def _properties(message: EmailMessage) -> dict[str, Any]:
    try:
        created = parsedate_to_datetime(_header(message, "Date")).date().isoformat()
    except (ValueError, OverflowError):  # not a date, or a zone or year that is out of range
        created = None
    common = properties(title=_header(message, "Subject"), author=_header(message, "From"), created=created)
    to = _header(message, "To")
    return {"type": "mail", **common, **({"to": to} if to else {})}
