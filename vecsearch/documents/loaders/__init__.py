"""One file a format: each loader turns a Piece into documents. Start with the table below.

To add a format: a member of `Format` (formats.py says how a file is recognised), a loader here, a line in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple, TypeAlias, cast

from vecsearch.documents.formats import Format
from vecsearch.documents.piece import Piece
from vecsearch.reports import Failure
from vecsearch.types import Document

# A loader yields documents, files found inside this one, and failures or skips of single parts. It raises
# InvalidDocument or NotText when the whole file cannot be read; so may anything that a parser raises.
Loader: TypeAlias = Callable[[Piece], Iterator[Document | Failure | Piece]]


class _Entry(NamedTuple):
    module: str  # of this package; imported when the first such file is loaded
    function: str
    isolated: bool  # runs in a process that can be killed: its parser may hang, crash or exhaust memory


# fmt: off
_LOADERS = {
    Format.TEXT:       _Entry("text",     "load_text",       isolated=False),
    Format.CODE:       _Entry("code",     "load_code",       isolated=False),
    Format.MARKDOWN:   _Entry("markdown", "load_markdown",   isolated=False),
    Format.RST:        _Entry("rst",      "load_rst",        isolated=False),
    Format.ASCIIDOC:   _Entry("asciidoc", "load_asciidoc",   isolated=False),
    Format.LATEX:      _Entry("latex",    "load_latex",      isolated=False),
    Format.HTML:       _Entry("html",     "load_html",       isolated=False),
    Format.NOTEBOOK:   _Entry("notebook", "load_notebook",   isolated=False),
    Format.RECORDS:    _Entry("tables",   "load_rows",       isolated=False),
    Format.PDF:        _Entry("pdf",      "load_pdf",        isolated=True),
    Format.ZIP:        _Entry("archives", "load_zip",        isolated=True),
    Format.DOCX:       _Entry("docx",     "load_docx",       isolated=True),
    Format.PPTX:       _Entry("pptx",     "load_pptx",       isolated=True),
    Format.SHEETS:     _Entry("sheets",   "load_sheets",     isolated=True),
    Format.ODF:        _Entry("odf",      "load_odf",        isolated=True),
    Format.EPUB:       _Entry("epub",     "load_epub",       isolated=True),
    Format.RTF:        _Entry("rtf",      "load_rtf",        isolated=True),
    Format.MAIL:       _Entry("mail",     "load_mail",       isolated=True),
    Format.MAILBOX:    _Entry("mail",     "load_mailbox",    isolated=True),
    Format.MSG:        _Entry("msg",      "load_msg",        isolated=True),
    Format.FEED:       _Entry("feeds",    "load_feed",       isolated=True),
    Format.TAR:        _Entry("archives", "load_tar",        isolated=True),
    Format.COMPRESSED: _Entry("archives", "load_compressed", isolated=True),
}
# fmt: on


def loader_of(kind: Format) -> Loader:
    """Return the loader of a format."""
    entry = _LOADERS[kind]
    return cast(Loader, getattr(import_module(f"{__name__}.{entry.module}"), entry.function))


def is_isolated(kind: Format) -> bool:
    """Whether files of this format are read in a process of their own.

    The other loaders are ours, and take time and memory in proportion to the file.
    """
    return kind not in _LOADERS or _LOADERS[kind].isolated  # OLE has no loader: see `loading.specific_format`
