"""Files -> queries and qrels, the relevance of documents to them: a collection in BEIR form, or your own pairs.

    FOLDER/corpus.jsonl        one document per line: _id, title, text
    FOLDER/queries.jsonl       one query per line: _id, text
    FOLDER/qrels/SPLIT.tsv     below a header, one relevance per line: query-id, corpus-id, score

BEIR: Thakur et al. 2021. Repeated lines count once; lines that contradict one another are an error.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from vecsearch.analysis.evaluation.measures import require_ir_measures
from vecsearch.analysis.evaluation.scorable import select
from vecsearch.documents.charsets import NotText
from vecsearch.documents.records import scalar_text
from vecsearch.documents.row import Row, open_text
from vecsearch.documents.rows import read_rows
from vecsearch.errors import InvalidDocument, PathNotFound

_FILES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Qrels:
    """The texts of queries by id, the relevance of documents by query, and the file of the documents, if any."""

    queries: dict[str, str]
    relevance: dict[str, dict[str, int]]
    corpus: Path | None = None

    def check(self) -> None:
        """Raise what `evaluate` would raise before it searches; call it before you index a corpus.

        That is InvalidQuery when no query can be scored, InvalidOption, ExtraMissing.
        """
        require_ir_measures()
        select(self.queries, self.relevance)


class _Columns(NamedTuple):
    """The names of the columns, and the relevance of a line that has none."""

    query: str
    document: str
    relevance: str
    default: int | None = None


_BEIR = _Columns("query-id", "corpus-id", "score")
_PAIRS = _Columns("query", "document", "relevance", default=1)


class _Qrel(NamedTuple):
    """One line: the relevance of a document to a query."""

    line: str  # FILE:NUMBER, for errors
    query: str
    document: str
    relevance: int


def read_beir(folder: str | PathLike[str], split: str = "test") -> Qrels:
    """Read the queries of a collection in BEIR form, and the qrels of one of its splits.

    Raises PathNotFound when a file does not exist, InvalidDocument when one is malformed.
    """
    root = Path(folder)
    corpus, queries, qrels = root / "corpus.jsonl", root / "queries.jsonl", root / "qrels"
    missing = [path.name for path in (corpus, queries, qrels) if not path.exists()]
    if missing:
        raise PathNotFound(
            f"{root} is not a collection in BEIR form: it has no {' and no '.join(missing)}; for pairs of your own "
            "use --pairs FILE"
        )
    relevance = _by_query(_qrels(_split_file(qrels, split), _BEIR))
    return Qrels(queries=_query_texts(queries), relevance=relevance, corpus=corpus)


def read_pairs(file: str | PathLike[str]) -> Qrels:
    """Read queries and their documents from a .csv, .tsv, .jsonl or .parquet file with columns `query`, `document`.

    The relevance is that of a column `relevance`, else 1. The text of a query is its id too. Raises PathNotFound when
    the file does not exist, InvalidDocument when it does not hold pairs.
    """
    path = Path(file)
    if not path.is_file():
        raise PathNotFound(f"{path}: file not found; check the path")
    if path.suffix.lower() not in _FILES:
        raise InvalidDocument(f"{path}: pairs are read from {', '.join(_FILES)} files, with columns query, document")
    relevance = _by_query(_qrels(path, _PAIRS))
    return Qrels(queries={query: query for query in relevance}, relevance=relevance)


def _split_file(qrels: Path, split: str) -> Path:
    """Return the file of a split; the name of an unknown split never reaches the file system."""
    known = {path.stem: path for path in sorted(qrels.glob("*.tsv"))}
    if split not in known:
        raise PathNotFound(f"{qrels} has no split {split!r}: it has {', '.join(known) or 'none'}")
    return known[split]


def _query_texts(path: Path) -> dict[str, str]:
    """Return the texts of queries by id."""
    texts: dict[str, str] = {}
    for row in _rows(path):
        line = f"{path}:{row.number}"
        query, text = _text_in(row.values, "_id", line), row.values.get("text")
        if not isinstance(text, str):
            raise InvalidDocument(f"{line}: no text in the field 'text'; expected an object with _id and text")
        if texts.setdefault(query, text) != text:
            raise InvalidDocument(f"{line}: the query {query!r} has another text in a line above: give it its own id")
    return texts


def _qrels(path: Path, columns: _Columns) -> Iterator[_Qrel]:
    """Yield the qrels in a file; raises InvalidDocument when there are none."""
    empty = True
    for row in _rows(path):
        line, empty = f"{path}:{row.number}", False
        value = row.values.get(columns.relevance)
        yield _Qrel(
            line,
            _text_in(row.values, columns.query, line),
            _text_in(row.values, columns.document, line),
            _relevance(columns.default if value is None else value, columns.relevance, line),
        )
    if empty:
        expected = f"{columns.query}, {columns.document}, {columns.relevance}"
        raise InvalidDocument(f"{path} holds no qrels: expected lines with {expected}")


def _by_query(qrels: Iterator[_Qrel]) -> dict[str, dict[str, int]]:
    """Return the relevance of documents by query; raises InvalidDocument for lines that contradict one another."""
    by_query: dict[str, dict[str, int]] = {}
    for line, query, document, relevance in qrels:
        known = by_query.setdefault(query, {}).setdefault(document, relevance)
        if known != relevance:
            raise InvalidDocument(
                f"{line}: the relevance of {document!r} for {query!r} is {relevance}, but {known} above: keep one"
            )
    return by_query


def _rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file; raises InvalidDocument for one that cannot be read."""
    try:
        for row in _tab_rows(path) if path.suffix.lower() == ".tsv" else read_rows(path):
            if row.problem is not None:
                raise InvalidDocument(f"{path}:{row.number}: {row.problem}")
            yield row
    except NotText as error:
        raise InvalidDocument(f"{path}: {error}") from None


def _tab_rows(path: Path) -> Iterator[Row]:
    with open_text(path, newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        try:
            for values in rows:
                problem = "more fields than the header has" if None in values else None
                yield Row(rows.line_num, values, problem)
        except csv.Error as error:
            yield Row(rows.reader.line_num, {}, f"not valid TSV: {error}")


def _text_in(values: dict[str, Any], field: str, line: str) -> str:
    """Return the id, or the text of a query, in a field."""
    if field not in values:
        raise InvalidDocument(f"{line}: no field {field!r}, found {', '.join(map(str, values)) or 'none'}")
    text = scalar_text(values[field])
    if not text.strip():
        raise InvalidDocument(f"{line}: the field {field!r} is empty")
    return text


def _relevance(value: Any, field: str, line: str) -> int:
    """Return a relevance, also one that another program wrote as 1.0."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not number.is_integer():
        raise InvalidDocument(f"{line}: the field {field!r} is {value!r}, expected a whole number")
    return int(number)
