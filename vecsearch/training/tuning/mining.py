"""An index -> training pairs that nobody wrote: a part of a document serves as a query for the rest.

    heading    the last heading above a chunk -> the chunk
    title      the title of a document -> its first chunk
    sentence   a sentence of a chunk -> the chunk without it, or one time in ten with it, so that a model learns both
               meaning and words (the inverse cloze task: Lee, Chang and Toutanova 2019, section 4)

A heading or title is removed from the beginning of its passage: a model learns nothing from finding it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

import numpy as np

from vecsearch.checks import check_whole
from vecsearch.chunking.boundaries import Level, find_boundaries
from vecsearch.errors import InvalidOption
from vecsearch.index import Index
from vecsearch.storage.rows import Row
from vecsearch.storage.store import Part
from vecsearch.training.tuning.pairs import TrainingPair
from vecsearch.types import Outline

_MOST = 10_000  # chunks; their pairs, up to three each, are more than a processor trains with in a day
_KEPT = 0.1  # how often the sentence stays in its passage: Lee et al. 2019
_SENTENCE_WORDS = range(5, 61)  # fewer make no query, more are a passage
_PASSAGE_WORDS = 8  # the least that has to be left of a chunk
_HEADINGS = " > "  # between the titles above a chunk


def mine_pairs(index: Index, *, most: int = _MOST, seed: int = 0) -> list[TrainingPair]:
    """Make pairs from the headings, titles and sentences of an index; equal indexes and seeds give equal pairs.

    At most `most` chunks are used, drawn at random. Raises InvalidOption when the index is empty, or no chunk makes a
    pair.
    """
    check_whole("most", most, 1)
    session = index.session()
    if not session.manifest.chunks:
        raise InvalidOption(f"{index.path} is empty: index documents before mining pairs")
    rng = np.random.default_rng(seed)
    pairs = [pair for row in _sample(session.parts, most, seed) for pair in _pairs_of(row, rng)]
    if not pairs:
        raise InvalidOption(f"{index.path} has no chunk with a heading, a title or sentences: provide your own pairs")
    return list(dict.fromkeys(pairs))


def _sample(parts: Sequence[Part], most: int, seed: int) -> Iterator[Row]:
    """Rows drawn by the seed, each once, in the order of the index."""
    live = [(number, row) for number, part in enumerate(parts) for row in np.flatnonzero(part.mask()).tolist()]
    if len(live) > most:
        chosen = np.random.default_rng(seed).permutation(len(live))[:most]
        live = [live[index] for index in sorted(chosen.tolist())]
    for number, rows in groupby(live, key=lambda pair: pair[0]):
        yield from parts[number].segment.take([row for _, row in rows])


def _pairs_of(row: Row, rng: np.random.Generator) -> Iterator[TrainingPair]:
    titles = [title.strip() for title in row.chunk.heading.split(_HEADINGS) if title.strip()]
    value = row.metadata.get("title")
    title = value.strip() if isinstance(value, str) else ""
    text = _without(row.chunk.text, [title, *titles] if row.chunk.ordinal == 0 else titles)
    if len(text.split()) < _PASSAGE_WORDS:
        return
    if titles:
        yield TrainingPair(titles[-1], text)
    if title and row.chunk.ordinal == 0 and title not in titles:
        yield TrainingPair(title, text)
    yield from _cloze(text, rng)


def _without(text: str, titles: Sequence[str]) -> str:
    """A chunk's text without the titles that it begins with, and their markup."""
    rest, cut = text.strip(), True
    while cut:
        cut = False
        bare = rest.lstrip("#=* \t\r\n")
        for title in filter(None, titles):
            if bare.startswith(title) and not bare[len(title) : len(title) + 1].isalnum():
                rest, cut = bare[len(title) :].lstrip(" \t\r\n=#*-~"), True
                break
    return rest


def _cloze(text: str, rng: np.random.Generator) -> Iterator[TrainingPair]:
    """A pair of one sentence of the text and the text around it, if there is enough of both."""
    cuts = [int(cut) for cut in find_boundaries(text, Outline()).cuts[Level.SENTENCE]]
    edges = sorted({0, *cuts, len(text)})
    spans = [(start, end) for start, end in pairwise(edges) if len(text[start:end].split()) in _SENTENCE_WORDS]
    if not spans:
        return
    start, end = spans[int(rng.integers(len(spans)))]
    passage = text if rng.random() < _KEPT else f"{text[:start].rstrip()} {text[end:].lstrip()}".strip()
    if len(passage.split()) >= _PASSAGE_WORDS:
        yield TrainingPair(" ".join(text[start:end].split()), passage)
