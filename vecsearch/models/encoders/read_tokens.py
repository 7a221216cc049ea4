"""The tokens that a model reads of a text, behind its prompt, and the characters of the text each stands for.

Knows no model: one gives the vectors, and gets those that belong to the text back as TokenVectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vecsearch.models.encoder import TokenVectors
from vecsearch.models.encoders.tokens import TextTokenizer
from vecsearch.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class ReadTokens:
    """`ids` are all that a model reads for a text; `spans`, int64 (tokens, 2), where each stands in the text.

    A special token, one of the prompt, and one that stands for no character have an empty span.
    """

    ids: list[int]
    spans: IntArray

    def with_vectors(self, vectors: FloatArray) -> TokenVectors:
        """The tokens that stand for characters, given the vectors of all that are read: float32 (tokens, m)."""
        kept = self.spans[:, 0] < self.spans[:, 1]
        return TokenVectors.of(self.spans[kept], vectors[kept])


def read_tokens(
    tokenizer: TextTokenizer, texts: Sequence[str], limit: int, *, prompt: str = "", lowercase: bool = False
) -> list[ReadTokens]:
    """What is read for each text behind `prompt`: at most `limit` tokens, special ones and the prompt's counted."""
    prompted = [prompt + text for text in texts]
    read = [text.lower() for text in prompted] if lowercase else prompted
    tokens = tokenizer.ids_and_spans(read, limit)
    return [
        ReadTokens(ids, np.clip((_raised(spans, whole) if lowercase else spans) - len(prompt), 0, len(text)))
        for (ids, spans), whole, text in zip(tokens, prompted, texts, strict=True)
    ]


def _raised(spans: IntArray, text: str) -> IntArray:
    """The places in a text, given those in its lower case, which may be longer: "İ" has two characters there."""
    sources = np.repeat(np.arange(len(text)), [len(character.lower()) for character in text])
    if len(sources) == len(text):
        return spans
    ends = np.concatenate([[0], sources + 1])
    starts = np.concatenate([sources, [len(text)]])
    return np.stack([starts[spans[:, 0]], ends[spans[:, 1]]], axis=1)
