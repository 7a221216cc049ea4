"""What a model makes of a text, token by token, and of one word in two texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from . import View
from .characters import visible
from .text import columns, plural

if TYPE_CHECKING:
    from vecsearch.analysis import TextInsides, TokenComparison, TokenInsides

_TOKEN_WIDTH = 16  # columns of a token in a table; a longer one is cut
_GRID_TOKENS = 10  # columns of a grid beside one another; the others come below
_CELL = 8
_FIRST = 6  # numbers of a vector that are shown; JSON has them all


@dataclass(frozen=True)
class TextsView(View):
    """The way of texts through a model."""

    texts: Sequence[TextInsides]

    def fields(self) -> dict[str, Any]:
        """Return all but the tokens' rows and vectors, whose norms are there."""
        return {"texts": [_text_fields(text) for text in self.texts]}

    def lines(self) -> Iterator[str]:
        """Yield for each text a line for each token and each step, with a blank line between texts."""
        for number, text in enumerate(self.texts):
            if number:
                yield ""
            yield from _text_lines(text)


@dataclass(frozen=True)
class ComparisonView(View):
    """A word in two texts: both similarities, and every token of the first text against every one of the second."""

    comparison: TokenComparison

    def fields(self) -> dict[str, Any]:
        """Return all figures."""
        return {**asdict(self.comparison), "grid": self.comparison.grid.tolist()}

    def lines(self) -> Iterator[str]:
        """Yield the texts, the similarities and the grid."""
        comparison = self.comparison
        for number, text in enumerate((comparison.first, comparison.second), 1):
            yield f"{number}  {text.text}   {comparison.token} is tokenized as {' '.join(text.tokens)}"
        yield ""
        static = (
            "unknown: the model's matrix cannot be read" if comparison.static is None else f"{comparison.static:.4f}"
        )
        yield f"static similarity      {static}   rows of the matrix, whatever is around them"
        yield f"contextual similarity  {comparison.contextual:.4f}   vectors of {comparison.model} in each text"
        for start in range(0, len(comparison.second_tokens), _GRID_TOKENS):
            shown = slice(start, start + _GRID_TOKENS)
            yield ""
            yield " " * _TOKEN_WIDTH + "".join(f" {_right(token, _CELL)}" for token in comparison.second_tokens[shown])
            for token, cosines in zip(comparison.first_tokens, comparison.grid[:, shown].tolist(), strict=True):
                yield _left(token, _TOKEN_WIDTH) + "".join(f" {cosine:{_CELL}.2f}" for cosine in cosines)


def _text_fields(text: TextInsides) -> dict[str, Any]:
    fields = asdict(text)
    del fields["rows"], fields["vectors"]
    return {**fields, "vector": text.vector.tolist()}


def _text_lines(text: TextInsides) -> Iterator[str]:
    yield text.text
    yield ""
    nearest = "  nearest rows" if any(token.nearest for token in text.tokens) else ""
    yield f"{'token':{_TOKEN_WIDTH}} {'id':>7}  {'characters':12} {'|row|':>7} {'|vector|':>8}{nearest}"
    yield from map(_token_line, text.tokens)
    yield ""
    yield from (f"{name:>10}  {fact}" for name, fact in _steps(text))
    yield from (f"{'' if number else 'it has':>10}  {fact}" for number, fact in enumerate(text.missing))


def _token_line(token: TokenInsides) -> str:
    origin = "special" if token.special else "prompt"
    span = f"{token.span.start}-{token.span.end}" if token.span else origin
    row = "" if token.row_norm is None else f"{token.row_norm:.3f}"
    nearest = "".join(f"  {_word(near.token)} {near.similarity:.2f}" for near in token.nearest)
    return f"{_left(token.token, _TOKEN_WIDTH)} {token.id:>7}  {span:12} {row:>7} {token.vector_norm:>8.3f}{nearest}"


def _steps(text: TextInsides) -> Iterator[tuple[str, str]]:
    """Yield what happens to the tokens, in order."""
    yield "model", text.model
    if matrix := text.matrix:
        size = f"{matrix.bytes / 1e6:,.1f} MB as float32"
        yield "matrix E", f"V = {matrix.rows:,} tokens x D = {matrix.dim} numbers, {size}"
        yield "look-up", f"a row of E is a one-hot vector times E: largest difference {matrix.one_hot_difference:g}"
    count = f", up to {text.position_count:,}" if text.position_count else ""
    yield "positions", f"{text.positions}{count}"
    layer = (
        "after the last layer, each in the context of all tokens"
        if text.contextual
        else "the rows, the same in every text"
    )
    yield "vectors", f"{len(text.tokens)} x {text.vectors.shape[1]}, {layer}"
    if text.pooling and text.pooled_norm is not None:
        yield "pooling", f"{text.pooling} of the tokens' vectors, of length {text.pooled_norm:.4f}"
    first = " ".join(f"{number:.4f}" for number in text.vector[:_FIRST].tolist())
    scaling = "scaled to length 1" if text.normalized else "not scaled"
    yield "vector", f"{len(text.vector)} numbers, {scaling}: {first} ..."
    if text.cut:
        yield "not read", f"{plural(text.cut, 'token')} beyond the most that the model reads"
    if text.unknown:
        yield "unknown", ", ".join(text.unknown)


def _word(token: str) -> str:
    return visible("".join(token.split()))


def _left(token: str, width: int) -> str:
    """Return the token in `width` columns, padded on the right or cut."""
    word = _cut(_word(token), width)
    return word + " " * (width - columns(word))


def _right(token: str, width: int) -> str:
    """Return the token in `width` columns, padded on the left or cut."""
    word = _cut(_word(token), width)
    return " " * (width - columns(word)) + word


def _cut(word: str, width: int) -> str:
    while columns(word) > width:
        word = word[:-1]
    return word
