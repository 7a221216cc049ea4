"""What is held out of training, and how a model is scored by it: evaluate() on an index that is thrown away.

No query and no passage that is trained with is among the answers that are scored.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vecsearch.analysis.evaluation import Evaluation, evaluate
from vecsearch.errors import InvalidDocument
from vecsearch.index import Index
from vecsearch.models.cache import Cache
from vecsearch.models.encoder import Encoder
from vecsearch.training.tuning.pairs import TrainingPair, relevant_passages
from vecsearch.types import Document, Mode

MEASURE = "nDCG@10"
_QUERIES = 100  # that are scored at most: each score costs minutes where a processor is slow
_PASSAGES = 500  # among which their answers are searched, at most


@dataclass(frozen=True, slots=True)
class Split:
    """Pairs to train with, and a small collection: queries and passages by id, and which passages answer a query."""

    training: tuple[TrainingPair, ...]
    queries: dict[str, str]
    passages: dict[str, str]
    qrels: dict[str, dict[str, int]]


def hold_out(pairs: Sequence[TrainingPair], share: float, seed: int) -> Split:
    """Hold out about `share` of the passages, with all of their queries; equal seeds hold out the same ones.

    Their answers are searched among passages that the model is trained with, too, so that there is something to
    confuse them with. Raises InvalidDocument when there are too few pairs for both.
    """
    distinct = list(dict.fromkeys(pair.passage for pair in pairs))
    passages = [distinct[index] for index in np.random.default_rng(seed).permutation(len(distinct)).tolist()]
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
    others = [passage for passage in passages if passage not in answers][: max(0, _PASSAGES - len(answers))]
    ids = {passage: str(number) for number, passage in enumerate([*answers, *others])}
    return Split(
        training=training,
        queries={str(number): query for number, query in enumerate(scored)},
        passages={id_: passage for passage, id_ in ids.items()},
        qrels={
            str(number): {ids[passage]: 1 for passage in sorted(relevant[query])} for number, query in enumerate(scored)
        },
    )


def evaluate_held_out(encoder: Encoder, split: Split) -> Evaluation:
    """Evaluate what the encoder's vectors find, with its weights as they are now.

    Vectors go to a cache of this evaluation alone: the next one is of other weights under the same fingerprint.
    """
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        closing(Cache(Path(folder))) as cache,
        Index.create(Path(folder, "index"), model=encoder, recall=1.0, cache=cache) as index,
    ):
        index.add(Document(id_, text) for id_, text in split.passages.items())
        return evaluate(index, split.queries, split.qrels, modes=[Mode.DENSE])


def mean(evaluation: Evaluation) -> float:
    """Return the score that models are compared by, 0 to 1."""
    return evaluation.modes[0].scores[MEASURE]
