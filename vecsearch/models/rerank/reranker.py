"""What a reranker is, and what holds for the scores of any. Holds no model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from vecsearch.errors import ModelDamaged
from vecsearch.types import FloatArray, ScoreArray


class Reranker(Protocol):
    """Reads a query and a text together and says how well the one fits the other.

    Creating one is cheap: files are opened when they are first needed.
    """

    @property
    def name(self) -> str:
        """The model's name for people, as in "cross-encoder/ms-marco-MiniLM-L6-v2"."""

    def scores(self, query: str, texts: Sequence[str]) -> ScoreArray | FloatArray:
        """A score (n,) for each of the texts, in their order; higher is better, on a scale of the model's own."""


def checked_scores(reranker: Reranker, query: str, texts: Sequence[str]) -> ScoreArray:
    """The scores that a reranker gives, known to be one finite number for each text: float64 (n,).

    Raises ModelDamaged for anything else.
    """
    found = np.asarray(reranker.scores(query, texts), np.float64)
    if found.shape != (len(texts),):
        raise ModelDamaged(f"{reranker.name} gave scores of shape {found.shape}, expected {(len(texts),)}")
    if bad := np.flatnonzero(~np.isfinite(found)).tolist():
        raise ModelDamaged(
            f"{reranker.name} gave the score {found[bad[0]]} for text {bad[0]}, expected a finite number"
        )
    return found
