"""Why a text is near a query: for each word of the query the word of the text that means most nearly the same.

The idea is ColBERT's MaxSim (Khattab and Zaharia 2020, arXiv 2004.12832): of each vector on the query's side the
nearest one on the text's, by cosine. Here words are compared, not pieces: a word has the mean of its tokens' vectors,
so that "##ing" is never what matches "##ing". It explains and does not rank: a model that gives a text one vector was
not trained for it. Knows no index and no search.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np

from vecsearch.models.capabilities import token_vectors_of
from vecsearch.models.encoder import Encoder, TokenVectors
from vecsearch.types import IntArray, Role, Span, TokenMatch

# A word, in the kinds of its characters, see _kind(). Letters, digits and marks with single full stops, apostrophes
# and, between digits, commas inside: about as Unicode's annex 29 has it. Or a run without spaces, or one of emoji.
_WORD = re.compile(r"_*[ld][ldm_]*(?:(?:[.']|(?<=d),(?=d))[ld][ldm_]*)*|(s)[sm]*|e[em]*")
_SIGNS = {".": ".", ",": ",", "'": "'", "’": "'", "_": "_"}
# Scripts that put no space between words: Thai and Lao, Burmese, Khmer, kana and Han.
_SPACELESS = re.compile(
    "[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff]"
)
_FIRST_EMOJI = "\u2600"  # symbols before it are arrows, and the lines of drawn tables
_SKINS = "🏻🏼🏽🏾🏿"


def explain_tokens(encoder: Encoder, query: str, texts: Sequence[str]) -> list[tuple[TokenMatch, ...]]:
    """For each text what in it every word of the query is nearest to, in the query's order.

    Punctuation is no word. A word that the model does not read or does not know has no match, a text without words
    none at all, and no text has any from an encoder that shows no token vectors (see TokenwiseEncoder), such as an
    endpoint. The texts are given to the encoder together.
    """
    [asked] = token_vectors_of(encoder, [query], Role.QUERY)
    wanted = _words(query, asked)
    if not len(wanted.spans):
        return [() for _ in texts]
    found = token_vectors_of(encoder, texts, Role.DOCUMENT)
    return [_matches(wanted, _words(text, tokens)) for text, tokens in zip(texts, found, strict=True)]


def _matches(query: TokenVectors, text: TokenVectors) -> tuple[TokenMatch, ...]:
    if not len(text.spans):
        return ()
    # A matrix product would wake threads that wait for one another longer, on busy cores, than this takes on one.
    products = np.einsum("ik,jk->ij", query.vectors, text.vectors)  # (words of the query, words of the text)
    cosines = np.clip(products, -1, 1)
    nearest = cosines.argmax(axis=1)
    pairs = zip(query.spans.tolist(), text.spans[nearest].tolist(), cosines.max(axis=1).tolist(), strict=True)
    return tuple(TokenMatch(Span(*wanted), Span(*found), similarity) for wanted, found, similarity in pairs)


def _words(text: str, tokens: TokenVectors) -> TokenVectors:
    """The words of a text, each with the mean of its tokens' vectors; words without a token are left out."""
    spans = _word_spans(text, tokens.spans)
    first = np.searchsorted(spans[:, 1], tokens.spans[:, 0], "right")  # the first word that ends behind its start
    last = np.searchsorted(spans[:, 0], tokens.spans[:, 1], "left")  # behind the last one that begins before its end
    ranges = enumerate(zip(first.tolist(), last.tolist(), strict=True))
    shares = np.array([(word, token) for token, (a, b) in ranges for word in range(a, b)], np.int64).reshape(-1, 2)
    sums = np.zeros((len(spans), tokens.vectors.shape[1]), np.float32)
    np.add.at(sums, shares[:, 0], tokens.vectors[shares[:, 1]])
    known = np.unique(shares[:, 0])
    return TokenVectors.of(spans[known], sums[known])


def _word_spans(text: str, tokens: IntArray) -> IntArray:
    """Where the words of a text are, in order: int64 (words, 2). Without spaces between them, a token is a word."""
    goes_on = np.zeros(len(text) + 1, np.bool_)  # whether a token has begun before this place and ends behind it
    for start, end in tokens.tolist():
        goes_on[start + 1 : end] = True
    found: list[tuple[int, int]] = []
    for word in _WORD.finditer("".join(map(_kind, text))):
        start, end = word.span()
        seams = [place for place in range(start + 1, end) if not goes_on[place]] if word[1] else []
        found += pairwise([start, *seams, end])
    return np.array(found, np.int64).reshape(-1, 2)


@cache
def _kind(character: str) -> str:
    """What a character is in _WORD: letter, digit, mark, one of a script without spaces, emoji, a sign, or a blank."""
    category = unicodedata.category(character)
    if category[0] in "LMN" and _SPACELESS.match(character):
        return "s"
    if category[0] == "M" or category == "Cf" or character in _SKINS:
        return "m"
    if category == "So" and character >= _FIRST_EMOJI:
        return "e"
    return {"L": "l", "N": "d"}.get(category[0]) or _SIGNS.get(character, " ")
