"""Outlook's messages (.msg): subject, people, date, text and attachments. Sources: [MS-OXMSG], [MS-OXRTFCP]."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from vecsearch.documents.charsets import NotText, decode
from vecsearch.documents.composing import Composer, clean, properties
from vecsearch.documents.loaders.html import declared_encoding
from vecsearch.documents.loaders.mail import add_body, add_headers
from vecsearch.documents.loaders.rtf import rtf_text
from vecsearch.documents.piece import Piece, UniqueNames
from vecsearch.errors import InvalidDocument
from vecsearch.imports import require
from vecsearch.types import Document

if TYPE_CHECKING:
    from olefile import OleFileIO

_SUBJECT, _SENDER, _ADDRESS, _SMTP, _TO = "0037", "0C1A", "0C1F", "5D01", "0E04"  # ids of properties: [MS-OXPROPS]
_BODY, _HTML, _RTF = "1000", "10130102", "10090102"
_NAME, _SHORT_NAME, _CONTENT = "3707", "3704", "37010102"
_SENT, _RECEIVED = 0x0039_0040, 0x0E06_0040
_PROPERTIES, _ATTACHMENT = "__properties_version1.0", "__attach_version1.0_"
_HEADER, _PROPERTY = 32, struct.Struct("<IIQ")  # of the stream of fixed-size properties: tag, flags, value
_FIRST_DAY = date(1601, 1, 1)

# The initial dictionary for compressed RTF, from [MS-OXRTFCP] 2.1.3.1.1.
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096


def load_msg(piece: Piece) -> Iterator[Document | Piece]:
    """Yield the document of the message, then its attachments."""
    olefile = require("olefile", "documents", "reading Outlook's messages")
    with piece.open() as file, olefile.OleFileIO(file) as ole:
        message = _Storage(ole, "")
        composer = Composer(piece.limits)
        subject, sender = message.text(_SUBJECT), message.text(_SENDER)
        address = message.text(_SMTP) or message.text(_ADDRESS)
        if "@" in address and address != sender:
            sender = f"{sender} <{address}>".strip()
        created = message.date(_SENT) or message.date(_RECEIVED)
        add_headers(composer, subject, {"From": sender, "To": message.text(_TO), "Date": created or ""})
        _add_text(composer, message)
        metadata = properties(title=subject, author=sender, created=created)
        if to := message.text(_TO):
            metadata["to"] = to
        yield piece.document(composer.parsed(metadata))
        yield from _attachments(ole, piece)


class _Storage:
    """The properties of a message or an attachment: each is a stream, named by the property's id and type."""

    def __init__(self, ole: OleFileIO[Any], path: str) -> None:
        self._ole = ole
        self._path = path

    def data(self, name: str) -> bytes:
        """Return the bytes of a stream; b"" when it is missing."""
        path = f"{self._path}/{name}".lstrip("/")
        if not self._ole.exists(path):
            return b""
        with self._ole.openstream(path) as stream:
            data: bytes = stream.read()
            return data

    def text(self, name: str) -> str:
        """Return the text of a property: in UTF-16, in older files in an encoding that is not declared."""
        wide = self.data(f"__substg1.0_{name}001F").decode("utf-16-le", "replace")
        try:
            text = wide or decode(self.data(f"__substg1.0_{name}001E"))
        except NotText:
            return ""
        return clean(text.rstrip("\0"))

    def binary(self, name: str) -> bytes:
        """Return the bytes of a property."""
        return self.data(f"__substg1.0_{name}")

    def date(self, tag: int) -> str | None:
        """Return the date, in UTC, of a property that is a time."""
        fixed = self.data(_PROPERTIES)[_HEADER:]
        complete = len(fixed) // _PROPERTY.size * _PROPERTY.size
        values = {key: value for key, _, value in _PROPERTY.iter_unpack(fixed[:complete])}
        try:
            return (_FIRST_DAY + timedelta(microseconds=values[tag] // 10)).isoformat()
        except (KeyError, OverflowError):
            return None


def _add_text(composer: Composer, message: _Storage) -> None:
    """Add the body of the message: plain text, else HTML, else RTF."""
    plain, html, rich = message.text(_BODY), message.binary(_HTML), message.binary(_RTF)
    if plain.strip():
        add_body(composer, plain, is_html=False)
    elif html:
        add_body(composer, decode(html, declared_encoding(html)), is_html=True)
    elif rich:
        add_body(composer, rtf_text(decompressed(rich).decode("latin-1")), is_html=False)


def _attachments(ole: OleFileIO[Any], piece: Piece) -> Iterator[Piece]:
    names = UniqueNames()
    folders = dict.fromkeys(path[0] for path in ole.listdir() if path[0].startswith(_ATTACHMENT))
    for folder in folders:
        attachment = _Storage(ole, folder)
        data = attachment.binary(_CONTENT)
        if data:  # an attached message has properties instead of data, and is left out
            name = attachment.text(_NAME) or attachment.text(_SHORT_NAME)
            yield piece.inner(names.unique(" ".join(name.replace("\\", "/").split())), data)


def decompressed(data: bytes) -> bytes:
    """Return compressed RTF, decompressed. Raises InvalidDocument when it is damaged."""
    if len(data) < 16:
        raise InvalidDocument("damaged: its RTF text is cut off")
    kind, size = data[8:12], int.from_bytes(data[4:8], "little")
    if kind == b"MELA":
        return data[16 : 16 + size]
    if kind != b"LZFu":
        raise InvalidDocument(f"damaged: its RTF text has the unknown compression {kind!r}")
    text = bytearray(_DICTIONARY)
    for token in _tokens(data[16:]):
        if len(token) == 1:
            text += token
            continue
        reference = int.from_bytes(token, "big")
        back = (len(text) - (reference >> 4)) % _WINDOW
        if not 0 < back <= len(text):
            break  # a reference to its own position marks the end
        for _ in range((reference & 15) + 2):
            text.append(text[-back])
    return bytes(text[len(_DICTIONARY) :][:size])


def _tokens(data: bytes) -> Iterator[bytes]:
    """Yield literals of one byte, and references of two bytes; a byte before each eight tokens flags the references."""
    position = 0
    while position < len(data):
        flags = data[position]
        position += 1
        for bit in range(8):
            size = 1 + (flags >> bit & 1)
            token = data[position : position + size]
            if len(token) < size:
                return
            yield token
            position += size
