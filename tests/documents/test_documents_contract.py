"""What every loader owes, whatever the format: valid outlines, right ids, and no exceptions."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.checking import check_document
from vecsearch.documents import Skip, load
from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document, Outline

Read = Callable[..., list[Document | Failure]]

# Pieces that mean something in one format or another, so that random texts reach the parsers' corners.
MARKUP = [
    "# ",
    "==",
    "\n",
    "\r\n",
    "\n\n",
    "---\n",
    "```\n",
    "| a | b |\n",
    "|---|---|\n",
    "> ",
    "- ",
    "    x\n",
    "::\n\n",
]
MARKUP += [
    ".. code-block:: py\n\n",
    "+--+\n",
    "== ==\n",
    "<h1>",
    "</h1>",
    "<pre>",
    "</pre>",
    "<table><tr><td>",
    "</table>",
]
MARKUP += ["<title>", "<!--", "<br>", "&amp;", "é", "\U0001f600", '{"_id": 1, "text": "x"}\n', '"', ",", "id,text\n"]
TEXTS = st.lists(st.sampled_from(MARKUP) | st.text(st.characters(codec="utf-8"), max_size=5), max_size=30).map("".join)

relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


class LoaderContract:
    """Subclasses name a file and a text in its format whose headings are One, Two and Three."""

    name = ""
    content = ""
    levels: tuple[int, ...] = ()
    blocks: tuple[str, ...] = ()
    verbatim = True  # the document's text is the file's

    def test_a_file_is_one_document_with_the_id_that_was_asked_for(self, read: Read, tmp_path: Path) -> None:
        (document,) = read(self.name, self.content)
        assert isinstance(document, Document)
        assert (document.id, document.source) == ("the-id", str(tmp_path / self.name))
        if self.verbatim:
            assert document.text == self.content

    def test_headings_and_blocks_are_found_at_their_places(self, read: Read) -> None:
        (document,) = read(self.name, self.content)
        assert isinstance(document, Document)
        check_document(document)
        titles = ["One", "Two", "Three"][: len(self.levels)]
        assert [(heading.title, heading.level) for heading in document.outline.headings] == list(
            zip(titles, self.levels, strict=True)
        )
        for heading in document.outline.headings:
            assert heading.title in document.text[heading.start :].splitlines()[0]
        assert tuple(document.text[start:end].strip() for start, end in document.outline.blocks) == self.blocks

    def test_the_extension_counts_in_any_case(self, read: Read) -> None:
        (lower,), (upper,) = read(self.name, self.content), read(self.name.upper(), self.content)
        assert isinstance(lower, Document)
        assert isinstance(upper, Document)
        assert lower.outline == upper.outline

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty file"),
            (b" \r\n\t\n", "no text in it"),
            (b"\xef\xbb\xbf", "no text in it"),
            (b"a\x00b", "binary file"),
            (bytes(range(256)), "binary file"),
            (b"%PDF-1.7 ...", "binary file (PDF)"),
            (b"\x89PNG\r\n\x1a\n\x00", "binary file (PNG)"),
            (b"7z\xbc\xaf'\x1c\x00\x04", "binary file (7-Zip)"),
        ],
    )
    def test_nothing_to_index_is_skipped_with_the_reason(self, read: Read, content: bytes, reason: str) -> None:
        (skip,) = read(self.name, content)
        assert isinstance(skip, Skip)
        assert skip.reason == reason
        assert skip.source.endswith(self.name)

    def test_a_file_that_is_gone_is_a_failure(self, tmp_path: Path) -> None:
        (failure,) = load(tmp_path / self.name, "the-id")
        assert failure == Failure(str(tmp_path / self.name), "no such file or directory")

    @pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
    def test_a_file_that_may_not_be_read_is_a_failure(self, tmp_path: Path) -> None:
        path = tmp_path / self.name
        path.write_text("secret")
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("this user may read everything")
        (failure,) = load(path, "the-id")
        assert failure == Failure(str(path), "permission denied")


class TestText(LoaderContract):
    name = "notes.txt"
    content = "One\n===\r\nnot a heading here\n"


class TestSourceCode(LoaderContract):
    name = "program.py"
    content = "# One\ndef f():\n    return 1\n\n\nx = 1\n"
    blocks = ("# One\ndef f():\n    return 1",)


class TestMarkdown(LoaderContract):
    name = "guide.md"
    content = "# One\n\né\n\nTwo\n---\n\n```py\nx = 1\n```\n\n### Three ###\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nend\n"
    levels = (1, 2, 3)
    blocks = ("```py\nx = 1\n```", "| a | b |\n|---|---|\n| 1 | 2 |")


class TestRst(LoaderContract):
    name = "guide.rst"
    content = "One\n===\n\nText::\n\n  x = 1\n\nTwo\n---\n\n.. code-block:: py\n\n   y\n\n   z\n\nThree\n-----\n\nend\n"
    levels = (1, 2, 2)
    blocks = ("x = 1", ".. code-block:: py\n\n   y\n\n   z")


class TestHtml(LoaderContract):
    name = "page.html"
    content = "<h1>One</h1><p>é<h2> Two</h2><pre>\nx\n  y</pre><h3>Three</h3><table><tr><td>1<td>2</table>"
    levels = (1, 2, 3)
    blocks = ("x\n  y", "1\t2")
    verbatim = False


class TestAsciiDoc(LoaderContract):
    name = "guide.adoc"
    content = "= One\n\né\n\n== Two\n\n----\nx = 1\n\n== no\n----\n\n=== Three\n\n|===\n|a |b\n|===\n\nend\n"
    levels = (1, 2, 3)
    blocks = ("----\nx = 1\n\n== no\n----", "|===\n|a |b\n|===")


class TestLatex(LoaderContract):
    name = "paper.tex"
    content = (
        "\\chapter{One}\r\né\r\n\\section*{Two} x\r\n\\begin{verbatim}\r\n\\section{no}\r\n\\end{verbatim}\r\n"
        "% \\section{no}\r\n\\subsection[t]{Three}\r\n"
    )
    levels = (1, 2, 3)
    blocks = ("\\begin{verbatim}\r\n\\section{no}\r\n\\end{verbatim}",)


class TestNotebook(LoaderContract):
    name = "work.ipynb"
    content = json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "source": ["# One\n", "\n", "é\n", "## Two"]},
                {"cell_type": "code", "source": "x = 1\nx", "outputs": [{"data": {"text/plain": ["1"]}}]},
                {"cell_type": "markdown", "source": "### Three"},
            ]
        }
    )
    levels = (1, 2, 3)
    blocks = ("x = 1\nx", "1")
    verbatim = False


class RecordsContract:
    """Subclasses name a file of records."""

    name = ""

    def test_an_empty_file_is_skipped(self, read: Read) -> None:
        (skip,) = read(self.name, b"")
        assert isinstance(skip, Skip)
        assert skip.reason == "no records in it"

    def test_a_file_that_is_gone_is_a_failure(self, tmp_path: Path) -> None:
        (failure,) = load(tmp_path / self.name, "the-id")
        assert failure == Failure(str(tmp_path / self.name), "no such file or directory")


class TestJsonLines(RecordsContract):
    name = "corpus.jsonl"


class TestCsv(RecordsContract):
    name = "table.csv"


class TestTabSeparated(RecordsContract):
    name = "table.tsv"


class TestParquet(RecordsContract):
    name = "table.parquet"


FILES = ["notes.txt", "program.py", "guide.md", "guide.rst", "page.html", "guide.adoc", "paper.tex"]
RECORDS = ["corpus.jsonl", "table.csv", "table.tsv", "table.parquet"]


@relaxed
@given(name=st.sampled_from(FILES), text=TEXTS)
def test_any_text_gives_a_document_with_a_valid_outline(read: Read, name: str, text: str) -> None:
    (document,) = read(name, text)
    if isinstance(document, Document):
        check_document(document)
        assert name == "page.html" or document.text == text.removeprefix("\ufeff")
    else:
        assert isinstance(document, Skip)


@relaxed
@given(name=st.sampled_from(FILES), data=st.binary(max_size=200))
def test_any_bytes_give_a_document_or_a_reason(read: Read, name: str, data: bytes) -> None:
    (document,) = read(name, data)
    assert isinstance(document, (Document, Failure))


@relaxed
@given(
    name=st.sampled_from(RECORDS), data=st.binary(max_size=200) | TEXTS.map(lambda text: f"id,text\n{text}".encode())
)
def test_any_bytes_give_documents_failures_or_one_clear_error(read: Read, name: str, data: bytes) -> None:
    try:
        for document in read(name, data):
            assert isinstance(document, (Document, Failure))
            assert not isinstance(document, Document) or document.outline == Outline(places=document.outline.places)
    except InvalidDocument as error:
        assert name in str(error)  # noqa: PT017 - not raising is as good
