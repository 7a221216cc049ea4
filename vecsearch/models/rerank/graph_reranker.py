"""GraphReranker: a query and texts to scores with a cross-encoder's own tokenizer, on a runtime for graphs.

Holds the way from texts to batches and from a head's numbers to scores. Files are opened when they are first needed.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from vecsearch.checks import check_whole
from vecsearch.cores import usable_cores
from vecsearch.errors import ModelDamaged
from vecsearch.models.batching import batches_by_length, run_batches
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.rerank.pairs import PairTokenizer, pad_pairs
from vecsearch.models.rerank.runtimes import PairModel, PairRuntime
from vecsearch.models.rerank.spec import Activation, read_pair_spec
from vecsearch.types import FloatArray, IntArray, ScoreArray

_SLICE = 2048  # texts whose tokens are in memory at a time


class GraphReranker:
    """A Reranker on a runtime for graphs, opened by the first thread that scores."""

    def __init__(self, model: ModelFolder, runtime: PairRuntime, *, threads: int | None = None) -> None:
        """Read the small files of `model`; raises InvalidOption, ModelDamaged, ModelUnsupported."""
        self.spec = read_pair_spec(model)
        self._threads = usable_cores() if threads is None else check_whole("threads", threads, 1)
        self._runtime = runtime
        self._opening = threading.Lock()
        self._model: tuple[PairTokenizer, PairModel] | None = None

    @property
    def name(self) -> str:
        """The model's name as it was given."""
        return self.spec.name

    def scores(self, query: str, texts: Sequence[str]) -> ScoreArray:
        """Return a score for each text, in their order: float64 (n,).

        Raises ModelDamaged when the model cannot run, ModelUnsupported when its graph is not that of a cross-encoder.
        """
        logits = np.empty(len(texts), np.float64)
        if texts:
            tokenizer, model = self._open_once()
            with ThreadPoolExecutor(self._threads) as workers:
                for start in range(0, len(texts), _SLICE):
                    pairs = tokenizer.pairs(query, texts[start : start + _SLICE])
                    self._fill(logits[start : start + _SLICE], pairs, model, workers)
        if not np.isfinite(logits).all():
            raise ModelDamaged(f"{self.spec.weights} gives scores that are not finite numbers: download it again")
        return _sigmoid(logits) if self.spec.activation is Activation.SIGMOID else logits

    def _fill(
        self, logits: ScoreArray, pairs: Sequence[IntArray], model: PairModel, workers: ThreadPoolExecutor
    ) -> None:
        batching = self._runtime.batching

        def run(rows: IntArray, *, alone: bool) -> FloatArray:
            batch = pad_pairs([pairs[row] for row in rows], batching.multiple, self.spec.max_tokens)
            return model.run(batch, alone=alone)

        batches = list(batches_by_length([pair.shape[1] for pair in pairs], batching, self._threads))
        for rows, scores in zip(batches, run_batches(batches, run, workers, self._threads), strict=True):
            logits[rows] = scores

    def _open_once(self) -> tuple[PairTokenizer, PairModel]:
        with self._opening:  # threads that arrive together open the model once
            if self._model is None:
                self._model = PairTokenizer(self.spec), self._runtime.open(self.spec, self._threads)
            return self._model


def _sigmoid(logits: ScoreArray) -> ScoreArray:
    """1 / (1 + exp(-x)) without overflow; in float64, so that good texts do not all have the score 1."""
    return np.asarray(np.exp(-np.logaddexp(0, -logits)), np.float64)
