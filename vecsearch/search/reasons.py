"""Why a chunk is a hit, put together: what the legs made of it, which words it was found by, what means alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vecsearch.models.encoder import Encoder
from vecsearch.search.retrievers.candidates import Candidates
from vecsearch.storage.lexical import match_spans
from vecsearch.types import Explanation

if TYPE_CHECKING:
    from vecsearch.models.rerank import Reranker


@dataclass(frozen=True, slots=True)
class Reasons:
    """What it takes to explain hits: how words are read, what opens the encoder, and the reranker if there was one."""

    language: str
    encoder: Callable[[], Encoder]
    reranker: Reranker | None

    def of(self, query: str, texts: Sequence[str], shown: Candidates) -> list[Explanation]:
        """Why each candidate is shown; `texts` are theirs. A query that is a vector has no words to tell of."""
        from vecsearch.search.explaining import explain_tokens  # which a search that is not explained needs not

        tokens = explain_tokens(self.encoder(), query, texts) if query else [() for _ in texts]
        return [
            Explanation(
                dense_rank=self._rank(shown, place, 0),
                dense_score=float(shown.similarities[place]),
                lexical_rank=self._rank(shown, place, 1),
                lexical_score=None if shown.lexical is None else float(shown.lexical[place]),
                words=tuple(match_spans(query, text, self.language)) if query else (),
                tokens=tokens[place],
                dense_weight=shown.weight,
                reranked=None if self.reranker is None else float(shown.scores[place]),
            )
            for place, text in enumerate(texts)
        ]

    def _rank(self, shown: Candidates, place: int, leg: int) -> int | None:
        rank = 0 if shown.ranks is None else int(shown.ranks[place, leg])
        return rank or None
