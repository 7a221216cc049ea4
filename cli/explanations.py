"""Why a hit was found, on a terminal: what each leg says, the passage with what counted in it, words that mean alike.

Lines carry colours and styles; whoever prints them leaves those out where nobody wants them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from statistics import median_high
from typing import TYPE_CHECKING, NamedTuple

import click

from .passages import columns, printable, wrapped

if TYPE_CHECKING:
    from vecsearch import Explanation, Hit, Span, TokenMatch

_BAR = 10  # columns that stand for a similarity of 1
_NUMBER = 5  # columns of a similarity: "-0.12"
_PAIRS = 12  # the most that are shown


class _Look(NamedTuple):
    """How a character is shown: bold in a word of the query, underlined in one that means nearly the same as one."""

    bold: bool
    underlined: bool


_PLAIN = _Look(False, False)
_Line = list[tuple[str, _Look]]


def explanation_lines(
    query: str, hit: Hit, explanation: Explanation, width: int, *, lines: int | None = 4
) -> list[str]:
    """Styled lines of at most `width` columns (40 or more), of the passage at most `lines` that say most."""
    pairs = _best(explanation.tokens)
    return [
        *_legs(explanation),
        *_passage(hit.text, explanation.words, _alike(pairs), width, lines),
        *_pairs(query, hit.text, pairs, (width - _BAR - _NUMBER - 3) // 2),
    ]


def _legs(explanation: Explanation) -> list[str]:
    """The place that each leg gave the hit, and its score."""
    words = explanation.lexical_score  # 0 for a hit without a word of the query
    said = {
        "meaning": f"{_rank(explanation.dense_rank)}, similarity {explanation.dense_score:.4f}",
        "words": _rank(explanation.lexical_rank) + (f", BM25 {words:.3f}" if words else ""),
    }
    if explanation.reranked is not None:
        said["reranked"] = f"{explanation.reranked:.4f}"
    return [f"{click.style(f'{name:<9}', dim=True)}{what}" for name, what in said.items()]


def _rank(rank: int | None) -> str:
    return "not ranked" if rank is None else f"rank {rank:,}"


def _best(tokens: Sequence[TokenMatch]) -> list[TokenMatch]:
    """The most similar pairs, in the query's order."""
    kept = sorted(tokens, key=lambda pair: -pair.similarity)[:_PAIRS]
    return sorted(kept, key=lambda pair: pair.query)


def _alike(pairs: Sequence[TokenMatch]) -> list[Span]:
    """Where the text says what the query means: the more similar half of the pairs.

    What a similarity is worth differs from model to model; only those of one hit can be told apart.
    """
    least = median_high([pair.similarity for pair in pairs]) if pairs else 0.0
    return [pair.text for pair in pairs if pair.similarity >= least]


def _passage(text: str, words: Iterable[Span], alike: Iterable[Span], width: int, lines: int | None) -> list[str]:
    bold, underlined = _places(words), _places(alike)
    looks = iter(  # of the characters that wrapping keeps, in their order
        _Look(place in bold, place in underlined)
        for place, character in enumerate(text)
        if not character.isspace() and printable(character)
    )
    width -= {None: 0, 1: len("…  …")}.get(lines, len("… "))  # for the signs of _window()
    every = [
        [(character, _PLAIN if character.isspace() else next(looks)) for character in line]
        for line in wrapped(printable(text), width)
    ]
    return _window(every, lines)


def _places(spans: Iterable[Span]) -> set[int]:
    return {place for span in spans for place in range(*span)}


def _window(every: Sequence[_Line], lines: int | None) -> list[str]:
    """The lines that have most to show next to one another, with signs where the passage goes on."""
    count = len(every) if lines is None else min(lines, len(every))
    marked = [sum(look != _PLAIN for look, _ in groupby(look for _, look in line)) for line in every]
    first = max(range(len(every) - count + 1), key=lambda start: (sum(marked[start : start + count]), -start))
    shown = [_styled(line) for line in every[first : first + count]]
    if first:
        shown[0] = f"… {shown[0]}"
    if first + count < len(every):
        shown[-1] = f"{shown[-1]} …"
    return shown


def _styled(line: _Line) -> str:
    pieces = []
    for look, group in groupby(line, key=lambda entry: entry[1]):
        piece = "".join(character for character, _ in group)
        styled = click.style(piece, bold=look.bold or None, underline=look.underlined or None)
        pieces.append(piece if look == _PLAIN else styled)
    return "".join(pieces)


def _pairs(query: str, text: str, pairs: Sequence[TokenMatch], width: int) -> Iterator[str]:
    """For each pair the query's word, how similar, and the text's; words take at most `width` columns."""
    asked = [_word(query, pair.query, width) for pair in pairs]
    widest = max(map(columns, asked), default=0)
    for pair, word in zip(pairs, asked, strict=True):
        bar = "=" * max(0, round(_BAR * pair.similarity))
        drawn = click.style(bar, fg="green") + " " * (_BAR - len(bar))
        space = " " * (widest - columns(word))
        yield f"{word}{space} {drawn} {pair.similarity:{_NUMBER}.2f} {_word(text, pair.text, width)}"


def _word(text: str, span: Span, width: int) -> str:
    """The characters of a span as one word of at most `width` columns."""
    word = " ".join(printable(text[span.start : span.end]).split())
    return word if columns(word) <= width else f"{wrapped(word, width - 1)[0]}…"
