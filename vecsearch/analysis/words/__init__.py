"""Computing with words: nearest_words() and analogy(), over a model's vocabulary, a list of words, or an index.

words and their vectors (spaces) -> what is asked, as a vector (expression) -> the nearest words (space)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vecsearch.analysis.words.expression import parsed
from vecsearch.analysis.words.space import WordNeighbor, WordSpace
from vecsearch.analysis.words.spaces import index_space, model_space, opened, text_space
from vecsearch.choices import By
from vecsearch.errors import InvalidOption, InvalidQuery
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import DEFAULT_MODEL
from vecsearch.reports import Progress
from vecsearch.types import FloatArray

if TYPE_CHECKING:
    from vecsearch.index import Index

__all__ = ["WordNeighbor", "analogy", "nearest_words"]


def nearest_words(
    word: str,
    n: int = 10,
    *,
    model: str | Encoder = DEFAULT_MODEL,
    index: Index | None = None,
    words: Sequence[str] | None = None,
    by: By | str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[WordNeighbor]:
    """The `n` words whose vectors are most like that of `word`, by cosine, best first; `word` itself left out.

    Chosen from are the words that are one token of `model`: each has its row of the model's matrix, or, `by` "texts",
    the vector that the model gives it as a text. Or `words` are chosen from, or the most frequent ones of an `index`,
    encoded by its model; these have texts always. `by` "rows" is what a model's own words have if nothing is said.
    `progress` is told how many words have been encoded, each counted as a document of one chunk.

    Raises InvalidQuery for a word that has no vector, or where there is nothing to choose from, ModelUnsupported for
    a model that shows no tokens or no matrix, InvalidOption.
    """
    return _nearest([(word, 1)], n, _space(model, index, words, by, progress))


def analogy(
    expression: str,
    n: int = 10,
    *,
    model: str | Encoder = DEFAULT_MODEL,
    index: Index | None = None,
    words: Sequence[str] | None = None,
    by: By | str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[WordNeighbor]:
    """The `n` words nearest to a sum such as "king - man + woman", best first; the words in it are left out.

    Each word counts with its direction (3CosAdd, Levy and Goldberg 2014). What is chosen from, and what is raised, is
    as for `nearest_words`; InvalidQuery also for what is no sum of words.
    """
    return _nearest(parsed(expression), n, _space(model, index, words, by, progress))


def _nearest(terms: Sequence[tuple[str, int]], n: int, space: WordSpace) -> list[WordNeighbor]:
    if n < 1:
        raise InvalidOption(f"n is {n}, expected at least 1")
    if not space.words:
        raise InvalidQuery(f"{space.name} has no words to choose from")
    words = [word for word, _ in terms]
    signs = np.array([sign for _, sign in terms], np.float32)
    total: FloatArray = signs @ space.vectors_of(words)  # (terms,) @ (terms, dim)
    if not np.linalg.norm(total) > _NOTHING:
        raise InvalidQuery("the words add up to nothing, which is near to no word: ask with others")
    return space.nearest(total, n, without=words)


_NOTHING = 1e-6  # what rounding leaves of a vector of length 1 and its opposite


def _space(
    model: str | Encoder,
    index: Index | None,
    words: Sequence[str] | None,
    by: By | str | None,
    progress: Callable[[Progress], None] | None,
) -> WordSpace:
    """The words to choose from, with their vectors."""
    chosen = None if by is None else By.of(by)
    if index is not None and words is not None:
        raise InvalidOption("words and index are both given: choose from one of them")
    if (index is not None or words is not None) and chosen is By.ROWS:
        raise InvalidOption("by is 'rows', which only a model's own words have: leave it out")
    if index is not None:
        return index_space(index, progress)
    encoder = opened(model)
    if words is not None:
        return text_space(encoder, list(dict.fromkeys(words)), progress=progress)
    return model_space(encoder, chosen or By.ROWS, progress)
