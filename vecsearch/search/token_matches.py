"""Match the words of a query with the words of texts: each with the one whose vector is nearest.

The idea is ColBERT's MaxSim (Khattab and Zaharia 2020, arXiv 2004.12832): for each vector of the query, the nearest one
of the text, by cosine. Here words are compared, not tokens: a word has the mean of its tokens' vectors, so that "##ing"
is never matched with "##ing". Matches explain and do not rank: a model that gives one vector per text was not trained
for it. This module knows neither indexes nor searches.
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

# A word, as the kinds of its characters (see _kind): letters, digits and marks with single full stops, apostrophes
# and, between digits, commas inside, close to Unicode's annex 29; or a run without spaces; or a run of emoji.
_WORD = re.compile(r"(?<!_)_*[ld][ldm_]*(?:(?:[.']|(?<=d),(?=d))[ld][ldm_]*)*|(s)[sm]*|e[em]*")
_SIGNS = {".": ".", ",": ",", "'": "'", "’": "'", "_": "_"}
# Scripts that put no space between words: Thai and Lao, Burmese, Khmer, kana and Han.
_SPACELESS = re.compile(
    "[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff]"
)
_FIRST_EMOJI = "\u2600"  # symbols before it are arrows, and the lines of drawn tables
_SKINS = "🏻🏼🏽🏾🏿"


def explain_tokens(encoder: Encoder, query: str, texts: Sequence[str]) -> list[tuple[TokenMatch, ...]]:
    """Return for each text the word in it that is nearest to each word of the query, in the query's order.

    Punctuation is not a word. Words that the model cannot read or does not know have no match, nor does a text without
    words. An encoder without token vectors (see TokenwiseEncoder), such as an endpoint, gives no matches. The texts are
    encoded together.
    """
    [query_tokens] = token_vectors_of(encoder, [query], Role.QUERY)
    query_words = _words(query, query_tokens)
    if not len(query_words.spans):
        return [() for _ in texts]
    text_tokens = token_vectors_of(encoder, texts, Role.DOCUMENT)
    return [_matches(query_words, _words(text, tokens)) for text, tokens in zip(texts, text_tokens, strict=True)]


def _matches(query: TokenVectors, text: TokenVectors) -> tuple[TokenMatch, ...]:
    if not len(text.spans):
        return ()
    # A matrix product would start threads whose waiting on busy cores costs more than this does on one core.
    products = np.einsum("ik,jk->ij", query.vectors, text.vectors)  # (words of the query, words of the text)
    cosines = np.clip(products, -1, 1)
    nearest = cosines.argmax(axis=1)
    pairs = zip(query.spans.tolist(), text.spans[nearest].tolist(), cosines.max(axis=1).tolist(), strict=True)
    return tuple(TokenMatch(Span(*in_query), Span(*in_text), cosine) for in_query, in_text, cosine in pairs)


def _words(text: str, tokens: TokenVectors) -> TokenVectors:
    """The words of a text, each with the mean of its tokens' vectors; words without a token are left out."""
    spans = _word_spans(text, tokens.spans)
    first = np.searchsorted(spans[:, 1], tokens.spans[:, 0], "right")  # of each token: the first word it overlaps
    stop = np.searchsorted(spans[:, 0], tokens.spans[:, 1], "left")  # and the first word after it
    ranges = enumerate(zip(first.tolist(), stop.tolist(), strict=True))
    shares = np.array([(word, token) for token, (a, b) in ranges for word in range(a, b)], np.int64).reshape(-1, 2)
    sums = np.zeros((len(spans), tokens.vectors.shape[1]), np.float32)
    np.add.at(sums, shares[:, 0], tokens.vectors[shares[:, 1]])
    known = np.unique(shares[:, 0])
    return TokenVectors.of(spans[known], sums[known])


def _word_spans(text: str, tokens: IntArray) -> IntArray:
    """The spans of the words of a text, in order: int64 (words, 2). In scripts without spaces, a token is a word."""
    in_token = np.zeros(len(text) + 1, np.bool_)  # whether an offset is inside a token, not at its start or end
    for start, end in tokens.tolist():
        in_token[start + 1 : end] = True
    spans: list[tuple[int, int]] = []
    for word in _WORD.finditer("".join(map(_kind, text))):
        start, end = word.span()
        cuts = [offset for offset in range(start + 1, end) if not in_token[offset]] if word[1] else []
        spans += pairwise([start, *cuts, end])
    return np.array(spans, np.int64).reshape(-1, 2)


@cache
def _kind(character: str) -> str:
    """The kind of a character in _WORD: letter, digit, mark, of a script without spaces, emoji, sign or blank."""
    category = unicodedata.category(character)
    if category[0] in "LMN" and _SPACELESS.match(character):
        return "s"
    if category[0] == "M" or category == "Cf" or character in _SKINS:
        return "m"
    if category == "So" and character >= _FIRST_EMOJI:
        return "e"
    return {"L": "l", "N": "d"}.get(category[0]) or _SIGNS.get(character, " ")
