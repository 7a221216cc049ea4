"""Notebooks (.ipynb): the cells of text and code in their order, and the beginning of each cell's output."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from vecsearch.documents.composing import Composer, Parsed, clean, properties
from vecsearch.documents.limits import Limits
from vecsearch.documents.loaders.markdown import parse_markdown
from vecsearch.documents.piece import Piece
from vecsearch.errors import InvalidDocument
from vecsearch.types import Document

_LONGEST_OUTPUT = 2_000  # characters of one cell; logs and tables of numbers are not worth more


def load_notebook(piece: Piece) -> Iterator[Document]:
    """Yield the document with the text of all cells, each of which is a place. Raises InvalidDocument."""
    content = piece.text()
    yield piece.document(_parse(content, piece.limits) if content.strip() else Parsed(""))


def _parse(content: str, limits: Limits) -> Parsed:
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidDocument(f"not a notebook: {str(error) or type(error).__name__}") from None
    cells = _cells(notebook)
    if cells is None:
        raise InvalidDocument("not a notebook: no list of cells in it")
    composer = Composer(limits)
    for number, cell in enumerate(cells, 1):
        composer.place(f"cell {number}")
        _add_cell(composer, cell)
    return composer.parsed(_properties(notebook.get("metadata")))


def _cells(notebook: Any) -> list[Any] | None:
    """Return the list of cells, which before version 4 is in the first worksheet; None without one."""
    match notebook:
        case {"cells": list(cells)} | {"worksheets": [{"cells": list(cells)}, *_]}:
            return cells
        case _:
            return None


def _add_cell(composer: Composer, cell: Any) -> None:
    match cell:
        case {"cell_type": "code"}:
            composer.block(_joined(cell.get("source", cell.get("input"))))
            composer.block("\n".join(_outputs(cell.get("outputs")))[:_LONGEST_OUTPUT])
        case {"cell_type": "markdown", "source": source}:
            composer.take(parse_markdown(clean(_joined(source))))
        case {"cell_type": "heading", "source": source}:  # before version 4
            composer.heading(_joined(source), cell["level"] if cell.get("level") in range(1, 7) else 1)
        case {"source": source}:
            composer.paragraph(_joined(source))


def _outputs(outputs: Any) -> Iterator[str]:
    """Yield what the code printed or returned as text, and the error it ended with."""
    for output in outputs if isinstance(outputs, list) else []:
        match output:
            case {"data": {"text/plain": text}} | {"text": text}:
                yield _joined(text).rstrip("\n")
            case {"ename": str(name), "evalue": str(value)}:
                yield f"{name}: {value}"


def _joined(source: Any) -> str:
    """Return the text of a field, which is a string or a list of lines."""
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _properties(metadata: Any) -> dict[str, Any]:
    if not isinstance(metadata, Mapping):
        return {}
    title, authors = metadata.get("title"), metadata.get("authors")
    names = (
        [author.get("name") for author in authors if isinstance(author, Mapping)] if isinstance(authors, list) else []
    )
    return properties(
        title=title if isinstance(title, str) else None,
        author="; ".join(name for name in names if isinstance(name, str)),
    )
