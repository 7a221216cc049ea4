"""Queries and qrels -> the part of them that an index can be scored by.

select          drops the queries that cannot be scored, and counts them by the reason
held_documents  maps the names of documents, ids or paths, to the ids of those that the index holds
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidDocument, InvalidOption, InvalidQuery
from vecsearch.session import Session
from vecsearch.storage.store import Part, Store

_HIGHEST = 2**31 - 1  # trec_eval keeps a relevance in a C integer


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorable:
    """The queries that can be scored: their texts, and by query the relevance of its relevant documents.

    The others are counted: `unjudged` queries have no qrels, `textless` ones qrels but no text, `unanswerable` ones
    have both, but no document is relevant to them.
    """

    queries: Mapping[str, str]
    relevance: Mapping[str, Mapping[str, int]]
    unjudged: int
    textless: int
    unanswerable: int

    @property
    def documents(self) -> set[str]:
        """The names of all relevant documents."""
        return {name for documents in self.relevance.values() for name in documents}

    def by_id(self, held: Mapping[str, str]) -> dict[str, dict[str, int]]:
        """Return the relevance by the ids of the index; where two names mean one document, the higher counts."""
        relevance: dict[str, dict[str, int]] = {}
        for query, documents in self.relevance.items():
            by_id = relevance.setdefault(query, {})
            for name, value in documents.items():
                document_id = held.get(name, name)
                by_id[document_id] = max(value, by_id.get(document_id, value))
        return relevance


def select(queries: Mapping[str, str], qrels: Mapping[str, Mapping[str, int]]) -> Scorable:
    """Select the queries that can be scored. A relevance of 0 or less counts as no judgement: no measure differs.

    Raises InvalidQuery when no query can be scored or a query is not text, InvalidOption for a relevance that is not
    a whole number.
    """
    texts = {query: text for query, text in queries.items() if _checked_text(query, text).strip()}
    with_qrels = {query: dict(documents) for query, documents in qrels.items() if documents}
    with_both = {query: _relevant(query, documents) for query, documents in with_qrels.items() if query in texts}
    scored = {query: documents for query, documents in with_both.items() if documents}
    if not scored:
        raise InvalidQuery(
            f"no query can be scored: {len(texts)} have a text, {len(with_qrels)} have qrels, {len(with_both)} have "
            "both, and no document is relevant to any of these: check that the qrels name queries by their ids"
        )
    return Scorable(
        queries={query: texts[query] for query in scored},
        relevance=scored,
        unjudged=len(queries.keys() - with_qrels.keys()),
        textless=len(with_qrels) - len(with_both),
        unanswerable=len(with_both) - len(scored),
    )


def _checked_text(query: str, text: object) -> str:
    if not isinstance(text, str):
        raise InvalidQuery(f"the query {query!r} is {type(text).__name__}, expected str")
    return text


def _relevant(query: str, documents: Mapping[str, int]) -> dict[str, int]:
    for name, relevance in documents.items():
        if not isinstance(relevance, Integral) or abs(relevance) > _HIGHEST:
            raise InvalidOption(
                f"the relevance of {name!r} for the query {query!r} is {relevance!r}, expected a whole number"
            )
    return {name: int(relevance) for name, relevance in documents.items() if relevance > 0}


def held_documents(session: Session, names: Collection[str]) -> dict[str, str]:
    """Return the id of each named document that the index holds.

    A name that is not an id is taken as a path. Raises InvalidDocument when the index holds none of them, and for the
    path of a file that holds several documents.
    """
    store, parts = session.store, session.parts
    wanted = sorted(filter(is_storable, names))  # an index holds no others
    held = {name: name for name, _ in _live_documents(parts, "document_id", wanted)}
    keys = {name: _path_key(store, name) for name in wanted if name not in held}
    ids_by_key: dict[str, list[str]] = {}
    for key, document_id in _live_documents(parts, "path", sorted(set(filter(None, keys.values())))):
        ids_by_key.setdefault(key, []).append(document_id)
    for name, path_key in keys.items():
        if path_key in ids_by_key:
            held[name] = _only_document(name, ids_by_key[path_key])
    if not held:
        raise InvalidDocument(
            f"{store.name} holds none of the {len(names)} relevant documents, such as {min(names)!r}: name each by "
            "the document_id that vecsearch search --json shows, or by the path of its file"
        )
    return held


def _live_documents(parts: Sequence[Part], column: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the value and the document id of each live document whose value in a text column is one of `values`."""
    for part in parts:
        for row in part.segment.documents_with(column, values).tolist():
            if part.is_live(row):
                yield part.segment.value(column, row), part.segment.value("document_id", row)


def _path_key(store: Store, name: str) -> str | None:
    """Return what the index calls the file at a path; None for a name that cannot be a path."""
    try:
        return store.key(Path(name).resolve())
    except (OSError, ValueError):  # a name with a NUL, or longer than a path may be
        return None


def _only_document(path: str, ids: Sequence[str]) -> str:
    if len(ids) > 1:
        raise InvalidDocument(f"{path} holds {len(ids)} documents, such as {min(ids)!r}: name one of them by its id")
    return ids[0]
