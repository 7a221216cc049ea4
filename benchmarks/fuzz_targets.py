"""What `fuzz.py` damages beside the files of the tests, and what reads the files that are no documents."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vecsearch import Document, Index
from vecsearch.documents.gitignore import is_ignored, rules_in
from vecsearch.errors import VecsearchError
from vecsearch.storage.manifest import from_json

_NAMES = ("a.md", "notes/", "build/", "a" * 200 + ".log", "x y.txt", "[a].md", "\u00e9.md")
_IGNORED = (
    "# made by hand\n*.log\n!keep.log\n/build/\n**/cache/**/*.tmp\ndoc[s-z]/*a*b?.md\n\\#x\n*~ \n[[:alpha:]]*.bak\n"
)
_FEED = """<?xml version="1.0"?><!-- a comment --><?xml-stylesheet href="a.css"?><!DOCTYPE rss [<!ELEMENT rss ANY>]>
<rss version="2.0"><channel><title>News</title><item><title>One &amp; two</title>
<pubDate>Fri, 31 May 2024 10:00:00 GMT</pubDate>
<description><![CDATA[<p>needle <b>in</b> hay</p>]]></description></item></channel></rss>"""
_MARKDOWN = """---
title: "Notes: one"
tags: [a, 'b, c', "d"]
list:
  - one
  - two # comment
---
# First `code` {#anchor .wide}

> ## Second

| a | b |
|---|---|
| 1 | 2 |

    code

Setext [link](x "t")
====================
"""
_CSV = 'id,text,year\n1,"a, ""quoted"" text",2020\n2,"two\nlines",\n3,plain,2022\n' * 30
_JSON = '{"_id": "a", "title": "T", "text": "one needle", "tags": ["x", {"y": 1.5}], "n": 12345, "at": null}\n' * 50


def extra_originals() -> Iterator[tuple[str, bytes]]:
    """Yield more files to damage: each its name, whose end is its format, and its bytes."""
    yield from (("records.jsonl", _JSON.encode()), ("records.csv", _CSV.encode()), ("records.parquet", _parquet()))
    yield from (("front.md", _MARKDOWN.encode()), ("news.xml", _FEED.encode()), ("rules.gitignore", _IGNORED.encode()))
    with tempfile.TemporaryDirectory() as folder:
        from tests.helpers.counting import CountingEncoder

        index = Index.create(Path(folder, "index"), model=CountingEncoder())
        index.add(Document(f"d{n}", f"the note number {n} " * 20, {"year": n}) for n in range(50))
        index.export(Path(folder, "a.export"))
        yield "index.export", Path(folder, "a.export").read_bytes()
        yield "version.manifest", max(Path(folder, "index", "manifests").iterdir()).read_bytes()


def read_other(path: Path) -> str:
    """Read a file that is no document, by its extension, and return why it was refused, "" when it was not.

    Raises what must not be raised.
    """
    try:
        match path.suffix:
            case ".gitignore":
                with tempfile.TemporaryDirectory() as folder:
                    Path(folder, ".gitignore").write_bytes(path.read_bytes())
                    rules = rules_in((), folder, [".gitignore"], is_tree=False)
                for name in _NAMES:
                    is_ignored(rules, name)
            case ".manifest":
                from_json(path.read_bytes(), path.name)
            case ".export":
                with tempfile.TemporaryDirectory() as folder:
                    Index.from_export(path, Path(folder, "index"))
    except VecsearchError as error:
        return str(error) or type(error).__name__
    return ""


OTHERS = (".gitignore", ".manifest", ".export")


def _parquet() -> bytes:
    """A table with what columns of Parquet may be: texts, numbers, times, lists."""
    rows = [
        {"id": f"n{n}", "text": f"the note {n} " * 20, "n": n, "at": datetime(2024, 5, 31), "tags": ["a"]}
        for n in range(200)
    ]
    file = BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file, row_group_size=50)
    return file.getvalue()
