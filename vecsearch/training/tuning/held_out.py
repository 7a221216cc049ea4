"""Which pairs a model is trained with, and which it is judged by: no query and no passage of these is among those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vecsearch.errors import InvalidDocument
from vecsearch.training.tuning.pairs import TrainingPair, relevant_passages

_QUERIES = 100  # that are scored at most: each score costs minutes where a processor is slow
_PASSAGES = 500  # among which their answers are looked for, at most


@dataclass(frozen=True, slots=True)
class Split:
    """Pairs to train with, and a small collection: queries, passages by id, and which of these answer which query."""

    training: tuple[TrainingPair, ...]
    queries: dict[str, str]
    passages: dict[str, str]
    judgements: dict[str, dict[str, int]]


def hold_out(pairs: Sequence[TrainingPair], share: float, seed: int) -> Split:
    """About `share` of the passages, with all of their queries, are held out, the same ones for the same seed.

    Their answers are looked for among passages that the model is trained with, too, so that there is something to
    confuse them with. Raises InvalidDocument when there are too few pairs for both.
    """
    known = list(dict.fromkeys(pair.passage for pair in pairs))
    passages = [known[place] for place in np.random.default_rng(seed).permutation(len(known)).tolist()]
    held = set(passages[: max(1, round(share * len(passages)))])
    queries = dict.fromkeys(pair.query for pair in pairs if pair.passage in held)
    training = tuple(pair for pair in pairs if pair.passage not in held and pair.query not in queries)
    if len(training) < 2:
        raise InvalidDocument(
            f"{len(pairs)} pairs of {len(passages)} passages leave {len(training)} to train with: at least 2 are needed"
        )
    relevant = relevant_passages(pairs)
    scored = list(queries)[:_QUERIES]
    answers = dict.fromkeys(passage for query in scored for passage in sorted(relevant[query]))
    others = [passage for passage in passages if passage not in answers]
    numbers = {passage: str(number) for number, passage in enumerate([*answers, *others[: _room(len(answers))]])}
    return Split(
        training=training,
        queries={str(number): query for number, query in enumerate(scored)},
        passages={number: passage for passage, number in numbers.items()},
        judgements={
            str(number): {numbers[passage]: 1 for passage in sorted(relevant[query])}
            for number, query in enumerate(scored)
        },
    )


def _room(answers: int) -> int:
    return max(0, _PASSAGES - answers)
