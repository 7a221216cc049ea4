"""What kind of file this is: by its first bytes where these are telling, else by its name. A name may lie."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import PurePosixPath

from vecsearch.documents.code import LANGUAGES


class Format(str, Enum):
    """A kind of file that there is a loader for; the value is the `type` of its documents."""

    TEXT = "text"
    CODE = "code"
    MARKDOWN = "markdown"
    RST = "rst"
    ASCIIDOC = "asciidoc"
    LATEX = "latex"
    HTML = "html"
    NOTEBOOK = "notebook"
    RECORDS = "records"
    PDF = "pdf"
    ZIP = "zip"  # an archive, or a package that only its parts tell
    OLE = "ole"  # the same of old Office
    DOCX = "docx"
    PPTX = "pptx"
    SHEETS = "sheets"
    ODF = "odf"
    EPUB = "epub"
    RTF = "rtf"
    MAIL = "mail"
    MAILBOX = "mailbox"
    MSG = "msg"
    FEED = "feed"
    TAR = "tar"
    COMPRESSED = "compressed"


_BY_SUFFIX = {
    Format.MARKDOWN: (".md", ".markdown", ".mdx"),
    Format.RST: (".rst",),
    Format.ASCIIDOC: (".adoc", ".asciidoc"),
    Format.LATEX: (".tex", ".latex", ".ltx"),
    Format.HTML: (".html", ".htm", ".xhtml"),
    Format.NOTEBOOK: (".ipynb",),
    Format.RECORDS: (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet"),
    Format.MAIL: (".eml", ".mht", ".mhtml"),
    Format.MAILBOX: (".mbox",),
    Format.CODE: tuple(LANGUAGES),
}
_FORMATS = {suffix: kind for kind, suffixes in _BY_SUFFIX.items() for suffix in suffixes}

# Formats that stay in this process: their loaders are ours, and take time and memory in proportion to the file.
TEXTS = frozenset(
    (
        Format.TEXT,
        Format.CODE,
        Format.MARKDOWN,
        Format.RST,
        Format.ASCIIDOC,
        Format.LATEX,
        Format.HTML,
        Format.NOTEBOOK,
    )
)

_OFFICE = (".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx")  # programs save web pages under such names
COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"(\xb5/\xfd": "zstd"}
_TAR_MARK = slice(257, 262)  # where each header of tar has the name of its form
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The first record of a workbook of Excel 97, followed by one that says how it is encrypted: [MS-XLS] 2.4.21, 2.4.117.
_LOCKED_WORKBOOK = re.compile(rb"\x09\x08\x10\x00\x00\x06\x05\x00.{12}\x2f\x00", re.DOTALL)
_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!doctype html|<html|<head|<table|<meta)", re.IGNORECASE)
_FEED = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:(?:<\?[^>]*>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[[^\]]*\]\s*)?>)\s*)*<(?:rss|feed|rdf:RDF)[\s/>]",
    re.DOTALL,
)
_FEEDS = (".xml", ".rss", ".atom", ".rdf", "")
_MAILBOX = re.compile(rb"From \S+.*\d{4}\r?\n[\w-]+: ")
_HEADERS = 2_000  # bytes within which the root element of a feed is


def format_of(name: str, head: bytes) -> Format:
    """The kind of a file of that name that begins with `head`."""
    suffix = PurePosixPath(name).suffix.lower()
    if _FORMATS.get(suffix) is Format.RECORDS:
        return Format.RECORDS
    if head.startswith(b"%PDF-") and (not head.isascii() or b" obj" in head or suffix == ".pdf"):
        return Format.PDF
    if head.startswith(b"PK\x03\x04") and _is_binary(head):
        return Format.ZIP
    if head.startswith(_OLE):
        return Format.OLE
    if head.startswith(tuple(COMPRESSED)) and _is_binary(head):
        return Format.COMPRESSED
    if is_tar(head):
        return Format.TAR
    if head.startswith(b"{\\rtf"):
        return Format.RTF
    return _format_of_text(suffix, head)


def is_tar(head: bytes) -> bool:
    """Whether these are the first bytes of a tar archive."""
    return head[_TAR_MARK] == b"ustar"


def _format_of_text(suffix: str, head: bytes) -> Format:
    if suffix in _FORMATS:
        return _FORMATS[suffix]
    if suffix in _FEEDS and _FEED.match(head[:_HEADERS]):
        return Format.FEED
    if suffix == "" and _MAILBOX.match(head):
        return Format.MAILBOX
    if suffix in _OFFICE and _PAGE.match(head):
        return Format.HTML
    return Format.TEXT


def _is_binary(head: bytes) -> bool:
    return b"\x00" in head or not head.isascii()


def format_of_package(parts: set[str], mimetype: bytes, suffix: str) -> Format | None:
    """The kind of a zip file with these parts; None for one that is neither a package we know nor called .zip."""
    if mimetype.startswith(b"application/epub"):
        return Format.EPUB
    if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return Format.SHEETS
    if mimetype.startswith((b"application/vnd.oasis.opendocument.text", b"application/vnd.oasis.opendocument.pres")):
        return Format.ODF
    if "[Content_Types].xml" in parts:
        for folder, kind in (("word/", Format.DOCX), ("ppt/", Format.PPTX), ("xl/", Format.SHEETS)):
            if any(part.startswith(folder) for part in parts):
                return kind
    return Format.ZIP if suffix == ".zip" else None


def format_of_ole(data: bytes, suffix: str) -> Format | None:
    """The kind of a file of old Office, by the names of the streams in it; None for those without a loader."""
    if _stream(b"__properties_version1.0", data):
        return Format.MSG
    return Format.SHEETS if _stream(b"Workbook", data) or _stream(b"Book", data) or suffix == ".xls" else None


def is_encrypted_office(data: bytes) -> bool:
    """Whether the file of old Office is a workbook with a password, or only holds a newer file that has one."""
    return _stream(b"EncryptedPackage", data) or _LOCKED_WORKBOOK.search(data) is not None


def _stream(name: bytes, data: bytes) -> bool:
    """Whether a stream has the name, which stands in the file in UTF-16."""
    return b"".join(bytes((char, 0)) for char in name) in data
