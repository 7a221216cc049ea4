"""How documents are cut, as a value that every version of an index keeps."""

from __future__ import annotations

from dataclasses import dataclass

from vecsearch.chunking.tokens import EDGE
from vecsearch.errors import InvalidOption
from vecsearch.types import Splitter

_TITLES = 48  # tokens of titles at most: two lines of print
_FEWEST = 16  # tokens that titles, or the sentences on a side, need to say something
_SMALLEST = 8  # tokens of a chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunking:
    """How documents are cut: tokens of a chunk at most, and tokens it repeats of the one before.

    `reads` are the tokens that the model reads at most. What a chunk does not need of them is room for the titles
    above it, with `context`, and with sentences for the text on either side.
    """

    max_tokens: int
    overlap: int = 0
    splitter: Splitter = Splitter.STRUCTURE
    context: bool = False
    reads: int = 0

    def __post_init__(self) -> None:
        """Raises InvalidOption for sizes that cannot be."""
        object.__setattr__(self, "splitter", Splitter.of(self.splitter))  # a manifest gives the word
        if type(self.context) is not bool:
            raise InvalidOption(f"context is {self.context!r}; expected True or False")
        _check_sizes(self.max_tokens, self.overlap, self.reads)
        besides = needed_besides(self.splitter, self.context)
        if besides and self.reads < self.max_tokens + besides:
            raise InvalidOption(
                f"{'context' if self.context else 'splitter sentences'} needs room besides chunks of "
                f"{self.max_tokens} tokens, and the model reads {self.reads}: "
                f"make chunks of at most {max(self.reads - besides, 0)}"
            )

    @property
    def titles(self) -> int:
        """Tokens at most of the titles that a model reads before a chunk."""
        if not self.context:
            return 0
        return min(_TITLES, self.reads - self.max_tokens - needed_besides(self.splitter, False))

    @property
    def around(self) -> int:
        """Tokens at most, on either side of a chunk, that a model reads with it."""
        if self.splitter is not Splitter.SENTENCES:
            return 0
        return min(self.max_tokens, (self.reads - self.max_tokens - self.titles - EDGE) // 2)


def needed_besides(splitter: Splitter, context: bool) -> int:
    """Tokens that a model has to read besides those of a chunk."""
    return (_FEWEST if context else 0) + (2 * _FEWEST + EDGE if splitter is Splitter.SENTENCES else 0)


def default_tokens(splitter: Splitter, context: bool, reads: int) -> int:
    """The size of chunks that measured best, as far as the model reads so much; see docs/chunking.md."""
    best = 32 if splitter is Splitter.SENTENCES else 128
    return min(best, max(reads - needed_besides(splitter, context), min(reads, _SMALLEST)))


def _check_sizes(max_tokens: int, overlap: int, reads: int) -> None:
    for name, value in (("tokens of a chunk", max_tokens), ("overlap", overlap), ("tokens that a model reads", reads)):
        if type(value) is not int:
            raise InvalidOption(f"{name}: {value!r}; expected a whole number")
    if max_tokens < _SMALLEST:
        raise InvalidOption(f"a chunk of {max_tokens} tokens is too small; at least {_SMALLEST}")
    if reads < 0:
        raise InvalidOption(f"a model reads {reads} tokens; expected at least 0")
    if not 0 <= overlap <= max_tokens // 2:
        raise InvalidOption(f"an overlap of {overlap} tokens does not fit chunks of {max_tokens}; at most half")
