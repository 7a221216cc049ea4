"""Files -> queries and the documents that answer them: a collection in BEIR form, or pairs of one's own.

    FOLDER/corpus.jsonl        a document a line: _id, title, text
    FOLDER/queries.jsonl       a query a line: _id, text
    FOLDER/qrels/SPLIT.tsv     a judgement a line, below the header: query-id, corpus-id, score

BEIR: Thakur et al. 2021. Lines that say the same twice count once; lines that contradict one another are an error.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from vecsearch.analysis.evaluation.measures import require_ir_measures
from vecsearch.analysis.evaluation.selected import select
from vecsearch.documents.charsets import NotText
from vecsearch.documents.records import scalar_text
from vecsearch.documents.rows import Row, open_text, read_rows
from vecsearch.errors import InvalidDocument, PathNotFound

_FILES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Qrels:
    """Texts of queries by id, by query the relevance of documents, and the file of the documents if there is one."""

    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]
    corpus: Path | None = None

    def check(self) -> None:
        """Raises what `evaluate` would raise before it searches: worth knowing before a corpus is indexed.

        That is InvalidQuery when no query can be scored, InvalidOption, ExtraMissing.
        """
        require_ir_measures()
        select(self.queries, self.judgements)


class _Columns(NamedTuple):
    """What the columns of a file of judgements are called, and the relevance where a line has none."""

    query: str
    document: str
    relevance: str
    usual: int | None = None


_BEIR = _Columns("query-id", "corpus-id", "score")
_PAIRS = _Columns("query", "document", "relevance", usual=1)


class _Judgement(NamedTuple):
    """A line that says how relevant a document is."""

    place: str
    query: str
    document: str
    relevance: int


def read_beir(folder: str | PathLike[str], split: str = "test") -> Qrels:
    """The queries of a collection in BEIR form, and the judgements of one of its splits.

    Raises PathNotFound when a file is not there, InvalidDocument when one does not hold what it should.
    """
    place = Path(folder)
    corpus, queries, qrels = place / "corpus.jsonl", place / "queries.jsonl", place / "qrels"
    missing = [path.name for path in (corpus, queries, qrels) if not path.exists()]
    if missing:
        raise PathNotFound(
            f"{place} is no collection in BEIR form: it has no {' and no '.join(missing)}; for pairs of your own use "
            "--pairs FILE"
        )
    found = _judgements(_split_file(qrels, split), _BEIR)
    return Qrels(queries=_texts(queries), judgements=_by_query(found), corpus=corpus)


def read_pairs(file: str | PathLike[str]) -> Qrels:
    """Queries and their documents from a .csv, .tsv, .jsonl or .parquet file with the columns `query`, `document`.

    A column `relevance` says how relevant a document is, 1 without it. A query is called by its own text. Raises
    PathNotFound when there is no such file, InvalidDocument when it does not hold pairs.
    """
    path = Path(file)
    if not path.is_file():
        raise PathNotFound(f"there is no file {path}: check the path")
    if path.suffix.lower() not in _FILES:
        raise InvalidDocument(f"{path}: pairs are read from {', '.join(_FILES)} files, with columns query, document")
    judgements = _by_query(_judgements(path, _PAIRS))
    return Qrels(queries={query: query for query in judgements}, judgements=judgements)


def _split_file(qrels: Path, split: str) -> Path:
    """The file of a split; a name that is none of those there never reaches the file system."""
    known = {path.stem: path for path in sorted(qrels.glob("*.tsv"))}
    if split not in known:
        raise PathNotFound(f"{qrels} has no split {split!r}: it has {', '.join(known) or 'none'}")
    return known[split]


def _texts(path: Path) -> dict[str, str]:
    """The texts of queries by id."""
    texts: dict[str, str] = {}
    for row in _rows(path):
        place = f"{path}:{row.number}"
        query, text = _named(row.values, "_id", place), row.values.get("text")
        if not isinstance(text, str):
            raise InvalidDocument(f"{place}: no text in its field 'text': a query is an object with _id and text")
        if texts.setdefault(query, text) != text:
            raise InvalidDocument(f"{place}: the query {query!r} stands above with another text: give it its own id")
    return texts


def _judgements(path: Path, columns: _Columns) -> Iterator[_Judgement]:
    """The judgements in a file; raises InvalidDocument when it has none."""
    empty = True
    for row in _rows(path):
        place, empty = f"{path}:{row.number}", False
        value = row.values.get(columns.relevance)
        yield _Judgement(
            place,
            _named(row.values, columns.query, place),
            _named(row.values, columns.document, place),
            _whole(columns.usual if value is None else value, columns.relevance, place),
        )
    if empty:
        expected = f"{columns.query}, {columns.document}, {columns.relevance}"
        raise InvalidDocument(f"{path} holds no judgement: expected lines with {expected}")


def _by_query(judgements: Iterator[_Judgement]) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    for place, query, document, relevance in judgements:
        known = judged.setdefault(query, {}).setdefault(document, relevance)
        if known != relevance:
            raise InvalidDocument(
                f"{place}: the relevance of {document!r} for {query!r} is {relevance}, and {known} above: keep one"
            )
    return judged


def _rows(path: Path) -> Iterator[Row]:
    """The rows of a file; raises InvalidDocument for one that is none."""
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
                beyond = "more fields than the header has" if None in values else None
                yield Row(rows.line_num, values, beyond)
        except csv.Error as error:
            yield Row(rows.reader.line_num, {}, f"not valid TSV: {error}")


def _named(values: dict[str, Any], field: str, place: str) -> str:
    """The id, or the text of a query, in a field."""
    if field not in values:
        raise InvalidDocument(f"{place}: no field {field!r}, it has {', '.join(map(str, values)) or 'none'}")
    found = scalar_text(values[field])
    if not found.strip():
        raise InvalidDocument(f"{place}: nothing in its field {field!r}")
    return found


def _whole(value: Any, field: str, place: str) -> int:
    """A relevance, also one that another program wrote as 1.0."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not number.is_integer():
        raise InvalidDocument(f"{place}: its field {field!r} is {value!r}, expected a whole number")
    return int(number)
