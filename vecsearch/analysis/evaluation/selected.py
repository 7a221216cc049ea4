"""Queries and judgements -> those that can be scored, and how many cannot, by the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral

from vecsearch.errors import InvalidOption, InvalidQuery

_HIGHEST = 2**31 - 1  # trec_eval keeps a relevance in a C integer


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What is scored: texts by query, and by query the relevance of the documents that are relevant to it.

    `unjudged` queries have no judgement, `textless` ones a judgement and no text, `unanswerable` ones both, but no
    document is relevant to them, so that nothing could be found.
    """

    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]
    unjudged: int
    textless: int
    unanswerable: int

    @property
    def documents(self) -> set[str]:
        """The names of all documents that are relevant to a query."""
        return {name for judged in self.judgements.values() for name in judged}


def select(queries: Mapping[str, str], judgements: Mapping[str, Mapping[str, int]]) -> Selected:
    """What can be scored. A document of relevance 0 or less is as one that nobody judged: no measure of ours differs.

    Raises InvalidQuery when nothing can be scored or a query is no text, InvalidOption for a relevance that is no
    whole number.
    """
    texts = {query: text for query, text in queries.items() if _checked_text(query, text).strip()}
    judged = {query: dict(documents) for query, documents in judgements.items() if documents}
    relevant = {query: _relevant(query, documents) for query, documents in judged.items() if query in texts}
    scored = {query: documents for query, documents in relevant.items() if documents}
    if not scored:
        raise InvalidQuery(
            f"no query can be scored: {len(texts)} have a text, {len(judged)} a judgement, {len(relevant)} both, and "
            "to none of these a document is relevant: a judgement names its query by the query's id"
        )
    return Selected(
        queries={query: texts[query] for query in scored},
        judgements=scored,
        unjudged=len(queries.keys() - judged.keys()),
        textless=len(judged) - len(relevant),
        unanswerable=len(relevant) - len(scored),
    )


def _checked_text(query: str, text: object) -> str:
    if not isinstance(text, str):
        raise InvalidQuery(f"the query {query!r} is {type(text).__name__}, expected str")
    return text


def _relevant(query: str, documents: Mapping[str, int]) -> dict[str, int]:
    for name, relevance in documents.items():
        if not isinstance(relevance, Integral) or abs(relevance) > _HIGHEST:
            raise InvalidOption(
                f"the relevance of {name!r} for the query {query!r} is {relevance!r}; a whole number, 0 or more"
            )
    return {name: int(relevance) for name, relevance in documents.items() if relevance > 0}
