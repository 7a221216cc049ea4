"""WordSpace: words with their vectors, the nearest of them, and analogies by 3CosAdd. Knows no model and no file.

    nearest(a)          the words b with the highest cos(a, b)
    b - a + c = ?       the word d with the highest cos(d, b - a + c), over unit vectors; a, b and c are left out

Mikolov, Yih and Zweig 2013, "Linguistic Regularities in Continuous Space Word Representations"; Levy and Goldberg
2014, "Linguistic Regularities in Sparse and Explicit Word Representations", who name it 3CosAdd and show that it adds
and subtracts three similarities. Leaving the query's words out matters: otherwise one of them is usually the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vecsearch.errors import InvalidQuery
from vecsearch.types import FloatArray, IntArray
from vecsearch.vectors import inner_products

_AT_ONCE = 256  # questions whose scores over all words are in memory at once


@dataclass(frozen=True, slots=True)
class WordNeighbor:
    """A word, and the cosine of its vector with the query."""

    word: str
    similarity: float


class WordSpace:
    """Candidate words with unit vectors, float32 (n, dim).

    A word is looked up as it is written, then in lower case. `encode` returns vectors, of any length, of words that are
    not candidates; without it, `explain_missing` ends the error for such a word with the reason.
    """

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        vectors: FloatArray,
        *,
        encode: Callable[[Sequence[str]], FloatArray] | None = None,
        explain_missing: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.name = name
        self.words = words
        self.vectors = _unit(vectors)
        self._rows: Mapping[str, int] = dict(zip(words, range(len(words)), strict=True))
        self._encode = encode
        self._explain_missing = explain_missing

    def row(self, word: str) -> int | None:
        """Return the row of a word; None when it is not a candidate."""
        row = self._rows.get(word)
        return self._rows.get(word.lower()) if row is None else row

    def vectors_of(self, words: Sequence[str]) -> FloatArray:
        """Return the unit vectors of words, float32 (words, dim); raises InvalidQuery for a word that has none."""
        rows = {word: row for word in words if (row := self.row(word)) is not None}
        others = [word for word in dict.fromkeys(words) if word not in rows]
        if others and self._encode is None:
            raise InvalidQuery(f"{self.name} has no vector of the word {others[0]!r}{self._explain_missing(others[0])}")
        encoded = dict(zip(others, _unit(self._encode(others)), strict=True)) if others and self._encode else {}
        return np.stack([self.vectors[rows[word]] if word in rows else encoded[word] for word in words])

    def nearest(self, vector: FloatArray, n: int, without: Sequence[str] = ()) -> list[WordNeighbor]:
        """Return the `n` words with the highest cosine to a vector, best first, leaving out those `without`."""
        scores = inner_products(self.vectors, _unit(vector[None])[0])  # (words,)
        scores[[row for word in without if (row := self.row(word)) is not None]] = -np.inf
        best = np.argsort(-scores, kind="stable")[:n].tolist()
        return [
            WordNeighbor(self.words[row], min(1.0, max(-1.0, float(scores[row]))))
            for row in best
            if scores[row] > -np.inf
        ]

    def answers(self, questions: IntArray) -> IntArray:
        """Return for rows of words (a, b, c), int64 (q, 3), the row of d in "a is to b as c is to d": int64 (q,)."""
        answers = np.empty(len(questions), np.int64)
        for start in range(0, len(questions), _AT_ONCE):
            batch = questions[start : start + _AT_ONCE]
            a, b, c = (self.vectors[batch[:, column]] for column in range(3))
            scores = (b - a + c) @ self.vectors.T  # (q, words); the length of b - a + c does not change the order
            scores[np.arange(len(batch))[:, None], batch] = -np.inf
            answers[start : start + _AT_ONCE] = scores.argmax(axis=1)
        return answers


def _unit(vectors: FloatArray) -> FloatArray:
    """Return the rows scaled to length 1; a zero row stays zero, so that it is near nothing."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)  # (n, 1)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
