"""`vecsearch inspect`: what a model makes of a text, token by token, and of one word in two texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from .options import encoding, reporting
from .passages import columns, printable
from .printing import print_done

if TYPE_CHECKING:
    from vecsearch.analysis import TextInsides, TokenComparison, TokenInsides

_TOKEN_WIDTH = 16  # columns of a token in a table; a longer one is cut
_GRID_TOKENS = 10  # columns of a grid beside one another; the others come below
_CELL = 8
_FIRST = 6  # numbers of a vector that are shown; JSON has them all


@click.command(short_help="Look inside a model: tokens, rows, vectors in context.")
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@click.option("--token", metavar="T", help="Compare this word in two TEXTs: by the matrix, and in context.")
@encoding
@click.option(
    "--nearest", type=click.IntRange(0), default=3, show_default=True, help="How many near rows of each token to show."
)
@reporting
def inspect(
    texts: tuple[str, ...], token: str | None, model: str | None, role: str, nearest: int, as_json: bool
) -> None:
    """Look inside a model: a TEXT's tokens, their rows of the embedding matrix, their vectors in context, the text's.

    With --token the word T is compared in two TEXTs, with a grid of all tokens beside all:
    vecsearch inspect "deposit money at the bank" "the river bank" --token bank
    """
    from vecsearch.analysis import compare_token, inspect_text

    how: dict[str, Any] = {} if model is None else {"model": model}
    if token is not None:
        if len(texts) != 2:
            raise click.UsageError(f"--token compares a word in two TEXTs, not in {len(texts)}")
        compared = compare_token(token, *texts, **how)
        print_done(_comparison_fields(compared), "\n".join(_comparison(compared)), as_json=as_json)
        return
    found = [inspect_text(text, role=role, nearest=nearest, **how) for text in texts]
    said = "\n\n".join("\n".join(_text(each)) for each in found)
    print_done({"texts": [_text_fields(each) for each in found]}, said, as_json=as_json)


def _text_fields(found: TextInsides) -> dict[str, Any]:
    """All but the rows and the tokens' vectors, whose lengths are there."""
    fields = asdict(found)
    del fields["rows"], fields["vectors"]
    return {**fields, "vector": found.vector.tolist()}


def _comparison_fields(found: TokenComparison) -> dict[str, Any]:
    return {**asdict(found), "grid": found.grid.tolist()}


def _text(found: TextInsides) -> Iterator[str]:
    """The way of a text through a model, a line for each token and a line for each step."""
    yield found.text
    yield ""
    near = "  nearest rows" if any(token.nearest for token in found.tokens) else ""
    yield f"{'token':{_TOKEN_WIDTH}} {'id':>7}  {'characters':12} {'|row|':>7} {'|vector|':>8}{near}"
    yield from map(_token, found.tokens)
    yield ""
    yield from (f"{name:>10}  {said}" for name, said in _steps(found))
    yield from (f"{'' if place else 'it has':>10}  {said}" for place, said in enumerate(found.missing))


def _token(token: TokenInsides) -> str:
    unplaced = "special" if token.special else "prompt"
    place = f"{token.span.start}-{token.span.end}" if token.span else unplaced
    row = "" if token.row_norm is None else f"{token.row_norm:.3f}"
    near = "".join(f"  {_word(each.token)} {each.similarity:.2f}" for each in token.nearest)
    return f"{_cell(token.token, _TOKEN_WIDTH)} {token.id:>7}  {place:12} {row:>7} {token.vector_norm:>8.3f}{near}"


def _steps(found: TextInsides) -> Iterator[tuple[str, str]]:
    """What happens to the tokens, in order."""
    yield "model", found.model
    if matrix := found.matrix:
        megabytes = f"{matrix.bytes / 1e6:,.1f} MB as float32"
        yield "matrix E", f"V = {matrix.rows:,} tokens x D = {matrix.dim} numbers, {megabytes}"
        yield "look-up", f"a row of E is a one-hot vector times E: largest difference {matrix.one_hot_difference:g}"
    places = f", {found.position_count:,} places" if found.position_count else ""
    yield "positions", f"{found.positions}{places}"
    made = "after the last layer, each made of all tokens" if found.contextual else "the rows, the same in every text"
    yield "vectors", f"{len(found.tokens)} x {found.vectors.shape[1]}, {made}"
    if found.pooling and found.pooled_norm is not None:
        yield "pooling", f"{found.pooling} of the tokens' vectors, of length {found.pooled_norm:.4f}"
    first = " ".join(f"{number:.4f}" for number in found.vector[:_FIRST].tolist())
    scaled = "scaled to length 1" if found.normalized else "not scaled"
    yield "vector", f"{len(found.vector)} numbers, {scaled}: {first} ..."
    if found.cut:
        yield "not read", f"{found.cut:,} tokens, beyond what the model reads"
    if found.unknown:
        yield "unknown", ", ".join(found.unknown)


def _comparison(found: TokenComparison) -> Iterator[str]:
    """A word in two texts: both similarities, then every token of the first text beside every one of the second."""
    for number, place in enumerate((found.first, found.second), 1):
        yield f"{number}  {place.text}   {found.token} is read as {' '.join(place.tokens)}"
    yield ""
    static = "not known: no matrix that can be read" if found.static is None else f"{found.static:.4f}"
    yield f"static similarity      {static}   rows of the matrix, whatever is around them"
    yield f"contextual similarity  {found.contextual:.4f}   what {found.model} makes of it in each text"
    for start in range(0, len(found.second_tokens), _GRID_TOKENS):
        shown = slice(start, start + _GRID_TOKENS)
        yield ""
        yield " " * _TOKEN_WIDTH + "".join(f" {_right(token, _CELL)}" for token in found.second_tokens[shown])
        for token, cosines in zip(found.first_tokens, found.grid[:, shown].tolist(), strict=True):
            yield _cell(token, _TOKEN_WIDTH) + "".join(f" {cosine:{_CELL}.2f}" for cosine in cosines)


def _word(token: str) -> str:
    return printable("".join(token.split()))


def _cell(token: str, width: int) -> str:
    """The token in so many columns, cut where it is wider."""
    word = _fitting(_word(token), width)
    return word + " " * (width - columns(word))


def _right(token: str, width: int) -> str:
    word = _fitting(_word(token), width)
    return " " * (width - columns(word)) + word


def _fitting(word: str, width: int) -> str:
    while columns(word) > width:
        word = word[:-1]
    return word
