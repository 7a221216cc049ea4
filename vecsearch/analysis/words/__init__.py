"""Arithmetic with words: nearest_words() and analogy(), over a model's vocabulary, a list of words, or an index.

words and their vectors (spaces) -> the sum of the query's words -> the nearest words (space)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vecsearch.analysis.words.space import WordNeighbor, WordSpace
from vecsearch.analysis.words.spaces import as_encoder, index_space, model_space, text_space
from vecsearch.checks import check_whole
from vecsearch.choices import By, ByName
from vecsearch.errors import InvalidOption, InvalidQuery
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import DEFAULT_MODEL
from vecsearch.reports import Progress
from vecsearch.types import FloatArray

if TYPE_CHECKING:
    from vecsearch.index import Index

__all__ = ["WordNeighbor", "analogy", "nearest_words", "parse_expression"]

_SIGNS = {"+": 1, "-": -1, "−": -1}
_ZERO = 1e-6  # what rounding leaves of a vector of length 1 and its opposite


def nearest_words(
    word: str,
    n: int = 10,
    *,
    model: str | Encoder = DEFAULT_MODEL,
    index: Index | None = None,
    words: Sequence[str] | None = None,
    by: By | ByName | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[WordNeighbor]:
    """Return the `n` words whose vectors have the highest cosine with that of `word`, best first, without `word`.

    The candidates are the words that are one token of `model`. With `by` "rows", the default, each has its row of the
    model's matrix; with "texts" the model encodes each as a text. Or the candidates are `words`, or the most frequent
    words of an `index`, which are always encoded as texts. `progress` gets the number of words encoded so far, each
    counted as a document of one chunk.

    Raises InvalidQuery for a word that has no vector, or when there are no candidates, ModelUnsupported for a model
    that exposes no tokens or no matrix, InvalidOption.
    """
    return _nearest([(word, 1)], n, _space(model, index, words, by, progress))


def analogy(
    expression: str,
    n: int = 10,
    *,
    model: str | Encoder = DEFAULT_MODEL,
    index: Index | None = None,
    words: Sequence[str] | None = None,
    by: By | ByName | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[WordNeighbor]:
    """Return the `n` words nearest to a sum such as "king - man + woman", best first, without the words in it.

    Each word contributes its unit vector (3CosAdd, Levy and Goldberg 2014). The candidates and the errors are those of
    `nearest_words`; also raises InvalidQuery for an expression that is not a sum of words.
    """
    return _nearest(parse_expression(expression), n, _space(model, index, words, by, progress))


def parse_expression(expression: str) -> list[tuple[str, int]]:
    """Return the words of "king - man + woman" in order, each with +1 or -1.

    A sign needs a blank on each side, because words may hold hyphens; words without a sign between them are one, as in
    "new york - usa + france". Raises InvalidQuery when a word is missing between signs or at the end.
    """
    terms: list[tuple[list[str], int]] = [([], 1)]
    for number, part in enumerate(expression.split()):
        if part not in _SIGNS:
            terms[-1][0].append(part)
        elif number == 0:
            terms = [([], _SIGNS[part])]
        else:
            terms.append(([], _SIGNS[part]))
    if not all(words for words, _ in terms):
        raise InvalidQuery(f"{expression!r} is not arithmetic with words, expected such as: king - man + woman")
    return [(" ".join(words), sign) for words, sign in terms]


def _nearest(terms: Sequence[tuple[str, int]], n: int, space: WordSpace) -> list[WordNeighbor]:
    n = check_whole("n", n, least=1)
    if not space.words:
        raise InvalidQuery(f"{space.name} has no words to choose from")
    words = [word for word, _ in terms]
    signs = np.array([sign for _, sign in terms], np.float32)
    total: FloatArray = signs @ space.vectors_of(words)  # (terms,) @ (terms, dim)
    if not np.linalg.norm(total) > _ZERO:
        raise InvalidQuery("the words add up to zero, which is near no word: use other words")
    return space.nearest(total, n, without=words)


def _space(
    model: str | Encoder,
    index: Index | None,
    words: Sequence[str] | None,
    by: By | ByName | None,
    progress: Callable[[Progress], None] | None,
) -> WordSpace:
    """Return the candidates with their vectors."""
    by = None if by is None else By.of(by)
    if index is not None and words is not None:
        raise InvalidOption("words and index are both given: choose from one of them")
    if (index is not None or words is not None) and by is By.ROWS:
        raise InvalidOption("by is 'rows', which only a model's own words have: leave it out")
    if index is not None:
        return index_space(index.session(), progress)
    encoder = as_encoder(model)
    if words is not None:
        return text_space(encoder, list(dict.fromkeys(words)), progress=progress)
    return model_space(encoder, by or By.ROWS, progress)
