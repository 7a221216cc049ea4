"""Which rows of a segment have which terms, and how often; built from texts or merged from other segments' postings.

Row i is the i-th text. The result depends on the texts alone: merging gives what building from all texts would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vecsearch.errors import IndexDamaged
from vecsearch.storage.lexical.languages import LANGUAGES
from vecsearch.storage.lexical.terms import LANGUAGE_SHIFT, Stemmers, rules
from vecsearch.storage.lexical.tokens import Tokens, ranges, spread, tokenize
from vecsearch.types import BoolArray, IntArray

TermArray = npt.NDArray[np.uint64]
RowArray = npt.NDArray[np.uint32]
_AT_ONCE = 4_096  # postings read at a time to find one of a live row
_TEXTS_AT_ONCE = 4_096  # 50 MB for texts of 200 words; with fewer texts, common words are processed more often


class Spans(NamedTuple):
    """Where the postings of terms begin and end, int64 (q,) each; an unknown term has an empty span."""

    begins: IntArray
    ends: IntArray

    @property
    def sizes(self) -> IntArray:
        """The number of postings of each term."""
        return self.ends - self.begins


class Entries(NamedTuple):
    """Postings: rows, uint32 (t,), and how often each has the term, unsigned (t,)."""

    rows: RowArray
    counts: npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Postings:
    """The rows that have each term, in arrays that may be mapped from a file. Any number of threads may read them.

    Term t is in the rows rows[starts[t] : starts[t + 1]]; `counts` holds how often, at the same index.
    """

    terms: TermArray  # (m,), ascending
    starts: IntArray  # (m + 1,), from 0
    rows: RowArray  # (p,), ascending within a term
    counts: npt.NDArray[Any]  # (p,), unsigned, of as few bytes as the highest count needs
    lengths: RowArray  # (n,): the number of terms of each row, with repetitions
    total: int  # the sum of the lengths
    rules: str  # what the terms depend on: see terms.py
    name: str = "postings"  # for error messages
    content: memoryview | None = field(default=None, repr=False, compare=False)  # the bytes they are mapped from

    def sha256(self) -> str:
        """Return the SHA-256 of the bytes that are mapped; empty for postings that are not from a file."""
        return hashlib.sha256(self.content).hexdigest() if self.content is not None else ""

    @property
    def is_current(self) -> bool:
        """Whether this release derives the same terms; if not, a search misses some words until they are rebuilt."""
        return self.rules == rules()

    def languages(self, alive: BoolArray | None = None) -> list[int]:
        """Return the numbers of the languages of the terms; unknown ones are left out.

        With a mask, bool (n,), only the terms of live rows count. Raises IndexDamaged.
        """
        bounds = np.arange(len(LANGUAGES) + 1, dtype=np.uint64)
        firsts = np.searchsorted(self.terms, bounds << np.uint64(LANGUAGE_SHIFT))
        numbers: list[int] = np.flatnonzero(np.diff(firsts)).tolist()
        if alive is None:
            return numbers
        spans = self._check_spans(self.starts[firsts[:-1]], self.starts[firsts[1:]])
        return [number for number in numbers if self._any_alive(spans, number, alive)]

    def equals(self, other: Postings) -> bool:
        """Whether both hold the same terms in the same rows, equally often."""
        arrays = [(p.terms, p.starts, p.rows, p.counts, p.lengths) for p in (self, other)]
        return all(map(np.array_equal, *arrays))

    def spans(self, wanted: TermArray) -> Spans:
        """Return where the postings of these terms are; raises IndexDamaged when that is outside the file."""
        numbers = np.searchsorted(self.terms, wanted)
        known = numbers < len(self.terms)
        known[known] = self.terms[numbers[known]] == wanted[known]
        begins, ends = np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.int64)
        begins[known], ends[known] = self.starts[numbers[known]], self.starts[numbers[known] + 1]
        return self._check_spans(begins, ends)

    def read(self, spans: Spans) -> Entries:
        """Return the postings in these spans, concatenated; raises IndexDamaged for a row outside the segment."""
        slices = [slice(*span) for span in zip(spans.begins.tolist(), spans.ends.tolist(), strict=True)]
        rows = np.concatenate([self.rows[:0], *(self.rows[span] for span in slices)])
        if rows.max(initial=0) >= max(1, len(self.lengths)):
            raise IndexDamaged(f"{self.name} names row {rows.max()} of {len(self.lengths)}: run vecsearch verify")
        return Entries(rows, np.concatenate([self.counts[:0], *(self.counts[span] for span in slices)]))

    def _check_spans(self, begins: IntArray, ends: IntArray) -> Spans:
        """Return these spans, checked to be within the postings."""
        if np.any((begins < 0) | (begins > ends) | (ends > len(self.rows))):
            raise IndexDamaged(f"{self.name} refers to postings beyond its end: run vecsearch verify")
        return Spans(begins, ends)

    def _any_alive(self, spans: Spans, number: int, alive: BoolArray) -> bool:
        """Whether one of the postings in a span is of a live row; most often one of the first is."""
        begin, end = int(spans.begins[number]), int(spans.ends[number])
        pieces = (np.array([[first], [min(first + _AT_ONCE, end)]]) for first in range(begin, end, _AT_ONCE))
        return any(alive[self.read(Spans(*piece)).rows].any() for piece in pieces)

    def check(self) -> None:
        """Check all numbers; raises IndexDamaged for the first that is not valid."""
        sizes, n = np.diff(self.starts), len(self.lengths)
        if self.starts[0] != 0 or self.starts[-1] != len(self.rows) or np.any(self.starts < 0) or np.any(sizes < 1):
            raise IndexDamaged(f"{self.name} refers to postings beyond its end: run vecsearch verify")
        if np.any(self.terms[1:] <= self.terms[:-1]):
            raise IndexDamaged(f"{self.name} holds terms that are out of order: run vecsearch verify")
        rising = self.rows[1:] > self.rows[:-1]
        rising[self.starts[1:-1] - 1] = True  # the first row of each term
        if np.any(self.rows >= n) or not rising.all():
            raise IndexDamaged(f"{self.name} holds rows that are out of order: run vecsearch verify")
        counted = np.bincount(self.rows, self.counts, n)
        if np.any(self.counts < 1) or not np.array_equal(counted, self.lengths) or counted.sum() != self.total:
            raise IndexDamaged(f"{self.name} holds lengths that are not the sums of its counts: run vecsearch verify")


def build_postings(texts: Iterable[str], language: str) -> Postings:
    """Build the postings of rows with these texts; for the option `language` see languages.py."""
    remaining, parts = iter(texts), []
    while batch := list(islice(remaining, _TEXTS_AT_ONCE)):
        parts.append((_postings_of_tokens(tokenize(batch, language)), None))
    return merge_postings(parts)


def _postings_of_tokens(tokens: Tokens) -> Postings:
    n, m = len(tokens.text_languages), len(tokens.forms)
    distinct, inverse = np.unique(tokens.languages * m + tokens.form_numbers, return_inverse=True)
    stemmers = Stemmers()
    languages, form_numbers = np.divmod(distinct, m or 1)
    terms_of = [
        stemmers.terms(tokens.forms[form], language)
        for form, language in zip(form_numbers.tolist(), languages.tolist(), strict=True)
    ]
    terms, term_numbers = np.unique(np.array([*chain.from_iterable(terms_of)], np.uint64), return_inverse=True)
    row_of, occurrences = spread(tokens.rows, inverse, terms_of)
    cells, counts = np.unique(term_numbers[occurrences] * n + row_of, return_counts=True)
    of_term, rows = np.divmod(cells, n or 1)
    lengths = np.bincount(row_of, minlength=n)
    return _postings(terms, np.bincount(of_term, minlength=len(terms)), rows, counts, lengths, rules())


def _postings(terms: TermArray, sizes: IntArray, rows: Any, counts: Any, lengths: Any, rules: str) -> Postings:
    """Make postings, with each array in its type."""
    return Postings(
        terms,
        np.append(0, np.cumsum(sizes)),
        rows.astype(np.uint32),
        counts.astype(np.min_scalar_type(int(counts.max(initial=0)))),
        lengths.astype(np.uint32),
        int(lengths.sum()),
        rules,
    )


def merge_postings(parts: Sequence[tuple[Postings, BoolArray | None]]) -> Postings:
    """Merge postings, part after part: all rows, or those where the mask (n,) is true.

    For each term the rows of one part follow those of the part before, so that only terms are sorted. The result is
    current only when all parts are. Raises IndexDamaged for an invalid part.
    """
    kept = [_filter(postings, mask) for postings, mask in parts]
    terms = np.unique(np.concatenate([np.empty(0, np.uint64), *(part.terms for part in kept)]))
    sizes = np.zeros(len(terms), np.int64)
    for part in kept:
        sizes[np.searchsorted(terms, part.terms)] += np.diff(part.starts)
    next_free = np.cumsum(sizes) - sizes  # for each term, where the next part's postings go
    rows, counts = np.empty(sizes.sum(), np.uint32), np.empty(sizes.sum(), np.uint32)
    before = 0
    for part in kept:
        own, part_sizes = np.searchsorted(terms, part.terms), np.diff(part.starts)
        positions = ranges(next_free[own], part_sizes)
        rows[positions], counts[positions] = part.rows + np.uint32(before), part.counts
        next_free[own] += part_sizes
        before += len(part.lengths)
    lengths = np.concatenate([np.empty(0, np.uint32), *(part.lengths for part in kept)])
    all_rules = {part.rules for part in kept} or {rules()}
    return _postings(terms, sizes, rows, counts, lengths, all_rules.pop() if len(all_rules) == 1 else "mixed")


def _filter(postings: Postings, mask: BoolArray | None) -> Postings:
    """Return the postings of the rows where the mask is true, renumbered without gaps."""
    postings.check()
    if mask is None:
        return postings
    live = mask[postings.rows]
    of_term = np.repeat(np.arange(len(postings.terms), dtype=np.int64), np.diff(postings.starts))[live]
    sizes = np.bincount(of_term, minlength=len(postings.terms))
    rows = (np.cumsum(mask) - 1)[postings.rows[live]]
    used = sizes > 0
    return _postings(
        postings.terms[used], sizes[used], rows, postings.counts[live], postings.lengths[mask], postings.rules
    )
