"""Where a text turns to something else: places at which what stands before and after differs most in meaning.

Of neighbouring sentences the vectors are compared, each side as the mean of a few; the similarities make a curve,
whose valleys are the turns (Hearst 1997, TextTiling; with vectors: Kamradt 2023). Finding the valleys is
chonkie-core's: minima of the curve smoothed after Savitzky and Golay (1964).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeAlias

import numpy as np

from vecsearch.chunking.boundaries import Level
from vecsearch.chunking.cutting import Cutter
from vecsearch.errors import ExtraMissing
from vecsearch.types import FloatArray, ScoreArray, Span
from vecsearch.vectors import unit_rows

Vectors: TypeAlias = Callable[[Sequence[str]], FloatArray]  # the raw vectors of texts, (n, dim)

_FEWEST = 16  # tokens; shorter sentences go with the next: a vector of three words says little
_SIDE = 3  # sentences on either side of a place, of which the mean is compared
_WINDOW, _ORDER, _FLAT = 5, 3, 0.2  # of the smoothing, and how flat a valley's ground is: as chonkie has them
_DECIMALS = 4  # of a similarity: finer differences are rounding, and no valleys


def turns_of(cutters: Sequence[Cutter], vectors: Vectors) -> list[list[int]]:
    """For each text the places where it turns, ascending; all sentences are asked for their vectors together.

    Raises ExtraMissing.
    """
    kernel = semantic_kernel()
    parted = [_sentences(cutter) for cutter in cutters]
    texts = [
        cutter.text[start:end]
        for cutter, spans in zip(cutters, parted, strict=True)
        for start, end in (cutter.first(span, cutter.limit) for span in spans)
    ]
    units = iter(unit_rows(vectors(texts))[0] if texts else ())
    turns = []
    for spans in parted:
        rows = list(islice(units, len(spans)))
        turns.append([spans[row].start for row in _turns(np.array(rows, np.float64), kernel)])
    return turns


def semantic_kernel() -> Any:
    """The library that finds valleys. Raises ExtraMissing."""
    try:
        import chonkie_core
    except ModuleNotFoundError as error:
        if error.name != "chonkie_core":
            raise
        raise ExtraMissing.of("chonkie-core", "semantic", "the semantic splitter") from None
    return chonkie_core


def _sentences(cutter: Cutter) -> list[Span]:
    """The text in sentences, short ones joined; none where there are too few to see a turn."""
    cuts = cutter.boundaries.cuts
    places = np.unique(np.concatenate([cuts[level] for level in (Level.SECTION, Level.PARAGRAPH, Level.SENTENCE)]))
    trimmed = map(cutter.trim, cutter.sections(places.tolist(), least=_FEWEST))
    found = [span for span in trimmed if span.start < span.end]
    return found if len(found) > _WINDOW else []


def _turns(units: ScoreArray, kernel: Any) -> list[int]:
    """The rows that begin something else, ascending; `units` are of length 1, (sentences, dim)."""
    if not len(units):
        return []
    valleys, _ = kernel.find_local_minima_interpolated(_similarities(units), _WINDOW, _ORDER, _FLAT)
    return [int(place) + 1 for place in valleys]


def _similarities(units: ScoreArray) -> ScoreArray:
    """The cosine of the means of a few rows before and after each place between two rows, (rows - 1,)."""
    n = len(units)
    sums = np.vstack([np.zeros((1, units.shape[1])), np.cumsum(units, axis=0)])  # (n + 1, dim)
    places = np.arange(1, n)
    before = sums[places] - sums[np.maximum(places - _SIDE, 0)]
    after = sums[np.minimum(places + _SIDE, n)] - sums[places]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    products = np.einsum("ij,ij->i", before, after)
    similar: ScoreArray = np.divide(products, lengths, out=np.zeros(n - 1), where=lengths > 0)
    return similar.round(_DECIMALS)
