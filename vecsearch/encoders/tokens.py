"""Texts to token numbers and character spans, with a model's own tokenizer.json. Knows nothing of vectors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from vecsearch.encoders.spec import SPECIAL_TOKENS
from vecsearch.errors import ModelDamaged
from vecsearch.types import IntArray

_SURROGATES = re.compile("[\ud800-\udfff]")
_BATCH_CHARACTERS = 1 << 20  # a token's record takes some hundred bytes while a batch is alive


class TextTokenizer:
    """A tokenizer without the truncation and padding that tokenizer.json may carry; safe for several threads."""

    def __init__(self, path: Path, vocabulary: int) -> None:
        """Load `path`; raises ModelDamaged when it does not fit a BERT model that knows `vocabulary` tokens."""
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise ModelDamaged(f"{path} is not a tokenizer: {error}") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        if (special := self._tokenizer.num_special_tokens_to_add(False)) != SPECIAL_TOKENS:
            raise ModelDamaged(f"{path} adds {special} special tokens to a text, expected {SPECIAL_TOKENS}")
        if (size := self._tokenizer.get_vocab_size()) > vocabulary:
            raise ModelDamaged(f"{path} has {size} tokens, the model {vocabulary}: they do not belong together")

    def ids(self, texts: Sequence[str], limit: int) -> list[list[int]]:
        """For each text its token numbers with the special ones, at most `limit`; the end of a text is cut."""
        found: list[list[int]] = []
        for batch in _batches(texts):
            for encoding in self._tokenizer.encode_batch_fast(batch):
                ids = encoding.ids
                found.append(ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]])
        return found

    def spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens: int64 (tokens, 2), no special tokens, nothing cut."""
        found: list[IntArray] = []
        for batch in _batches(texts):
            for encoding in self._tokenizer.encode_batch(batch, add_special_tokens=False):
                offsets = encoding.offsets
                flat = np.fromiter(chain.from_iterable(offsets), np.int64, 2 * len(offsets))
                found.append(flat.reshape(-1, 2))
        return found

    def count(self, text: str) -> int:
        """How many tokens `text` has, special ones not counted."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        # Half of a surrogate pair is no text and the tokenizer refuses it; one sign for one keeps the offsets.
        batch.append(_SURROGATES.sub("\ufffd", text))
        characters += len(text)
        if characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
