"""Files -> training pairs: a query and a passage that answers it, with passages that do not where there are any.

pairs.jsonl, .csv, .tsv, .parquet   the columns query, passage and, if you like, negative: a text, or a list of them
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
    """A query, a passage that answers it, and `negatives`: passages that seem to and do not."""

    query: str
    passage: str
    negatives: tuple[str, ...] = ()


def read_training_pairs(path: str | PathLike[str], split: str = "train") -> list[TrainingPair]:
    """The pairs in a file, or those of the qrels of a collection in BEIR form, in order.

    `split` is for a collection. Raises PathNotFound when something is not there, InvalidDocument when it holds no pairs
    or something else; the message has the line.
    """
    place = Path(path)
    if place.is_dir():
        return _of_collection(place, split)
    if not place.is_file():
        raise PathNotFound(f"there is no file {place}: check the path")
    if place.suffix.lower() not in _FILES:
        raise InvalidDocument(f"{place}: pairs are read from {', '.join(_FILES)} files, with columns query, passage")
    try:
        pairs = [_pair(row.values, row.problem, f"{place}:{row.number}") for row in read_rows(place)]
    except NotText as error:
        raise InvalidDocument(f"{place}: {error}") from None
    if not pairs:
        raise InvalidDocument(f"{place} holds no pair: expected lines with query and passage")
    return pairs


def relevant_passages(pairs: Iterable[TrainingPair]) -> dict[str, set[str]]:
    """By query the passages that are known to answer it."""
    relevant: dict[str, set[str]] = {}
    for pair in pairs:
        relevant.setdefault(pair.query, set()).add(pair.passage)
    return relevant


def _pair(values: Mapping[str, Any], problem: str | None, place: str) -> TrainingPair:
    if problem is not None:
        raise InvalidDocument(f"{place}: {problem}")
    return TrainingPair(
        _text(values, "query", place),
        _text(values, "passage", place),
        tuple(_negatives(values.get("negative"), place)),
    )


def _text(values: Mapping[str, Any], field: str, place: str) -> str:
    if field not in values:
        has = ", ".join(map(str, values)) or "none"
        raise InvalidDocument(f"{place}: no field {field!r}, it has {has}: a pair has query and passage")
    return _checked(values[field], field, place)


def _negatives(value: Any, place: str) -> Iterator[str]:
    """The texts of a field that may be empty, a text or a list of texts."""
    for text in value if isinstance(value, list) else [] if value is None else [value]:
        yield _checked(text, "negative", place)


def _checked(value: Any, field: str, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        said = "nothing" if value is None or isinstance(value, str) else type(value).__name__
        raise InvalidDocument(f"{place}: its field {field!r} holds {said}, expected a text")
    if not is_storable(value):
        raise InvalidDocument(f"{place}: its field {field!r} holds a lone surrogate, which is no character")
    return value


def _of_collection(folder: Path, split: str) -> list[TrainingPair]:
    """Return a pair for each relevance above 0 whose query and document both have a text."""
    qrels = read_beir(folder, split)
    wanted = {name for values in qrels.relevance.values() for name, value in values.items() if value > 0}
    corpus = folder / "corpus.jsonl"
    texts = {
        found.id: found.text
        for found in load_records(corpus, RecordFields())
        if isinstance(found, Document) and found.id in wanted
    }
    pairs = [
        TrainingPair(qrels.queries[query], texts[name])
        for query, values in qrels.relevance.items()
        for name, value in values.items()
        if value > 0 and name in texts and qrels.queries.get(query, "").strip()
    ]
    if not pairs:
        raise InvalidDocument(f"{folder}: no query of the split {split!r} has a relevant document in {corpus.name}")
    return pairs
