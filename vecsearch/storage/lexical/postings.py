"""Which rows of a segment have which terms and how often; made from texts, or from the postings of other segments.

The rows of one text after the other; what comes out depends on the texts alone, not on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vecsearch.errors import IndexDamaged
from vecsearch.storage.lexical.languages import LANGUAGES
from vecsearch.storage.lexical.reading import Reading, ranges, read, spread
from vecsearch.storage.lexical.terms import LANGUAGE_SHIFT, Stemmers, rules
from vecsearch.types import BoolArray, IntArray

TermArray = npt.NDArray[np.uint64]
RowArray = npt.NDArray[np.uint32]
_LOOKED_AT = 4_096  # postings at once, where one that is there is looked for
_TEXTS_AT_ONCE = 4_096  # 50 MB for texts of 200 words; with fewer, common words are looked at more often


class Spans(NamedTuple):
    """Where the postings of terms begin and end, int64 (q,) each; the same place twice for a term that is not there."""

    begins: IntArray
    ends: IntArray

    @property
    def sizes(self) -> IntArray:
        """How many postings each term has."""
        return self.ends - self.begins


class Taken(NamedTuple):
    """Postings: rows, uint32 (t,), and how often each has the term, unsigned (t,)."""

    rows: RowArray
    counts: npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Postings:
    """Of each term the rows that have it, in arrays that may be mapped from a file. For any number of threads.

    Term t stands in the rows rows[starts[t] : starts[t + 1]], in each as often as `counts` says at the same place.
    """

    terms: TermArray  # (m,), ascending
    starts: IntArray  # (m + 1,), from 0
    rows: RowArray  # (p,), ascending within a term
    counts: npt.NDArray[Any]  # (p,), unsigned, of as few bytes as the highest needs
    lengths: RowArray  # (n,): how many terms each row has, repeated ones counted
    total: int  # the sum of the lengths
    rules: str  # what made the terms: see terms.py
    name: str = "postings"  # what an error calls them

    @property
    def is_current(self) -> bool:
        """Whether the same texts would give the same terms today; else a few words are missed until they are."""
        return self.rules == rules()

    def languages(self, alive: BoolArray | None = None) -> list[int]:
        """The numbers of the languages that the terms are in, as far as there are such languages.

        With a mask, bool (n,), those in which a row has a term where it is true. Raises IndexDamaged.
        """
        bounds = np.arange(len(LANGUAGES) + 1, dtype=np.uint64)
        firsts = np.searchsorted(self.terms, bounds << np.uint64(LANGUAGE_SHIFT))
        numbers: list[int] = np.flatnonzero(np.diff(firsts)).tolist()
        if alive is None:
            return numbers
        spans = self._within(self.starts[firsts[:-1]], self.starts[firsts[1:]])
        return [number for number in numbers if self._any_there(spans, number, alive)]

    def says_what(self, other: Postings) -> bool:
        """Whether the same rows have the same terms, as often, in both."""
        arrays = [(p.terms, p.starts, p.rows, p.counts, p.lengths) for p in (self, other)]
        return all(map(np.array_equal, *arrays))

    def spans(self, wanted: TermArray) -> Spans:
        """Where the postings of each of these terms are; raises IndexDamaged when that is outside."""
        places = np.searchsorted(self.terms, wanted)
        there = places < len(self.terms)
        there[there] = self.terms[places[there]] == wanted[there]
        begins, ends = np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
        begins[there], ends[there] = self.starts[places[there]], self.starts[places[there] + 1]
        return self._within(begins, ends)

    def taken(self, spans: Spans) -> Taken:
        """The postings in these spans, one span after the other; raises IndexDamaged for a row that there cannot be."""
        slices = [slice(*span) for span in zip(spans.begins.tolist(), spans.ends.tolist(), strict=True)]
        rows = np.concatenate([self.rows[:0], *(self.rows[span] for span in slices)])
        if rows.max(initial=0) >= max(1, len(self.lengths)):
            raise IndexDamaged(f"{self.name} names row {rows.max()} of {len(self.lengths)}: run vecsearch verify")
        return Taken(rows, np.concatenate([self.counts[:0], *(self.counts[span] for span in slices)]))

    def _within(self, begins: IntArray, ends: IntArray) -> Spans:
        """These spans, known to be of postings that there are."""
        if np.any((begins < 0) | (begins > ends) | (ends > len(self.rows))):
            raise IndexDamaged(f"{self.name} tells of postings beyond its end: run vecsearch verify")
        return Spans(begins, ends)

    def _any_there(self, spans: Spans, number: int, alive: BoolArray) -> bool:
        """Whether one of the postings in a span is of a row that is there; most often one of the first is."""
        begin, end = int(spans.begins[number]), int(spans.ends[number])
        pieces = (np.array([[first], [min(first + _LOOKED_AT, end)]]) for first in range(begin, end, _LOOKED_AT))
        return any(alive[self.taken(Spans(*piece)).rows].any() for piece in pieces)

    def check(self) -> None:
        """Raises IndexDamaged unless every number is one that can be; reads them all."""
        sizes, n = np.diff(self.starts), len(self.lengths)
        if self.starts[0] != 0 or self.starts[-1] != len(self.rows) or np.any(self.starts < 0) or np.any(sizes < 1):
            raise IndexDamaged(f"{self.name} tells of postings beyond its end: run vecsearch verify")
        if np.any(self.terms[1:] <= self.terms[:-1]):
            raise IndexDamaged(f"{self.name} holds terms that are out of order: run vecsearch verify")
        rising = self.rows[1:] > self.rows[:-1]
        rising[self.starts[1:-1] - 1] = True  # where a term begins
        if np.any(self.rows >= n) or not rising.all():
            raise IndexDamaged(f"{self.name} holds rows that are out of order: run vecsearch verify")
        counted = np.bincount(self.rows, self.counts, n)
        if np.any(self.counts < 1) or not np.array_equal(counted, self.lengths) or counted.sum() != self.total:
            raise IndexDamaged(f"{self.name} holds lengths that are not the sums of its counts: run vecsearch verify")


def postings_of(texts: Iterable[str], language: str) -> Postings:
    """The postings of a segment whose rows have these texts; for the option `language` see languages.py."""
    remaining, parts = iter(texts), []
    while batch := list(islice(remaining, _TEXTS_AT_ONCE)):
        parts.append((_postings_read(read(batch, language)), None))
    return merged(parts)


def _postings_read(reading: Reading) -> Postings:
    n = len(reading.told)
    tokens, inverse = np.unique(reading.languages * len(reading.forms) + reading.places, return_inverse=True)
    stemmers = Stemmers()
    numbers, places = np.divmod(tokens, len(reading.forms) or 1)
    found = [
        stemmers.terms(reading.forms[place], number)
        for place, number in zip(places.tolist(), numbers.tolist(), strict=True)
    ]
    terms, term_of = np.unique(np.array([*chain.from_iterable(found)], np.uint64), return_inverse=True)
    standing, each = spread(reading.rows, inverse, found)
    cells, counts = np.unique(term_of[each] * n + standing, return_counts=True)
    of_term, rows = np.divmod(cells, n or 1)
    lengths = np.bincount(standing, minlength=n)
    return _postings(terms, np.bincount(of_term, minlength=len(terms)), rows, counts, lengths, rules())


def _postings(terms: TermArray, sizes: IntArray, rows: Any, counts: Any, lengths: Any, made_by: str) -> Postings:
    """Postings with numbers in their own types."""
    return Postings(
        terms,
        np.append(0, np.cumsum(sizes)),
        rows.astype(np.uint32),
        counts.astype(np.min_scalar_type(int(counts.max(initial=0)))),
        lengths.astype(np.uint32),
        int(lengths.sum()),
        made_by,
    )


def merged(parts: Sequence[tuple[Postings, BoolArray | None]]) -> Postings:
    """The postings of a segment with the rows of these, part after part: all, or those where a mask (n,) is true.

    In each term, the rows of one part follow those of the part before: nothing is sorted but the terms. Parts that are
    not current make a whole that is not. Raises IndexDamaged when a part is not as it should be.
    """
    kept = [_kept(postings, mask) for postings, mask in parts]
    terms = np.unique(np.concatenate([np.empty(0, np.uint64), *(part.terms for part in kept)]))
    sizes = np.zeros(len(terms), np.int64)
    for part in kept:
        sizes[np.searchsorted(terms, part.terms)] += np.diff(part.starts)
    free = np.cumsum(sizes) - sizes  # for each term, where the next part's postings go
    rows, counts = np.empty(sizes.sum(), np.uint32), np.empty(sizes.sum(), np.uint32)
    before = 0
    for part in kept:
        own, many = np.searchsorted(terms, part.terms), np.diff(part.starts)
        places = ranges(free[own], many)
        rows[places], counts[places] = part.rows + np.uint32(before), part.counts
        free[own] += many
        before += len(part.lengths)
    lengths = np.concatenate([np.empty(0, np.uint32), *(part.lengths for part in kept)])
    made_by = {part.rules for part in kept} or {rules()}
    return _postings(terms, sizes, rows, counts, lengths, made_by.pop() if len(made_by) == 1 else "mixed")


def _kept(postings: Postings, mask: BoolArray | None) -> Postings:
    """The postings of the rows where the mask is true, which move together."""
    postings.check()
    if mask is None:
        return postings
    there = mask[postings.rows]
    of_term = np.repeat(np.arange(len(postings.terms), dtype=np.int64), np.diff(postings.starts))[there]
    sizes = np.bincount(of_term, minlength=len(postings.terms))
    rows = (np.cumsum(mask) - 1)[postings.rows[there]]
    used = sizes > 0
    return _postings(
        postings.terms[used], sizes[used], rows, postings.counts[there], postings.lengths[mask], postings.rules
    )
