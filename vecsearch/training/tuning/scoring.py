"""How well a model answers the queries that were held out: evaluate() on an index that is thrown away."""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager, closing
from pathlib import Path

from vecsearch.analysis.evaluation import Evaluation, evaluate
from vecsearch.index import Index
from vecsearch.models.cache import Cache
from vecsearch.models.encoder import Encoder
from vecsearch.training.tuning.held_out import Split
from vecsearch.types import Document, Mode

MEASURE = "nDCG@10"


def score(encoder: Encoder, split: Split) -> Evaluation:
    """The evaluation of what the encoder's vectors find, as its weights are now.

    Its vectors go to a cache of this score alone: the next one is of another model under the same fingerprint.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, _own_cache(Path(folder)) as own:
        index = Index.create(Path(folder, "index"), model=encoder, recall=1.0, cache=own)
        index.add(Document(name, text) for name, text in split.passages.items())
        return evaluate(index, split.queries, split.judgements, modes=[Mode.DENSE])


def _own_cache(folder: Path) -> AbstractContextManager[Cache]:
    """A cache in the folder, closed before that is removed."""
    return closing(Cache(folder / "cache"))


def mean(evaluation: Evaluation) -> float:
    """The score that models are compared by, 0 to 1."""
    return evaluation.modes[0].scores[MEASURE]
