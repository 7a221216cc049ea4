"""Recognising a file's format: by its first bytes where they show it, otherwise by its name, which may be wrong."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import PurePosixPath


class Format(str, Enum):
    """The formats that can be read; the value is the `type` in the metadata of their documents."""

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
    ZIP = "zip"  # an archive; or a package, whose format only its parts show: see `format_of_package`
    OLE = "ole"  # an old Office file, whose format only its streams show: see `format_of_ole`
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


# fmt: off
LANGUAGES = {  # of source code, by the extension of its files
    ".py": "python", ".pyi": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".jsx": "javascript", ".ts": "typescript", ".tsx": "typescript", ".java": "java", ".kt": "kotlin", ".kts": "kotlin",
    ".scala": "scala", ".groovy": "groovy", ".c": "c", ".h": "c", ".cc": "c++", ".cpp": "c++", ".cxx": "c++",
    ".hpp": "c++", ".hh": "c++", ".cs": "c#", ".fs": "f#", ".vb": "visual basic", ".go": "go", ".rs": "rust",
    ".swift": "swift", ".m": "objective-c", ".mm": "objective-c", ".rb": "ruby", ".php": "php", ".pl": "perl",
    ".pm": "perl", ".lua": "lua", ".r": "r", ".jl": "julia", ".dart": "dart", ".ex": "elixir", ".exs": "elixir",
    ".erl": "erlang", ".hs": "haskell", ".ml": "ocaml", ".clj": "clojure", ".lisp": "lisp", ".el": "lisp",
    ".scm": "scheme", ".sh": "shell", ".bash": "shell", ".zsh": "shell", ".fish": "shell", ".ps1": "powershell",
    ".bat": "batch", ".sql": "sql", ".zig": "zig", ".nim": "nim", ".v": "verilog", ".vhd": "vhdl", ".tf": "terraform",
    ".proto": "protobuf", ".graphql": "graphql", ".css": "css", ".scss": "css", ".vue": "vue", ".svelte": "svelte",
}
# fmt: on

_SUFFIXES = {
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
_FORMAT_BY_SUFFIX = {suffix: kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes}

_OFFICE = (".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx")  # some programs save web pages under such names
COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"(\xb5/\xfd": "zstd"}
_TAR_MAGIC = slice(257, 262)  # where each tar header names its format
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The first record of an Excel 97 workbook, followed by a FilePass record, which encrypted ones have: [MS-XLS] 2.4.21,
# 2.4.117.
_LOCKED_WORKBOOK = re.compile(rb"\x09\x08\x10\x00\x00\x06\x05\x00.{12}\x2f\x00", re.DOTALL)
_WEB_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!doctype html|<html|<head|<table|<meta)", re.IGNORECASE)
# What may come before the root of an XML file, one part at a time; and the roots of feeds.
_BEFORE_ROOT = re.compile(rb"\s+|<\?[^>]*>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[[^\]]*\]\s*)?>", re.DOTALL)
_FEED_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF)[\s/>]")
_UTF8_MARK = b"\xef\xbb\xbf"
_FEED_SUFFIXES = (".xml", ".rss", ".atom", ".rdf", "")
_MAILBOX = re.compile(rb"From \S.*\d{4}\r?\n[\w-]+: ")
_FEED_WITHIN = 2_000  # bytes among which the root element of a feed must be


def format_of(name: str, head: bytes) -> Format:
    """Return the format of a file with this name that begins with `head`."""
    suffix = PurePosixPath(name).suffix.lower()
    if _FORMAT_BY_SUFFIX.get(suffix) is Format.RECORDS:
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
    return head[_TAR_MAGIC] == b"ustar"


def _format_of_text(suffix: str, head: bytes) -> Format:
    if suffix in _FORMAT_BY_SUFFIX:
        return _FORMAT_BY_SUFFIX[suffix]
    if suffix in _FEED_SUFFIXES and _is_feed(head[:_FEED_WITHIN]):
        return Format.FEED
    if suffix == "" and _MAILBOX.match(head):
        return Format.MAILBOX
    if suffix in _OFFICE and _WEB_PAGE.match(head):
        return Format.HTML
    return Format.TEXT


def _is_feed(head: bytes) -> bool:
    """Whether the root element of the XML is that of a feed."""
    position = len(_UTF8_MARK) if head.startswith(_UTF8_MARK) else 0
    while (part := _BEFORE_ROOT.match(head, position)) is not None:
        position = part.end()
    return _FEED_ROOT.match(head, position) is not None


def _is_binary(head: bytes) -> bool:
    return b"\x00" in head or not head.isascii()


def format_of_package(parts: set[str], mimetype: bytes, suffix: str) -> Format | None:
    """Return the format of a zip file with these parts; None for an unknown package that is not called .zip."""
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
    """Return the format of an old Office file, by the names of its streams; None for those without a loader."""
    if _has_stream(b"__properties_version1.0", data):
        return Format.MSG
    is_workbook = _has_stream(b"Workbook", data) or _has_stream(b"Book", data) or suffix == ".xls"
    return Format.SHEETS if is_workbook else None


def is_encrypted_office(data: bytes) -> bool:
    """Whether the old Office file is a workbook with a password, or the wrapper of a newer encrypted file."""
    return _has_stream(b"EncryptedPackage", data) or _LOCKED_WORKBOOK.search(data) is not None


def _has_stream(name: bytes, data: bytes) -> bool:
    """Whether a stream has this name, which the file stores in UTF-16."""
    return b"".join(bytes((char, 0)) for char in name) in data
