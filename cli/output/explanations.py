"""Why a hit was found: its rank in each retriever, the passage with the matches marked, pairs of similar words.

Lines have colours and styles; whoever prints them removes those where they are not wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from .characters import visible
from .passages import excerpt
from .text import columns, wrapped

if TYPE_CHECKING:
    from vecsearch import Hit
    from vecsearch.types import Explanation, Span, TokenMatch

_BAR = 10  # columns for a similarity of 1
_NUMBER = 5  # columns of a similarity: "-0.12"
_MOST_PAIRS = 12


def explanation_lines(
    query: str, hit: Hit, explanation: Explanation, width: int, *, lines: int | None = 4
) -> list[str]:
    """Return styled lines of at most `width` columns (40 or more), with at most `lines` of the passage."""
    pairs = _best(explanation.tokens)
    return [
        *_ranks(explanation),
        *excerpt(hit.text, explanation.words, width, lines, _similar(pairs)),
        *_pair_lines(query, hit.text, pairs, (width - _BAR - _NUMBER - 3) // 2),
    ]


def _ranks(explanation: Explanation) -> list[str]:
    """Return a line per retriever: the hit's rank and score there, and the retriever's weight in the fusion."""
    bm25 = explanation.lexical_score  # 0 for a hit without a word of the query
    near = explanation.dense_score  # None where only words were searched
    dense = _rank(explanation.dense_rank) + (f", similarity {near:.4f}" if near is not None else "")
    lexical = _rank(explanation.lexical_rank) + (f", BM25 {bm25:.3f}" if bm25 else "")
    if (weight := explanation.dense_weight) is not None:
        dense, lexical = f"{dense}, weight {weight:.0%}", f"{lexical}, weight {1 - weight:.0%}"
    facts = {"meaning": dense, "words": lexical}
    if explanation.reranked is not None:
        facts["reranked"] = f"{explanation.reranked:.4f}"
    return [f"{click.style(f'{name:<9}', dim=True)}{fact}" for name, fact in facts.items()]


def _rank(rank: int | None) -> str:
    return "not ranked" if rank is None else f"rank {rank:,}"


def _best(tokens: Sequence[TokenMatch]) -> list[TokenMatch]:
    """Return the most similar pairs, in the query's order."""
    kept = sorted(tokens, key=lambda pair: -pair.similarity)[:_MOST_PAIRS]
    return sorted(kept, key=lambda pair: pair.query)


def _similar(pairs: Sequence[TokenMatch]) -> list[Span]:
    """Return the spans of the text in the more similar half of the pairs.

    What a similarity means differs between models, so pairs are compared within one hit only.
    """
    ordered = sorted(pair.similarity for pair in pairs)
    return [pair.text for pair in pairs if pair.similarity >= ordered[len(ordered) // 2]]


def _pair_lines(query: str, text: str, pairs: Sequence[TokenMatch], width: int) -> Iterator[str]:
    """Yield for each pair the query's word, their similarity, and the text's word, each in at most `width` columns."""
    words = [_word(query, pair.query, width) for pair in pairs]
    widest = max(map(columns, words), default=0)
    for pair, word in zip(pairs, words, strict=True):
        bar = "=" * max(0, round(_BAR * pair.similarity))
        drawn = click.style(bar, fg="green") + " " * (_BAR - len(bar))
        padding = " " * (widest - columns(word))
        yield f"{word}{padding} {drawn} {pair.similarity:{_NUMBER}.2f} {_word(text, pair.text, width)}"


def _word(text: str, span: Span, width: int) -> str:
    """Return the characters of a span as one word of at most `width` columns."""
    word = " ".join(visible(text[span.start : span.end]).split())
    return word if columns(word) <= width else f"{wrapped(word, width - 1)[0]}…"
