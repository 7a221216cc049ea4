"""Estimated tokens, for models whose tokenizer is not on this machine: a count to plan by, not the model's.

Meant to overestimate rather than underestimate. A word's first four letters are a token, every three more another; a
digit, a sign and a character outside ASCII are one each, two where UTF-8 has three bytes for it (Chinese), three for
four (emoji); every character of a long run without words (a key, base64) is one. Against tokenizers, on real text:
OpenAI's cl100k_base 1.2 to 1.8 times (English 1.5, German 1.2, Chinese 1.6, code 1.5), the WordPiece of BERT 1.0
to 2.0, of Llama 2 0.9 (Arabic) to 2.4. Rare scripts of three bytes can have a third more tokens than estimated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np

from vecsearch.types import IntArray

_TOKEN = re.compile(
    r"(?=[A-Za-z0-9]{24})[A-Za-z0-9]"  # no word is that long
    r"|(?<![A-Za-z])[A-Za-z][a-z]{0,3}|[A-Z]?[a-z]{1,3}|[A-Z]{1,2}|\S"
)


class EstimatedTokenizer:
    """Takes the part of a tokenizer that is missing or knows no offsets."""

    special = 2  # as many as most models put around a text

    def spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return the estimated offsets of each text's tokens: int64 (tokens, 2)."""
        return [estimate_spans(text) for text in texts]

    def count(self, text: str) -> int:
        """Return the estimated number of tokens in `text`."""
        return len(estimate_spans(text))


def estimate_spans(text: str) -> IntArray:
    """Return the estimated character offsets of the text's tokens: int64 (tokens, 2), in order, some of them equal."""
    spans = np.fromiter(chain.from_iterable(match.span() for match in _TOKEN.finditer(text)), np.int64).reshape(-1, 2)
    if text.isascii():
        return spans
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")[spans[:, 0]]
    return np.repeat(spans, 1 + (codes > 0x7FF) + (codes > 0xFFFF), axis=0)
