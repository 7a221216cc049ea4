"""How close a hit is to its query: whether it may be an answer, by meaning and by words together.

The best hit of a hybrid search scores 1 whatever it is worth, and what a similarity is worth depends on the model. So
for some models `benchmarks/closeness.py` measured on queries with and without an answer in the index

    similarity + weight * share          share: how much of the query's words the passage has, by their rarity, 0 to 1

and where it separates answers from the rest: docs/searching.md has the figures. For other models nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vecsearch.types import Closeness, Strength


class Calibration(NamedTuple):
    """What a model's sums are worth: one in fifty answers is below `weak`, half of them are from `strong` up."""

    weight: float
    weak: float
    strong: float


# By fingerprint. From benchmarks/closeness.py; docs/searching.md says how well they do on each collection.
_CALIBRATED = {
    "e428bcbdc1402f09e899ba3cabd74b1da5d9bf6eb6a56f39d1684b40404e6d61": Calibration(0.66, 0.44, 0.95),  # MiniLM
    "f937f3ad9ca903b1080dcb31dea3b0f62342cedfc4ac8b0b0a3e238704b1deae": Calibration(1.27, 0.45, 1.20),  # wordllama
}


def closeness(fingerprint: str, similarities: Sequence[float | None], shares: Sequence[float]) -> list[Closeness]:
    """Return how close hits are by their cosines and their shares of the query's words, for the model's fingerprint."""
    calibrated = _CALIBRATED.get(fingerprint)
    return [
        Closeness(share, _strength(calibrated, similarity + calibrated.weight * share))
        if calibrated and similarity is not None
        else Closeness(share, None)
        for similarity, share in zip(similarities, shares, strict=True)
    ]


def _strength(calibrated: Calibration, value: float) -> Strength:
    if value < calibrated.weak:
        return "weak"
    return "strong" if value >= calibrated.strong else "fair"
