"""Find near-duplicate documents, and chunks with equal texts, while documents stream in.

Two documents are compared by their shingles, the runs of five words in them. Their similarity is Jaccard's: shingles in
both over shingles in either. MinHash estimates it from 128 numbers a document, to about 0.03 (Broder 1997, On the
resemblance and containment of documents); locality-sensitive hashing finds the pairs that are worth comparing. The same
documents in the same order give the same results.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from vecsearch.imports import require
from vecsearch.reports import NearDuplicate
from vecsearch.storage.lexical.splitting import words
from vecsearch.storage.segment import Segment
from vecsearch.storage.store import Part
from vecsearch.types import Document

if TYPE_CHECKING:
    from rensa import RMinHash

NEAR = 0.8  # the least similarity of near-duplicates
_SHINGLE = 5  # words
_NUMBERS = 128  # of MinHash, for each document
_BANDS = 32  # of four numbers: misses a pair of similarity 0.8 once in twenty million times, finds most of 0.5
_SEED = 1


class Resemblance:
    """The documents seen so far, by their shingles; about four kilobytes each."""

    def __init__(self) -> None:
        """Raises ExtraMissing without rensa."""
        rensa = require("rensa", "dedupe", "finding near-duplicates")
        self._new_sketch = rensa.RMinHash
        self._near = rensa.RMinHashLSH(NEAR, _NUMBERS, _BANDS)
        self._seen: list[tuple[str, RMinHash]] = []

    def nearest(self, text: str) -> tuple[str, float] | None:
        """The id of the most similar document, the first of several, and the similarity; None if none is near."""
        sketch = self._sketch(text)
        if sketch is None:
            return None
        candidates = [(self._seen[number][1].jaccard(sketch), -number) for number in self._near.query(sketch)]
        similarity, number = max(candidates, default=(0.0, 0))
        return (self._seen[-number][0], similarity) if similarity >= NEAR else None

    def add(self, document_id: str, text: str) -> None:
        """Add a document to those seen."""
        sketch = self._sketch(text)
        if sketch is not None:
            self._near.insert(len(self._seen), sketch)
            self._seen.append((document_id, sketch))

    def _sketch(self, text: str) -> RMinHash | None:
        """The MinHash of a text's shingles; None for a text without words, which is similar to no other."""
        sequence = words(text.lower())
        if not sequence:
            return None
        sketch: RMinHash = self._new_sketch(_NUMBERS, _SEED)
        starts = range(max(1, len(sequence) - _SHINGLE + 1))
        sketch.update([" ".join(sequence[start : start + _SHINGLE]) for start in starts])
        return sketch


class TextOwners:
    """Knows which document had a text first, to count chunks that repeat one of another document."""

    def __init__(self) -> None:
        self._owners: dict[int, int] = {}  # by hash, so that texts need not be kept

    def repeats(self, document_id: str, texts: Iterable[str]) -> int:
        """Return how many of a document's chunks repeat one of an earlier document; the others are its own."""
        own = hash(document_id)
        return sum(self._owners.setdefault(hash(text), own) != own for text in texts)


class Deduplication:
    """What a run compares its documents with: those of the index, and those earlier in the run."""

    def __init__(self) -> None:
        """Raises ExtraMissing without rensa."""
        self.owners = TextOwners()
        self._resemblance = Resemblance()

    def begin(self, parts: Sequence[Part], except_files: AbstractSet[str]) -> None:
        """Add the documents of the index, except those of files that are read again or gone."""
        for part in parts:
            for document_id, texts, whole in _stored(part, except_files):
                self.owners.repeats(document_id, texts)
                self._resemblance.add(document_id, whole)

    def near(self, document: Document, *, collapse: bool) -> NearDuplicate | None:
        """The earlier document that this one nearly repeats, to be left out with `collapse`; adds this one if not."""
        nearest = self._resemblance.nearest(document.text)
        if nearest is None or not collapse:
            self._resemblance.add(document.id, document.text)
        return None if nearest is None else NearDuplicate(document.id, *nearest, left_out=collapse)


def _stored(part: Part, except_files: AbstractSet[str]) -> Iterator[tuple[str, list[str], str]]:
    """The id, the chunks' texts and the whole text of each live document, except those of some files."""
    segment = part.segment
    for first in segment.first_rows.tolist():
        if part.is_live(first) and segment.value("path", first) not in except_files:
            texts, whole = _texts(segment, segment.rows_from(first))
            yield segment.value("document_id", first), texts, whole


def _texts(segment: Segment, rows: slice) -> tuple[list[str], str]:
    """The texts of a document's chunks, and the text they make together, with what overlaps only once."""
    texts, parts, position = [], [], 0
    for row in range(rows.start, rows.stop):
        text, start = segment.value("text", row), segment.value("start", row)
        parts.append(" " * (start > position) + text[max(0, position - start) :])
        texts.append(text)
        position = max(position, segment.value("end", row))
    return texts, "".join(parts)
