"""Files -> training pairs: a query and a passage that answers it, with passages that do not where there are any.

pairs.jsonl, .csv, .tsv, .parquet   the columns query, passage and, optionally, negative: a text or a list of texts
FOLDER                              a collection in BEIR form: the qrels of one split, the texts of its corpus
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from vecsearch.analysis.evaluation import read_beir
from vecsearch.checks import is_storable
from vecsearch.documents import RecordFields
from vecsearch.documents.charsets import NotText
from vecsearch.documents.records import load_records
from vecsearch.documents.rows import read_rows
from vecsearch.errors import InvalidDocument, PathNotFound
from vecsearch.types import Document

_FILES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A query, a passage that answers it, and `negatives`: passages that seem to answer it and do not."""

    query: str
    passage: str
    negatives: tuple[str, ...] = ()


def read_training_pairs(path: str | PathLike[str], split: str = "train") -> list[TrainingPair]:
    """Read the pairs of a file, or of the qrels of a collection in BEIR form, in their order.

    `split` names the qrels of a collection. Raises PathNotFound when a file is missing, InvalidDocument when it holds
    no pairs or something else; the message names the line.
    """
    file = Path(path)
    if file.is_dir():
        return _pairs_of_collection(file, split)
    if not file.is_file():
        raise PathNotFound(f"{file} does not exist: check the path")
    if file.suffix.lower() not in _FILES:
        raise InvalidDocument(f"{file}: pairs are read from {', '.join(_FILES)} files, with columns query, passage")
    try:
        pairs = [_pair(row.values, row.problem, f"{file}:{row.number}") for row in read_rows(file)]
    except NotText as error:
        raise InvalidDocument(f"{file}: {error}") from None
    if not pairs:
        raise InvalidDocument(f"{file} holds no pairs: expected lines with query and passage")
    return pairs


def relevant_passages(pairs: Iterable[TrainingPair]) -> dict[str, set[str]]:
    """Return the passages that are known to answer each query, by query."""
    relevant: dict[str, set[str]] = {}
    for pair in pairs:
        relevant.setdefault(pair.query, set()).add(pair.passage)
    return relevant


def _pair(values: Mapping[str, Any], problem: str | None, line: str) -> TrainingPair:
    if problem is not None:
        raise InvalidDocument(f"{line}: {problem}")
    return TrainingPair(
        _text(values, "query", line),
        _text(values, "passage", line),
        tuple(_negatives(values.get("negative"), line)),
    )


def _text(values: Mapping[str, Any], field: str, line: str) -> str:
    if field not in values:
        fields = ", ".join(map(str, values)) or "no fields"
        raise InvalidDocument(f"{line}: no field {field!r}, found {fields}: a pair has query and passage")
    return _checked(values[field], field, line)


def _negatives(value: Any, line: str) -> Iterator[str]:
    """The texts of a field that is empty, a text or a list of texts."""
    for text in value if isinstance(value, list) else [] if value is None else [value]:
        yield _checked(text, "negative", line)


def _checked(value: Any, field: str, line: str) -> str:
    if not isinstance(value, str) or not value.strip():
        kind = "nothing" if value is None or isinstance(value, str) else type(value).__name__
        raise InvalidDocument(f"{line}: field {field!r} holds {kind}, expected a text")
    if not is_storable(value):
        raise InvalidDocument(f"{line}: field {field!r} holds a lone surrogate, which is not a character")
    return value


def _pairs_of_collection(folder: Path, split: str) -> list[TrainingPair]:
    """Return a pair for each relevance above 0 whose query and document both have a text."""
    qrels = read_beir(folder, split)
    relevant = {id_ for values in qrels.relevance.values() for id_, value in values.items() if value > 0}
    corpus = folder / "corpus.jsonl"
    texts = {
        document.id: document.text
        for document in load_records(corpus, RecordFields())
        if isinstance(document, Document) and document.id in relevant
    }
    pairs = [
        TrainingPair(qrels.queries[query], texts[id_])
        for query, values in qrels.relevance.items()
        for id_, value in values.items()
        if value > 0 and id_ in texts and qrels.queries.get(query, "").strip()
    ]
    if not pairs:
        raise InvalidDocument(f"{folder}: no query of the split {split!r} has a relevant document in {corpus.name}")
    return pairs
