"""A model's own tokenizer.json: texts to token ids and character spans, and the vocabulary. Knows no vectors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from vecsearch.errors import ModelDamaged
from vecsearch.models.encoder import TokenVectors
from vecsearch.types import FloatArray, IntArray

_Token = TypeVar("_Token")
_SURROGATES = re.compile("[\ud800-\udfff]")
_NOT_BLANK = re.compile(r"\S")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_SYLLABLES = re.compile("[\u3040-\u30ff\uac00-\ud7af]")  # kana and Hangul
_BATCH_CHARACTERS = 1 << 20  # a token's record takes some hundred bytes while a batch is alive


def open_tokenizer(path: Path) -> Any:
    """Open a tokenizer.json with the tokenizers library; raises ModelDamaged."""
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ModelDamaged(f"{path} is not a tokenizer: {error}") from error


def replace_surrogates(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate, which tokenizers and UTF-8 refuse; offsets stay the same."""
    return _SURROGATES.sub("\ufffd", text)


def count_characters(text: str) -> int:
    """Count letters and signs, blanks left out; a Chinese character counts as 3, a Japanese or Korean syllable as 2.

    That is how much they say: the XQuAD passages have 3.0 times as many characters in English as in Chinese.
    """
    return len(_NOT_BLANK.findall(text)) + 2 * len(_HAN.findall(text)) + len(_SYLLABLES.findall(text))


@dataclass(frozen=True, slots=True)
class ReadTokens:
    """What a model reads for a text: all token `ids`, and `spans`, int64 (tokens, 2), their characters in the text.

    A special token, a token of the prompt, and a token that covers no character have an empty span.
    """

    ids: list[int]
    spans: IntArray

    def with_vectors(self, vectors: FloatArray) -> TokenVectors:
        """Return the tokens that cover characters, given the vectors of all that are read: float32 (tokens, m)."""
        kept = self.spans[:, 0] < self.spans[:, 1]
        return TokenVectors.of(self.spans[kept], vectors[kept])


class TextTokenizer:
    """A tokenizer without the truncation and padding that tokenizer.json may ask for.

    Nothing is changed after it is opened, so any number of threads may use it at once.
    """

    def __init__(self, path: Path, *, special_tokens: bool = True) -> None:
        """Load `path`, to put the model's special tokens around each text or not; raises ModelDamaged."""
        self._tokenizer = open_tokenizer(path)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._adds_special = special_tokens
        self._before, self._after = _count_special(self._tokenizer) if special_tokens else (0, 0)
        self._unknown_ids = _unknown_ids(self._tokenizer)
        self.size: int = self._tokenizer.get_vocab_size()

    @property
    def special(self) -> int:
        """The number of special tokens around a text."""
        return self._before + self._after

    def ids(self, texts: Sequence[str], limit: int) -> list[list[int]]:
        """Return each text's token ids, special tokens included, at most `limit`; the end of a text is cut off."""
        return [
            self._cut(encoding.ids, limit)
            for batch in _batches(texts)
            for encoding in self._tokenizer.encode_batch_fast(batch, add_special_tokens=self._adds_special)
        ]

    def read(self, texts: Sequence[str], limit: int, *, prompt: str = "", lowercase: bool = False) -> list[ReadTokens]:
        """Return what is read of each text behind `prompt`: at most `limit` tokens, all that is around it included."""
        prompted = [prompt + text for text in texts]
        tokens = self._ids_and_spans([text.lower() for text in prompted] if lowercase else prompted, limit)
        return [
            ReadTokens(ids, np.clip((_undo_lower(spans, whole) if lowercase else spans) - len(prompt), 0, len(text)))
            for (ids, spans), whole, text in zip(tokens, prompted, texts, strict=True)
        ]

    def spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return each text's tokens as character offsets: int64 (tokens, 2), no special tokens, nothing cut off."""
        return [
            _offsets(encoding.offsets)
            for batch in _batches(texts)
            for encoding in self._tokenizer.encode_batch(batch, add_special_tokens=False)
        ]

    def characters_per_token(self, texts: Sequence[str]) -> list[float]:
        """Return how many characters of each text, as `count_characters` counts, a token covers on average.

        An unknown token covers no characters; a text without tokens has 0 characters per token.
        """
        return [
            _known_characters(text, encoding, self._unknown_ids) / max(len(encoding.ids), 1)
            for batch in _batches(texts)
            for text, encoding in zip(batch, self._tokenizer.encode_batch(batch, add_special_tokens=False), strict=True)
        ]

    def count(self, text: str) -> int:
        """Return the number of tokens in `text`, special tokens not counted."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def token_id(self, token: str) -> int | None:
        """Return the id of a token as tokenizer.json writes it; None for an unknown one."""
        number: int | None = self._tokenizer.token_to_id(token)
        return number

    def _ids_and_spans(self, texts: Sequence[str], limit: int) -> list[tuple[list[int], IntArray]]:
        """For each text what ids() returns, and the tokens' character offsets, int64 (tokens, 2): 0, 0 if special."""
        return [
            (self._cut(encoding.ids, limit), _offsets(self._cut(encoding.offsets, limit)))
            for batch in _batches(texts)
            for encoding in self._tokenizer.encode_batch(batch, add_special_tokens=self._adds_special)
        ]

    def _cut(self, tokens: list[_Token], limit: int) -> list[_Token]:
        """At most `limit` tokens: special tokens stay, the end of the text goes."""
        if len(tokens) <= limit:
            return tokens
        return tokens[: limit - self._after] + tokens[len(tokens) - self._after :]


class Vocabulary:
    """The tokens of a tokenizer.json, as a TokenTable: how each is written, which are special, which are words."""

    def __init__(self, path: Path) -> None:
        """Load `path`; raises ModelDamaged."""
        self._tokenizer = open_tokenizer(path)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def token(self, number: int) -> str:
        """Return the token as the tokenizer writes it: "##ing" continues a word in WordPiece, "▁the" begins one."""
        return self._tokenizer.id_to_token(number) or ""

    @cached_property
    def special(self) -> frozenset[int]:
        """The tokens that cover no characters: start and end of a text, padding, the unknown token."""
        added = self._tokenizer.get_added_tokens_decoder()
        return frozenset(number for number, token in added.items() if token.special)

    @cached_property
    def words(self) -> Mapping[str, int]:
        """The words that are one token, with its id: the text that a token covers is read as that token alone.

        Left out are tokens that continue a word, whose text alone is read otherwise, and punctuation.
        """
        numbers = [number for number in range(self._tokenizer.get_vocab_size()) if number not in self.special]
        texts = [text.strip() for text in self._tokenizer.decode_batch([[number] for number in numbers])]
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return {
            text: number
            for number, text, encoding in zip(numbers, texts, encodings, strict=True)
            if encoding.ids == [number] and any(map(str.isalnum, text))
        }

    def pieces(self, text: str) -> list[str]:
        """Return the tokens that a text is read as, without special ones."""
        tokens: list[str] = self._tokenizer.encode(text, add_special_tokens=False).tokens
        return tokens


def _offsets(pairs: Sequence[tuple[int, int]]) -> IntArray:
    return np.fromiter(chain.from_iterable(pairs), np.int64, 2 * len(pairs)).reshape(-1, 2)


def _undo_lower(spans: IntArray, text: str) -> IntArray:
    """Offsets in a text, given those in its lower case, which may be longer: "İ" becomes two characters."""
    sources = np.repeat(np.arange(len(text)), [len(character.lower()) for character in text])
    if len(sources) == len(text):
        return spans
    ends = np.concatenate([[0], sources + 1])
    starts = np.concatenate([sources, [len(text)]])
    return np.stack([starts[spans[:, 0]], ends[spans[:, 1]]], axis=1)


def _known_characters(text: str, encoding: Any, unknown_ids: Set[int]) -> int:
    """The characters of a text except those that the tokenizer does not know."""
    unknown = [span for span, number in zip(encoding.offsets, encoding.ids, strict=True) if number in unknown_ids]
    lost = {position for start, end in unknown for position in range(start, end)}  # tokens may share a character
    return count_characters("".join(sign for position, sign in enumerate(text) if position not in lost))


def _unknown_ids(tokenizer: Any) -> frozenset[int]:
    """The tokens that a text gets where the tokenizer knows no other: the unknown token and the special ones."""
    added = tokenizer.get_added_tokens_decoder()
    token = getattr(tokenizer.model, "unk_token", None)  # a Unigram model has no such attribute
    unknown = [] if token is None else [tokenizer.token_to_id(token)]
    return frozenset([*unknown, *(number for number, token in added.items() if token.special)])


def _count_special(tokenizer: Any) -> tuple[int, int]:
    """The number of special tokens before and after a text."""
    mask = tokenizer.encode("a").special_tokens_mask
    before = next((position for position, special in enumerate(mask) if not special), len(mask))
    return before, sum(mask[before:])


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        batch.append(replace_surrogates(text))
        characters += len(text)
        if characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
