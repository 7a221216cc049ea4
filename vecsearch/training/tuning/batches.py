"""Training pairs -> batches in which no query is answered by the passage of another.

The loss compares each query's passage with all others of its batch, so none of those may answer the query. Batches
are a function of pairs, size, seed and epoch alone: a run that resumes after a kill takes the same ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vecsearch.training.tuning.pairs import TrainingPair, relevant_passages

_DRAWN = 100  # passages tried, to find one that does not answer a query


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts by column: queries, their passages and, where any pair has negatives, a negative for each query."""

    queries: list[str] = field(default_factory=list)
    passages: list[str] = field(default_factory=list)
    negatives: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Filling:
    """A batch being filled: its candidates, and the passages that may not become one."""

    batch: Batch = field(default_factory=Batch)
    candidates: set[str] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)


def batches_of_epoch(pairs: Sequence[TrainingPair], size: int, seed: int, epoch: int) -> list[Batch]:
    """Return the batches of an epoch: each pair is in one of them at most, none has fewer than two.

    A pair that does not fit into a batch waits for the next; one that fits into none is left out of this epoch. With
    hard negatives, a pair takes its own in turn, one an epoch; a pair without takes the passage of another pair.
    """
    rng = np.random.default_rng([seed, epoch])
    relevant = relevant_passages(pairs)
    hard = any(pair.negatives for pair in pairs)
    waiting = deque(pairs[index] for index in rng.permutation(len(pairs)).tolist())
    batches: list[Batch] = []
    while waiting:
        filling = _Filling()
        for _ in range(len(waiting)):
            if len(filling.batch.queries) == size:
                break
            pair = waiting.popleft()
            negative = _negative(pair, pairs, relevant, epoch, rng) if hard else None
            if (hard and negative is None) or not _add(filling, pair, negative, relevant):
                waiting.append(pair)
        if len(filling.batch.queries) < 2:  # no two that wait fit together
            break
        batches.append(filling.batch)
    return batches


def _add(filling: _Filling, pair: TrainingPair, negative: str | None, relevant: Mapping[str, set[str]]) -> bool:
    """Add a pair to the batch, unless one of its texts answers a query there or one there answers its query."""
    added = {pair.passage} if negative is None else {pair.passage, negative}
    if not filling.answers.isdisjoint(added) or not filling.candidates.isdisjoint(relevant[pair.query]):
        return False
    filling.batch.queries.append(pair.query)
    filling.batch.passages.append(pair.passage)
    if negative is not None:
        filling.batch.negatives.append(negative)
    filling.candidates |= added
    filling.answers |= relevant[pair.query]
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
    drawn = (pairs[index].passage for index in rng.integers(0, len(pairs), _DRAWN).tolist())
    return next((text for text in drawn if text not in relevant[pair.query]), None)
