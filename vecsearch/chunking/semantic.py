"""Where the topic of a text changes: positions at which the text before and after differs most in meaning.

At each boundary between sentences, the mean vectors of a few sentences before and after are compared. The similarities
form a curve, whose valleys are changes of topic (Hearst 1997, TextTiling; with vectors: Kamradt 2023). chonkie-core
finds the valleys: minima of the curve smoothed after Savitzky and Golay (1964).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeAlias

import numpy as np

from vecsearch.chunking.boundaries import Level
from vecsearch.chunking.cutting import Cutter
from vecsearch.imports import require
from vecsearch.types import FloatArray, ScoreArray, Span
from vecsearch.vectors import unit_rows

Vectors: TypeAlias = Callable[[Sequence[str]], FloatArray]  # the raw vectors of texts, (n, dim)

_FEWEST = 16  # tokens; shorter sentences are joined with the next: the vector of three words means little
_SIDE = 3  # sentences on either side of a boundary whose mean is compared
_WINDOW, _ORDER, _FLAT = 5, 3, 0.2  # of the smoothing, and how flat the bottom of a valley is: chonkie's defaults
_DECIMALS = 4  # of a similarity: smaller differences are rounding errors


def topic_changes(cutters: Sequence[Cutter], vectors: Vectors) -> list[list[int]]:
    """Return for each text the positions where its topic changes, ascending. Calls `vectors` once, for all sentences.

    Raises ExtraMissing.
    """
    kernel = semantic_kernel()
    sentences = [_sentences(cutter) for cutter in cutters]
    texts = [
        cutter.text[start:end]
        for cutter, spans in zip(cutters, sentences, strict=True)
        for start, end in (cutter.first(span, cutter.limit) for span in spans)
    ]
    units = iter(unit_rows(vectors(texts))[0] if texts else ())
    changes = []
    for spans in sentences:
        rows = list(islice(units, len(spans)))
        changes.append([spans[row].start for row in _changes(np.array(rows, np.float64), kernel)])
    return changes


def semantic_kernel() -> Any:
    """Return the library that finds valleys. Raises ExtraMissing."""
    return require("chonkie_core", "semantic", "the semantic splitter", package="chonkie-core")


def _sentences(cutter: Cutter) -> list[Span]:
    """Return the sentences of the text, short ones joined; nothing when there are too few to compare."""
    cuts = cutter.boundaries.cuts
    starts = np.unique(np.concatenate([cuts[level] for level in (Level.SECTION, Level.PARAGRAPH, Level.SENTENCE)]))
    trimmed = map(cutter.trim, cutter.sections(starts.tolist(), least=_FEWEST))
    sentences = [span for span in trimmed if span.start < span.end]
    return sentences if len(sentences) > _WINDOW else []


def _changes(units: ScoreArray, kernel: Any) -> list[int]:
    """Return the rows that begin a new topic, ascending; `units` have length 1, (sentences, dim)."""
    if not len(units):
        return []
    valleys, _ = kernel.find_local_minima_interpolated(_similarities(units), _WINDOW, _ORDER, _FLAT)
    return [int(valley) + 1 for valley in valleys]


def _similarities(units: ScoreArray) -> ScoreArray:
    """Return the cosine of the means of a few rows before and after each boundary between two rows, (rows - 1,)."""
    n = len(units)
    sums = np.vstack([np.zeros((1, units.shape[1])), np.cumsum(units, axis=0)])  # (n + 1, dim)
    boundaries = np.arange(1, n)
    before = sums[boundaries] - sums[np.maximum(boundaries - _SIDE, 0)]
    after = sums[np.minimum(boundaries + _SIDE, n)] - sums[boundaries]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    products = np.einsum("ij,ij->i", before, after)
    similar: ScoreArray = np.divide(products, lengths, out=np.zeros(n - 1), where=lengths > 0)
    return similar.round(_DECIMALS)
