"""What `vecsearch index` did: counts, and what did not get into the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import View
from .flags import flags_of
from .text import plural, shown_path

if TYPE_CHECKING:
    from vecsearch import Failure, Report
    from vecsearch.reports import FlagChange, MissingRoot, Move

_LISTED = 10  # failures and near-duplicates; JSON has them all
_COUNTS = ("added", "updated", "unchanged", "deleted")


@dataclass(frozen=True)
class ReportView(View):
    """A run of `vecsearch index`. What it skipped of the `named` sources has a line each, the rest one per reason."""

    report: Report
    index_path: Path
    named: Collection[str]
    dry_run: bool = False

    def fields(self) -> dict[str, Any]:
        """Return the whole report."""
        return asdict(self.report)

    def notices(self) -> Iterator[str]:
        """Yield what failed and what was skipped."""
        skipped = [skip for skip in self.report.skipped if not hasattr(skip, "extra")]
        yield from _failures("failed", self.report.failed)
        yield from _failures("skipped", [skip for skip in skipped if self._is_named(skip)])
        yield from _skipped_by_reason([skip for skip in skipped if not self._is_named(skip)])
        yield from _changed_flags(self.report.changed_flags)
        yield from _moved(self.report.moved)
        yield from _missing(self.report.missing)
        yield from _extras([skip for skip in self.report.skipped if hasattr(skip, "extra")])

    def lines(self) -> Iterator[str]:
        """Yield near-duplicates and counts."""
        report = self.report
        yield from _near_duplicates(report)
        counts = ", ".join(f"{getattr(report, name):,} {name}" for name in _COUNTS if getattr(report, name))
        would = "would be: " if self.dry_run else ""
        yield f"{shown_path(self.index_path)}: {would}{counts or 'nothing to index'} in {report.seconds:.1f} s"
        if report.chunks:
            rate = "" if self.dry_run else f" ({report.chunks / max(report.seconds, 1e-3):,.0f} chunks per second)"
            yield f"{plural(report.chunks, 'chunk')}: {report.encoded:,} encoded, {report.cached:,} cached{rate}"

    def _is_named(self, skip: Failure) -> bool:
        """Whether it is one of the named sources, or a row of one, as "d.csv:3" is."""
        return skip.source in self.named or skip.source.rpartition(":")[0] in self.named


def _failures(kind: str, failures: Sequence[Failure]) -> Iterator[str]:
    for failure in failures[:_LISTED]:
        yield f"{kind}: {shown_path(failure.source)}: {failure.reason}"
    if len(failures) > _LISTED:
        yield f"{kind}: and {len(failures) - _LISTED:,} more; --json lists them all"


def _skipped_by_reason(skipped: Sequence[Failure]) -> Iterator[str]:
    """Yield a line for each reason: a folder may hold hundreds of images."""
    reasons = Counter(skip.reason for skip in skipped)
    firsts = {skip.reason: skip for skip in reversed(skipped)}
    for reason, count in reasons.items():
        if count > 1:
            yield f"skipped: {count:,} such as {shown_path(firsts[reason].source)}: {reason}; --json lists them all"
    yield from _failures("skipped", [firsts[reason] for reason, count in reasons.items() if count == 1])


def _extras(skipped: Sequence[Any]) -> Iterator[str]:
    """Yield a line for each package that is missing: all files that need it, counted by their kinds."""
    for extra in sorted({skip.extra for skip in skipped}):
        kinds = Counter(skip.kind for skip in skipped if skip.extra == extra)
        counts = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
        files = "file" if kinds.total() == 1 else "files"
        yield f"{counts} {files} skipped: pip install 'vecsearch[{extra}]'"


def _changed_flags(changes: Sequence[FlagChange]) -> Iterator[str]:
    for change in changes:
        before, after = (" ".join(flags_of(flags)) or "no flags" for flags in (change.before, change.after))
        yield f"flags: {shown_path(change.path)} has {after} now, before it had {before}"


def _moved(moves: Sequence[Move]) -> Iterator[str]:
    for move in moves:
        count = plural(move.documents, "document")
        yield f"moved: {shown_path(move.source)} is {shown_path(move.target)} now ({count})"


def _missing(roots: Sequence[MissingRoot]) -> Iterator[str]:
    for root in roots:
        path, held = shown_path(root.path), plural(root.documents, "document")
        if root.mounted:
            yield f"gone: {path} ({held} kept): index its new path if it was moved; vecsearch prune removes them"
        else:
            yield f"not mounted: {path} ({held} kept): mount it and index again; vecsearch prune {path} removes them"


def _near_duplicates(report: Report) -> Iterator[str]:
    for near in report.near_duplicates[:_LISTED]:
        kind = "left out" if near.left_out else "near-duplicate"
        yield f"{kind}: {near.document_id} repeats {near.before} (similarity {near.similarity:.2f})"
    if len(report.near_duplicates) > _LISTED:
        yield f"and {len(report.near_duplicates) - _LISTED:,} more; --json lists them all"
    if report.duplicates:
        yield f"{plural(report.duplicates, 'chunk')} with the text of another document"
