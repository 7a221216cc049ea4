"""Why a hit was found, on a terminal: what each leg says, the passage with what counted in it, words that mean alike.

Lines carry colours and styles; whoever prints them leaves those out where nobody wants them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median_high
from typing import TYPE_CHECKING

import click

from .passages import columns, excerpt, printable, wrapped

if TYPE_CHECKING:
    from vecsearch import Hit
    from vecsearch.types import Explanation, Span, TokenMatch

_BAR = 10  # columns that stand for a similarity of 1
_NUMBER = 5  # columns of a similarity: "-0.12"
_PAIRS = 12  # the most that are shown


def explanation_lines(
    query: str, hit: Hit, explanation: Explanation, width: int, *, lines: int | None = 4
) -> list[str]:
    """Styled lines of at most `width` columns (40 or more), of the passage at most `lines` that say most."""
    pairs = _best(explanation.tokens)
    return [
        *_legs(explanation),
        *excerpt(hit.text, explanation.words, width, lines, _alike(pairs)),
        *_pairs(query, hit.text, pairs, (width - _BAR - _NUMBER - 3) // 2),
    ]


def _legs(explanation: Explanation) -> list[str]:
    """The place that each leg gave the hit, its score, and what it counts where both count."""
    words = explanation.lexical_score  # 0 for a hit without a word of the query
    meant = f"{_rank(explanation.dense_rank)}, similarity {explanation.dense_score:.4f}"
    worded = _rank(explanation.lexical_rank) + (f", BM25 {words:.3f}" if words else "")
    if (weight := explanation.dense_weight) is not None:
        meant, worded = f"{meant}, counts {weight:.0%}", f"{worded}, counts {1 - weight:.0%}"
    said = {"meaning": meant, "words": worded}
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
