"""Hard negatives: chunks that an index finds for a query and that are not known to answer it.

A chunk that is nearer to the query than nearly all of what answers it most likely answers it too, though nobody said
so. Hence the ceiling: 95 % of the similarity of the known answer (Moreira et al. 2024, NV-Retriever, TopK-PercPos).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vecsearch.index import Index
from vecsearch.storage.lexical.splitting import words
from vecsearch.training.tuning.pairs import TrainingPair, relevant_passages
from vecsearch.types import Hit, Mode

_DEPTH = 30  # hits that are looked at
_KEPT = 4  # of them at most: what the epochs take in turn
_CEILING = 0.95  # of the similarity of the known answer: Moreira et al. 2024
_SAME = 0.8  # share of the words of the shorter of two texts that are in the longer, from which on they are one
_AT_ONCE = 128  # queries in one search


def with_hard_negatives(pairs: Sequence[TrainingPair], index: Index) -> list[TrainingPair]:
    """The pairs, each with what the vectors of `index` find nearest to its query and is no answer to it.

    Negatives that a pair has already come first. A pair for which nothing else is found stays as it is.
    """
    relevant = relevant_passages(pairs)
    queries = list(relevant)
    found: dict[str, tuple[str, ...]] = {}
    for first in range(0, len(queries), _AT_ONCE):
        some = queries[first : first + _AT_ONCE]
        for query, hits in zip(some, index.search(some, _DEPTH, mode=Mode.DENSE), strict=True):
            found[query] = tuple(_hard(hits, [set(words(passage)) for passage in relevant[query]]))
    return [
        replace(pair, negatives=tuple(dict.fromkeys([*pair.negatives, *found[pair.query]]))[:_KEPT]) for pair in pairs
    ]


def _hard(hits: Sequence[Hit], answers: Sequence[set[str]]) -> Iterator[str]:
    """The texts of hits that are no answer, below the ceiling, the nearest first."""
    said = [set(words(hit.text)) for hit in hits]
    answering = [any(_is_same(text, answer) for answer in answers) for text in said]
    known = [hit.similarity for hit, answers_it in zip(hits, answering, strict=True) if answers_it]
    ceiling = _CEILING * max(known) if known else 1.0
    for hit, answers_it in zip(hits, answering, strict=True):
        if not answers_it and hit.similarity <= ceiling:
            yield hit.text


def _is_same(text: set[str], answer: set[str]) -> bool:
    """Whether one of two texts, as sets of their words, is about a part of the other."""
    shorter = min(len(text), len(answer))
    return shorter == 0 or len(text & answer) >= _SAME * shorter
