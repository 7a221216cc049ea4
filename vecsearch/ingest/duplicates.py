"""Which documents nearly say the same, and which chunks exactly: told while documents stream in.

Two documents are compared by their shingles, the runs of five words in them. The similarity is Jaccard's: shingles in
both over shingles in any of the two. MinHash estimates it from 128 numbers a document, to about 0.03 (Broder 1997, On
the resemblance and containment of documents); what is alike enough to be compared is found by locality-sensitive
hashing. The same documents in the same order give the same answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from vecsearch.errors import ExtraMissing
from vecsearch.reports import NearDuplicate
from vecsearch.storage.lexical.splitting import words
from vecsearch.storage.segment import Segment
from vecsearch.storage.store import Part
from vecsearch.types import Dedupe, Document

if TYPE_CHECKING:
    from rensa import RMinHash

NEAR = 0.8  # the least similarity of what counts as nearly the same
_SHINGLE = 5  # words
_NUMBERS = 128  # of MinHash, for each document
_BANDS = 32  # of four numbers: a pair of similarity 0.8 is missed once in twenty million times, one of 0.5 seen mostly
_SEED = 1


class Resemblance:
    """The documents seen so far, by what they say; about four kilobytes each."""

    def __init__(self) -> None:
        """None is seen. Raises ExtraMissing without rensa."""
        try:
            from rensa import RMinHash, RMinHashLSH
        except ModuleNotFoundError as error:
            if error.name != "rensa":
                raise
            raise ExtraMissing.of("rensa", "dedupe", "finding near-duplicates") from None
        self._sketch = RMinHash
        self._near = RMinHashLSH(NEAR, _NUMBERS, _BANDS)
        self._seen: list[tuple[str, RMinHash]] = []

    def nearest(self, text: str) -> tuple[str, float] | None:
        """The id of the document that this text is nearest to, the first one of several, and their similarity.

        None when it is not nearly the same as any.
        """
        sketch = self._sketched(text)
        if sketch is None:
            return None
        found = [(self._seen[number][1].jaccard(sketch), -number) for number in self._near.query(sketch)]
        similarity, number = max(found, default=(0.0, 0))
        return (self._seen[-number][0], similarity) if similarity >= NEAR else None

    def add(self, document_id: str, text: str) -> None:
        """The document is among those that are seen."""
        sketch = self._sketched(text)
        if sketch is not None:
            self._near.insert(len(self._seen), sketch)
            self._seen.append((document_id, sketch))

    def _sketched(self, text: str) -> RMinHash | None:
        """None for a text without words, which is like no other."""
        found = words(text.lower())
        if not found:
            return None
        sketch = self._sketch(_NUMBERS, _SEED)
        runs = range(max(1, len(found) - _SHINGLE + 1))
        sketch.update([" ".join(found[first : first + _SHINGLE]) for first in runs])
        return sketch


class TextOwners:
    """Which document had a text first, for counting chunks that repeat one of another document."""

    def __init__(self) -> None:
        self._owners: dict[int, int] = {}  # by hash: texts need not be kept

    def repeats(self, document_id: str, texts: Iterable[str]) -> int:
        """How many of a document's chunks have a text that another document had before; the others are its own."""
        own = hash(document_id)
        return sum(self._owners.setdefault(hash(text), own) != own for text in texts)


class Deduplication:
    """What a run compares its documents with: those that the index has, and those of the run before them."""

    def __init__(self, dedupe: Dedupe) -> None:
        self.owners = TextOwners()
        self._collapse = dedupe is Dedupe.COLLAPSE
        self._resemblance = Resemblance()

    def begin(self, parts: Sequence[Part], left_out: AbstractSet[str]) -> None:
        """What the index has is seen, but for the documents of files that are read again or gone."""
        for part in parts:
            for document_id, texts, whole in _stored(part, left_out):
                self.owners.repeats(document_id, texts)
                self._resemblance.add(document_id, whole)

    def near(self, document: Document) -> NearDuplicate | None:
        """Which document this one nearly repeats; it is seen from now on, unless it is to be left out."""
        found = self._resemblance.nearest(document.text)
        if found is None or not self._collapse:
            self._resemblance.add(document.id, document.text)
        return None if found is None else NearDuplicate(document.id, *found, left_out=self._collapse)


def _stored(part: Part, left_out: AbstractSet[str]) -> Iterator[tuple[str, list[str], str]]:
    """The id, the chunks' texts and the whole text of each document that is there, but for those of some files."""
    segment = part.segment
    for first in segment.first_rows.tolist():
        if part.is_live(first) and segment.value("path", first) not in left_out:
            texts, whole = _texts(segment, segment.rows_from(first))
            yield segment.value("document_id", first), texts, whole


def _texts(segment: Segment, rows: slice) -> tuple[list[str], str]:
    """The texts of a document's chunks, and what they say together: what two of them hold once."""
    texts, parts, position = [], [], 0
    for row in range(rows.start, rows.stop):
        text, start = segment.value("text", row), segment.value("start", row)
        parts.append(" " * (start > position) + text[max(0, position - start) :])
        texts.append(text)
        position = max(position, segment.value("end", row))
    return texts, "".join(parts)
