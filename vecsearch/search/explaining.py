"""Explain hits: the rank and score in each retriever, the words a hit was found by, the words of like meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from vecsearch.models.encoder import Encoder
from vecsearch.search.retrievers.candidates import Candidates
from vecsearch.storage.lexical import Matcher
from vecsearch.types import Explanation, TokenMatch

if TYPE_CHECKING:
    from vecsearch.models.rerank import Reranker

_DENSE, _LEXICAL = 0, 1  # columns of Candidates.ranks


@dataclass(frozen=True, slots=True)
class Explainer:
    """What explaining hits takes: the language of their words, how to open the encoder, the reranker if one ran.

    `encoder` is None for a search by words alone, which needs no model.
    """

    language: str
    encoder: Callable[[], Encoder] | None
    reranker: Reranker | None

    def explain(self, query: str, texts: Sequence[str], hits: Candidates) -> list[Explanation]:
        """Return why each candidate is a hit; `texts` are theirs. For a query that was a vector `query` is empty."""
        tokens, matcher = self._tokens(query, texts), Matcher(query, self.language)
        return [
            Explanation(
                dense_rank=_rank(hits, position, _DENSE),
                dense_score=_known(float(hits.similarities[position])),
                lexical_rank=_rank(hits, position, _LEXICAL),
                lexical_score=None if hits.lexical is None else float(hits.lexical[position]),
                words=tuple(matcher.spans(text)) if query else (),
                tokens=tokens[position],
                dense_weight=hits.dense_weight,
                reranked=None if self.reranker is None else float(hits.scores[position]),
            )
            for position, text in enumerate(texts)
        ]

    def _tokens(self, query: str, texts: Sequence[str]) -> Sequence[tuple[TokenMatch, ...]]:
        if not query or self.encoder is None:
            return [() for _ in texts]
        from vecsearch.search.token_matches import explain_tokens  # only searches with explain=True need it

        return explain_tokens(self.encoder(), query, texts)


def _known(similarity: float) -> float | None:
    return None if isnan(similarity) else similarity


def _rank(hits: Candidates, position: int, retriever: int) -> int | None:
    """The rank in a retriever; None where it did not find the hit."""
    rank = 0 if hits.ranks is None else int(hits.ranks[position, retriever])
    return rank or None
