"""What `vecsearch index` has done, for people and as JSON: counts, and what did not get into the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .passages import printable
from .printing import echo, plural, print_json, shown_path

if TYPE_CHECKING:
    from vecsearch import Failure, Report

_LISTED = 10  # failures and near-duplicates named in a summary; JSON has them all


def print_report(
    report: Report, index_path: Path, *, dry_run: bool, as_json: bool, named: Collection[str] = ()
) -> None:
    """What `vecsearch index` has done, or would do; what it skipped of what was `named`, or of its rows, has a line."""
    if as_json:
        print_json(asdict(report))
        return
    _print_failures("failed", report.failed)
    _print_failures("skipped", [skip for skip in report.skipped if _is_of(skip, named)])
    _print_skipped([skip for skip in report.skipped if not _is_of(skip, named)])
    _print_near_duplicates(report)
    counts = ", ".join(
        f"{getattr(report, name):,} {name}"
        for name in ("added", "updated", "unchanged", "deleted")
        if getattr(report, name)
    )
    would = "would be: " if dry_run else ""
    echo(f"{shown_path(index_path)}: {would}{counts or 'nothing to index'} in {report.seconds:.1f} s")
    if report.chunks:
        rate = f" ({report.chunks / max(report.seconds, 1e-3):,.0f} chunks a second)" if not dry_run else ""
        echo(f"{plural(report.chunks, 'chunk')}: {report.encoded:,} encoded, {report.cached:,} known already{rate}")


def _is_of(skip: Failure, named: Collection[str]) -> bool:
    """Whether it is one of those named, or a row of one, as "d.csv:3" is."""
    return skip.source in named or skip.source.rpartition(":")[0] in named


def _print_failures(kind: str, failures: Sequence[Failure]) -> None:
    for failure in failures[:_LISTED]:
        click.echo(f"{kind}: {printable(shown_path(failure.source))}: {printable(failure.reason)}", err=True)
    if len(failures) > _LISTED:
        click.echo(f"{kind}: and {len(failures) - _LISTED:,} more; --json lists them all", err=True)


def _print_skipped(skipped: Sequence[Failure]) -> None:
    """A line for each reason: a folder may hold hundreds of pictures, which nobody asked for."""
    reasons = Counter(skip.reason for skip in skipped)
    firsts = {skip.reason: skip for skip in reversed(skipped)}
    alone = [firsts[reason] for reason, count in reasons.items() if count == 1]
    for reason, count in reasons.items():
        if count > 1:
            such = f"{count:,} such as {shown_path(firsts[reason].source)}"
            click.echo(f"skipped: {printable(such)}: {printable(reason)}; --json lists them all", err=True)
    _print_failures("skipped", alone)


def _print_near_duplicates(report: Report) -> None:
    found = report.near_duplicates
    for near in found[:_LISTED]:
        kind = "left out" if near.left_out else "near-duplicate"
        names = f"{near.document_id} says what {near.before} says"
        echo(f"{kind}: {printable(names)} (similarity {near.similarity:.2f})")
    if len(found) > _LISTED:
        echo(f"and {len(found) - _LISTED:,} more; --json lists them all")
    if report.duplicates:
        echo(f"{plural(report.duplicates, 'chunk')} with the text of another document")
