"""Training pairs -> batches in which every passage of another query may be taken for wrong.

The loss holds each query's passage against all others of its batch, so none of those may answer the query. Batches
are a function of pairs, size, seed and epoch alone: a run that goes on after a kill takes the same ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vecsearch.training.tuning.pairs import TrainingPair, relevant_passages

_DRAWN = 100  # passages that are tried, of which one is not to answer a query


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts by column: each query, its passage, and a passage that does not answer it; none where no pair has one."""

    queries: list[str] = field(default_factory=list)
    passages: list[str] = field(default_factory=list)
    negatives: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    """A batch that is being filled: its candidates, and what may not become one."""

    batch: Batch = field(default_factory=Batch)
    candidates: set[str] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)


def batches_of_epoch(pairs: Sequence[TrainingPair], size: int, seed: int, epoch: int) -> list[Batch]:
    """The batches of an epoch: each pair is in one of them at most, none has fewer than two.

    A pair that does not fit into a batch waits for the next; what is left at the end, and fits nowhere, is left out of
    this epoch. With hard negatives, a pair takes another of its own in each epoch; one that has none takes the passage
    of another pair.
    """
    rng = np.random.default_rng([seed, epoch])
    relevant = relevant_passages(pairs)
    hard = any(pair.negatives for pair in pairs)
    waiting = deque(pairs[place] for place in rng.permutation(len(pairs)).tolist())
    made: list[Batch] = []
    while waiting:
        opened = _Open()
        for _ in range(len(waiting)):
            if len(opened.batch.queries) == size:
                break
            pair = waiting.popleft()
            negative = _negative(pair, pairs, relevant, epoch, rng) if hard else None
            if (hard and negative is None) or not _put(opened, pair, negative, relevant):
                waiting.append(pair)
        if len(opened.batch.queries) < 2:  # nothing that waits fits with anything else
            break
        made.append(opened.batch)
    return made


def _put(opened: _Open, pair: TrainingPair, negative: str | None, relevant: Mapping[str, set[str]]) -> bool:
    """Puts a pair into the batch, unless one of its texts answers a query there, or one there answers its own."""
    fresh = {pair.passage} if negative is None else {pair.passage, negative}
    if not opened.answers.isdisjoint(fresh) or not opened.candidates.isdisjoint(relevant[pair.query]):
        return False
    opened.batch.queries.append(pair.query)
    opened.batch.passages.append(pair.passage)
    if negative is not None:
        opened.batch.negatives.append(negative)
    opened.candidates |= fresh
    opened.answers |= relevant[pair.query]
    return True


def _negative(
    pair: TrainingPair,
    pairs: Sequence[TrainingPair],
    relevant: Mapping[str, set[str]],
    epoch: int,
    rng: np.random.Generator,
) -> str | None:
    """A passage that does not answer the query; None where all that were tried do."""
    own = [text for text in pair.negatives if text not in relevant[pair.query]]
    if own:
        return own[epoch % len(own)]
    drawn = (pairs[place].passage for place in rng.integers(0, len(pairs), _DRAWN).tolist())
    return next((text for text in drawn if text not in relevant[pair.query]), None)
