"""The tokens that a tokenizer.json knows: how each is written, which are special, and which are words by themselves.

Turns no text into vectors; `tokens` turns texts into token numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from vecsearch.models.encoders.tokens import open_tokenizer


class Vocabulary:
    """The tokens of a model by their numbers."""

    def __init__(self, path: Path) -> None:
        """Load `path`; raises ModelDamaged when it is no tokenizer."""
        self._tokenizer = open_tokenizer(path)
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def token(self, number: int) -> str:
        """The token as the tokenizer writes it: "##ing" goes on a word in WordPiece, "▁the" begins one elsewhere."""
        return self._tokenizer.id_to_token(number) or ""

    @cached_property
    def special(self) -> frozenset[int]:
        """The tokens that stand for no characters: where a text begins and ends, padding, what is unknown."""
        added = self._tokenizer.get_added_tokens_decoder()
        return frozenset(number for number, token in added.items() if token.special)

    @cached_property
    def words(self) -> Mapping[str, int]:
        """The words that are one token, with its number: the text that a token stands for, read as that token alone.

        A token that only goes on a word is none, as its text alone is read otherwise, and neither is punctuation.
        """
        numbers = [number for number in range(self._tokenizer.get_vocab_size()) if number not in self.special]
        texts = [text.strip() for text in self._tokenizer.decode_batch([[number] for number in numbers])]
        read = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return {
            text: number
            for number, text, tokens in zip(numbers, texts, read, strict=True)
            if tokens.ids == [number] and any(map(str.isalnum, text))
        }

    def pieces(self, text: str) -> list[str]:
        """The tokens that a text is read as, without special ones."""
        tokens: list[str] = self._tokenizer.encode(text, add_special_tokens=False).tokens
        return tokens
