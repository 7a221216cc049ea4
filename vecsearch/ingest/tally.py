"""What a run has done so far: counted as it goes, passed on as progress, and reported at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from vecsearch.reports import Failure, NearDuplicate, Progress, Report


@dataclass(slots=True)
class Tally:
    """Counts of one run; `bytes_total` is the size of the files to read, 0 where it is not known."""

    listener: Callable[[Progress], None] = lambda _: None
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[Failure] = field(default_factory=list)
    skipped: list[Failure] = field(default_factory=list)
    near_duplicates: list[NearDuplicate] = field(default_factory=list)
    bytes_total: int = 0
    _bytes_read: int = 0
    _bytes_settled: int = 0  # estimated, of files that are not read to their end yet
    _chunks_settled: int = 0
    _started: float = field(default_factory=monotonic)

    @classmethod
    def reporting_to(cls, progress: Callable[[Progress], None] | None) -> Tally:
        """A tally that calls `progress`, if there is one, as the run goes on."""
        return cls() if progress is None else cls(listener=progress)

    def encoded(self, fresh: int, known: int) -> None:
        """Count chunks by where their vectors came from: `fresh` from the model, `known` from the cache."""
        self.counts.update(chunks=fresh + known, encoded=fresh, cached=known)

    def settled(self, chunks: int, characters: int) -> None:
        """Count chunks that have their vectors now, cut from about this number of characters."""
        self._chunks_settled += chunks
        self._bytes_settled += characters
        self._notify()

    def finished(self, size: int) -> None:
        """Count files that were read to their end, by their size in bytes."""
        if size:
            self._bytes_read += size
            self._bytes_settled = 0
        self._notify()

    def report(self) -> Report:
        """The counts as the user gets them."""
        return Report(
            added=self.counts["added"],
            updated=self.counts["updated"],
            unchanged=self.counts["unchanged"],
            deleted=self.counts["deleted"],
            chunks=self.counts["chunks"],
            encoded=self.counts["encoded"],
            cached=self.counts["cached"],
            duplicates=self.counts["duplicates"],
            failed=tuple(self.failed),
            skipped=tuple(self.skipped),
            near_duplicates=tuple(self.near_duplicates),
            seconds=monotonic() - self._started,
        )

    def _notify(self) -> None:
        documents = self.counts["added"] + self.counts["updated"] + self.counts["unchanged"]
        done = min(self._bytes_read + self._bytes_settled, self.bytes_total)
        self.listener(Progress(documents, self._chunks_settled, done, self.bytes_total))
