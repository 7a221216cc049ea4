"""Hard negatives: chunks that an index finds for a query and that are not known to answer it.

A chunk about as near to the query as a known answer most likely answers it too, though no pair says so. Hence the
ceiling: 95 % of the similarity of the known answer (Moreira et al. 2024, NV-Retriever, TopK-PercPos).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vecsearch.index import Index
from vecsearch.storage.lexical.splitting import words
from vecsearch.training.tuning.pairs import TrainingPair, relevant_passages
from vecsearch.types import Hit, Mode

_DEPTH = 30  # hits to choose from
_KEPT = 4  # negatives of a pair at most, which the epochs take in turn
_CEILING = 0.95  # of the similarity of the known answer: Moreira et al. 2024
_SAME = 0.8  # share of the shorter text's words that are in the longer, from which on the two count as one
_AT_ONCE = 128  # queries in one search


def with_hard_negatives(pairs: Sequence[TrainingPair], index: Index) -> list[TrainingPair]:
    """Return the pairs, each with the chunks of `index` that are nearest to its query and do not answer it.

    Negatives that a pair already has come first. A pair for which nothing is found stays as it is.
    """
    relevant = relevant_passages(pairs)
    queries = list(relevant)
    negatives: dict[str, tuple[str, ...]] = {}
    for first in range(0, len(queries), _AT_ONCE):
        batch = queries[first : first + _AT_ONCE]
        for query, hits in zip(batch, index.search(batch, _DEPTH, mode=Mode.DENSE), strict=True):
            negatives[query] = tuple(_hard(hits, [set(words(passage)) for passage in relevant[query]]))
    return [
        replace(pair, negatives=tuple(dict.fromkeys([*pair.negatives, *negatives[pair.query]]))[:_KEPT])
        for pair in pairs
    ]


def _hard(hits: Sequence[Hit], answers: Sequence[set[str]]) -> Iterator[str]:
    """The texts of hits below the ceiling that do not answer the query, the nearest first."""
    texts = [set(words(hit.text)) for hit in hits]
    answering = [any(_is_same(text, answer) for answer in answers) for text in texts]
    near = [hit.similarity or 0.0 for hit in hits]  # never None in the mode that hits come from
    similarities = [each for each, answers_it in zip(near, answering, strict=True) if answers_it]
    ceiling = _CEILING * max(similarities) if similarities else 1.0
    for hit, similarity, answers_it in zip(hits, near, answering, strict=True):
        if not answers_it and similarity <= ceiling:
            yield hit.text


def _is_same(text: set[str], answer: set[str]) -> bool:
    """Whether one of two texts, as sets of their words, is nearly a part of the other."""
    shorter = min(len(text), len(answer))
    return shorter == 0 or len(text & answer) >= _SAME * shorter
