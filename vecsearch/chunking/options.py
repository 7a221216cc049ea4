"""How documents are cut: the settings that every version of an index stores."""

from __future__ import annotations

from dataclasses import dataclass

from vecsearch.checks import check_whole
from vecsearch.chunking.tokens import EDGE
from vecsearch.errors import InvalidOption
from vecsearch.types import Splitter

_MOST_TITLES = 48  # tokens of titles: about two lines of print
_FEWEST_AROUND = 16  # tokens below which titles, or the text on one side, add no meaning
_SMALLEST = 8  # tokens of a chunk
_SIZES = (  # field, name in errors, least value
    ("max_tokens", "the number of tokens of a chunk", _SMALLEST),
    ("overlap", "overlap", 0),
    ("reads", "the number of tokens that the model reads", 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunking:
    """How documents are cut: the most tokens of a chunk, and the tokens it repeats from the one before (`overlap`).

    `reads` is the most tokens that the model reads. Those beyond the chunk's are used for the titles above it, with
    `context`, and for the text on either side, with the splitter `sentences`.
    """

    max_tokens: int
    overlap: int = 0
    splitter: Splitter = Splitter.STRUCTURE
    context: bool = False
    reads: int = 0

    def __post_init__(self) -> None:
        """Raises InvalidOption for sizes that are invalid or do not fit together."""
        object.__setattr__(self, "splitter", Splitter.of(self.splitter))  # a manifest has its name
        if type(self.context) is not bool:
            raise InvalidOption(f"context is {self.context!r}, expected True or False")
        for field, name, least in _SIZES:
            object.__setattr__(self, field, check_whole(name, getattr(self, field), least))
        if self.overlap > self.max_tokens // 2:
            raise InvalidOption(
                f"overlap is {self.overlap}, expected at most half of the {self.max_tokens} tokens of a chunk"
            )
        extra = extra_tokens(self.splitter, self.context)
        if extra and self.reads < self.max_tokens + extra:
            raise InvalidOption(
                f"{'context' if self.context else 'splitter sentences'} needs {extra} tokens beyond the "
                f"{self.max_tokens} of a chunk, and the model reads {self.reads}: "
                f"make chunks of at most {max(self.reads - extra, 0)} tokens"
            )

    @property
    def titles(self) -> int:
        """The most tokens of titles that a model reads before a chunk."""
        if not self.context:
            return 0
        return min(_MOST_TITLES, self.reads - self.max_tokens - extra_tokens(self.splitter, False))

    @property
    def around(self) -> int:
        """The most tokens that a model reads on either side of a chunk."""
        if self.splitter is not Splitter.SENTENCES:
            return 0
        return min(self.max_tokens, (self.reads - self.max_tokens - self.titles - EDGE) // 2)


def extra_tokens(splitter: Splitter, context: bool) -> int:
    """Return how many tokens beyond those of a chunk a model must be able to read."""
    return (_FEWEST_AROUND if context else 0) + (2 * _FEWEST_AROUND + EDGE if splitter is Splitter.SENTENCES else 0)


def default_tokens(splitter: Splitter, context: bool, reads: int) -> int:
    """Return the chunk size that scored best in docs/chunking.md, or the largest that the model can read."""
    best = 32 if splitter is Splitter.SENTENCES else 128
    return min(best, max(reads - extra_tokens(splitter, context), min(reads, _SMALLEST)))
