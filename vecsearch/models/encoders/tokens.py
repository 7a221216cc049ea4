"""Texts to token numbers and character spans, with a model's own tokenizer.json. Knows nothing of vectors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from vecsearch.errors import ModelDamaged
from vecsearch.types import IntArray

_Token = TypeVar("_Token")
_SURROGATES = re.compile("[\ud800-\udfff]")
_NOT_BLANK = re.compile(r"\S")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_SYLLABLES = re.compile("[\u3040-\u30ff\uac00-\ud7af]")  # kana and Hangul
_BATCH_CHARACTERS = 1 << 20  # a token's record takes some hundred bytes while a batch is alive


def open_tokenizer(path: Path) -> Any:
    """The tokenizers library's tokenizer in a tokenizer.json; raises ModelDamaged when it is none."""
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ModelDamaged(f"{path} is not a tokenizer: {error}") from error


class TextTokenizer:
    """A tokenizer without the truncation and padding that tokenizer.json may carry; safe for several threads."""

    def __init__(self, path: Path) -> None:
        """Load `path`; raises ModelDamaged when it is no tokenizer."""
        self._tokenizer = open_tokenizer(path)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.size: int = self._tokenizer.get_vocab_size()
        self._before, self._behind = _special_around(self._tokenizer)
        self._strange = _strange(self._tokenizer)

    @property
    def special(self) -> int:
        """How many special tokens go around a text."""
        return self._before + self._behind

    def ids(self, texts: Sequence[str], limit: int) -> list[list[int]]:
        """For each text its token numbers with the special ones, at most `limit`; the end of a text is cut."""
        return [
            self._cut(encoding.ids, limit)
            for batch in _batches(texts)
            for encoding in self._tokenizer.encode_batch_fast(batch)
        ]

    def ids_and_spans(self, texts: Sequence[str], limit: int) -> list[tuple[list[int], IntArray]]:
        """For each text what ids() gives, and each token's character offsets, int64 (tokens, 2): 0, 0 if special."""
        return [
            (self._cut(encoding.ids, limit), _offsets(self._cut(encoding.offsets, limit)))
            for batch in _batches(texts)
            for encoding in self._tokenizer.encode_batch(batch)
        ]

    def spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens: int64 (tokens, 2), no special tokens, nothing cut."""
        return [
            _offsets(encoding.offsets)
            for batch in _batches(texts)
            for encoding in self._tokenizer.encode_batch(batch, add_special_tokens=False)
        ]

    def characters_per_token(self, texts: Sequence[str]) -> list[float]:
        """How many letters of each text a token stands for, on average, counted as `letters_in` does.

        What the tokenizer does not know counts as a token of no letter; a text without tokens has 0 letters a token.
        """
        return [
            _letters_known(text, encoding, self._strange) / max(len(encoding.ids), 1)
            for batch in _batches(texts)
            for text, encoding in zip(batch, self._tokenizer.encode_batch(batch, add_special_tokens=False), strict=True)
        ]

    def count(self, text: str) -> int:
        """How many tokens `text` has, special ones not counted."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _cut(self, tokens: list[_Token], limit: int) -> list[_Token]:
        """At most `limit` tokens: the special ones stay, the end of the text goes."""
        if len(tokens) <= limit:
            return tokens
        return tokens[: limit - self._behind] + tokens[len(tokens) - self._behind :]


def _offsets(pairs: Sequence[tuple[int, int]]) -> IntArray:
    return np.fromiter(chain.from_iterable(pairs), np.int64, 2 * len(pairs)).reshape(-1, 2)


def letters_in(text: str) -> int:
    """How many letters and signs a text has: a Chinese character counts as 3, one of Japan's or Korea's own as 2.

    Which is what they say: the XQuAD passages have 3.0 times as many characters in English as in Chinese.
    """
    return len(_NOT_BLANK.findall(text)) + 2 * len(_HAN.findall(text)) + len(_SYLLABLES.findall(text))


def _letters_known(text: str, encoding: Any, strange: Set[int]) -> int:
    """The letters of a text but for those that the tokenizer does not know."""
    spans = [span for span, token in zip(encoding.offsets, encoding.ids, strict=True) if token in strange]
    lost = {place for start, end in spans for place in range(start, end)}  # two tokens may be of one character
    return letters_in("".join(sign for place, sign in enumerate(text) if place not in lost))


def _strange(tokenizer: Any) -> frozenset[int]:
    """The tokens that a text has where the tokenizer knows none for it: one of the special ones, or what it names."""
    added = tokenizer.get_added_tokens_decoder()
    named = getattr(tokenizer.model, "unk_token", None)  # a Unigram does not tell
    unknown = [] if named is None else [tokenizer.token_to_id(named)]
    return frozenset([*unknown, *(number for number, token in added.items() if token.special)])


def _special_around(tokenizer: Any) -> tuple[int, int]:
    """How many special tokens a text gets before and behind it."""
    mask = tokenizer.encode("a").special_tokens_mask
    before = next((place for place, special in enumerate(mask) if not special), len(mask))
    return before, sum(mask[before:])


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
