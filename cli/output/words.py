"""Words near to a word or to a sum of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import View
from .text import columns

if TYPE_CHECKING:
    from vecsearch.analysis import WordNeighbor

_BAR = 20  # columns for a similarity of 1


@dataclass(frozen=True)
class WordsView(View):
    """The nearest words; `query`, under the key `name`, is the word or expression they are near to."""

    name: str
    query: str
    words: Sequence[WordNeighbor]

    def fields(self) -> dict[str, Any]:
        """Return the query, and the words with their similarities."""
        words = [{"word": near.word, "similarity": near.similarity} for near in self.words]
        return {self.name: self.query, "words": words}

    def lines(self) -> list[str]:
        """Return a line for each word, with its similarity as a number and as a bar."""
        widest = max((columns(near.word) for near in self.words), default=0)
        return [
            f"{near.similarity:7.4f}  {near.word}{' ' * (widest - columns(near.word))}  "
            f"{'=' * max(0, round(_BAR * near.similarity))}".rstrip()
            for near in self.words
        ] or ["no other word"]
