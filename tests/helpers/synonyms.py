"""Pairs that a tiny model can learn: a query says in other words what its passage says."""

from __future__ import annotations

import numpy as np

from vecsearch.training import TrainingPair

_WORDS = [*"abcdefghijklmnopqrstuvwxyz", "red", "green", "blue", "house", "tree", "river"]  # of the tiny models
SYNONYMS = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))


def pairs_of_synonyms(n: int) -> list[TrainingPair]:
    """So many pairs: a passage of six words, a query of the synonyms of three of them."""
    rng = np.random.default_rng(4)
    found = []
    for _ in range(n):
        words = rng.permutation(list(SYNONYMS))[:6].tolist()
        found.append(TrainingPair(" ".join(SYNONYMS[word] for word in words[1::2]), " ".join(words)))
    return found
