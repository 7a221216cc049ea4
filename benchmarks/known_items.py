"""Known-item collections: what answers a question follows from how a text is built.

A function is what its docstring's first sentence asks for, a section what its heading asks for.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from judged import TEXTS, Collection, known_items, some

from vecsearch import Document
from vecsearch.documents import load

_ELSEWHERE = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages"}  # no part of a library proper


def functions(folder: Path) -> Collection:
    """The functions of Python files without their docstrings, asked by the first sentence of each docstring."""
    found: dict[str, str] = {}
    for lines, node in _functions(folder):
        sentence = re.split(r"(?<=[.!?])\s", _docstring(node))[0]
        if len(node.body) > 1 and 4 <= len(sentence.split()) <= 40:
            doc = node.body[0]
            found[sentence] = "".join(lines[node.lineno - 1 : doc.lineno - 1] + lines[doc.end_lineno : node.end_lineno])
    return known_items(some(list(found.items()), TEXTS))


def names(folder: Path) -> Collection:
    """The docstrings of Python's public functions, each asked by the words of the function's name."""
    found: dict[str, str] = {}
    for _, node in _functions(folder):
        said = _docstring(node)
        if not node.name.startswith("_") and "_" in node.name.strip("_") and len(said.split()) >= 8:
            found.setdefault(node.name.strip("_").replace("_", " "), said)
    return known_items(some(list(found.items()), TEXTS))


def sections(folder: Path, asked_in: Path | None = None) -> Collection:
    """The sections of Markdown files without their headings, each asked by its heading.

    With `asked_in`, by the heading of the same section in another language: same file, same anchor.
    """
    bodies = _sections(folder)
    headings = _sections(asked_in) if asked_in else bodies
    pairs = [(headings[key][0], body) for key, (_, body) in bodies.items() if key in headings]
    times: dict[str, int] = defaultdict(int)
    for heading, _ in pairs:
        times[heading] += 1
    return known_items([pair for pair in pairs if times[pair[0]] == 1])


def _functions(folder: Path) -> Iterator[tuple[list[str], ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The functions of a library's Python files, each with the lines of its file."""
    for path in sorted(folder.rglob("*.py")):
        if _ELSEWHERE & set(path.relative_to(folder).parts):
            continue
        try:
            source = path.read_text(encoding="utf-8")
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        lines = source.splitlines(keepends=True)
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield lines, node


def _docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return " ".join((ast.get_docstring(node) or "").split())


def _sections(folder: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """By file and anchor (the title, where there is none): a section's heading and its text."""
    found = {}
    for path in sorted(folder.rglob("*.md")):
        for document in islice(load(path, path.name), 1):
            if not isinstance(document, Document):
                continue
            headings = document.outline.headings
            ends = [*(heading.start for heading in headings[1:]), len(document.text)]
            for heading, end in zip(headings, ends, strict=bool(headings)):
                line, _, body = document.text[heading.start : end].partition("\n")
                anchor = re.search(r"\{\s*#([\w-]+)", line)
                if len(body.strip()) >= 100:
                    key = (path.relative_to(folder).as_posix(), anchor[1] if anchor else heading.title)
                    found[key] = (heading.title, body.strip())
    return found
