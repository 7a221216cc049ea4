"""`vecsearch index`: brings an index up to date with files and folders, and creates it if necessary."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options.common import search_note, with_index, with_wait
from ..options.creating import check_settings, created_index, index_settings, named_settings, with_settings
from ..options.following import check_roots, remember_roots
from ..options.help import command
from ..options.models import DEFAULT_MODEL, runtime_options, with_runtime
from ..options.reading import reading_options, with_reading
from ..options.sources import Sources, parse_sources
from ..output import Output
from ..output.interruption import interruption_explained
from ..output.progress import progress_bar
from ..output.report import ReportView
from ..output.streams import write_notice

if TYPE_CHECKING:
    from vecsearch import Index, Progress, Report


@command()
@click.argument("arguments", nargs=-1, metavar="[PATH...]")
@click.option("--model", help=f"A model's name or folder; for a new index.  [default: {DEFAULT_MODEL}]")
@with_settings
@click.option("--keep-text/--no-keep-text", default=None, help="Also store each document's text; for a new index.")
@with_reading
@click.option("--id", "identifier", metavar="NAME", help="The id of what is read from standard input, when PATH is -.")
@click.option("--allow-http", is_flag=True, help="Fetch each PATH that is an http or https URL.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Report what would happen and change nothing. A new index still needs its model's package and key.",
)
@click.option("--force", is_flag=True, help="Read every file, whether it changed or not.")
@click.option("--watch", is_flag=True, help="Keep running and follow changes until Ctrl-C.")
@with_runtime
@with_wait
@with_index
def index(
    arguments: tuple[str, ...],
    identifier: str | None,
    allow_http: bool,
    dry_run: bool,
    force: bool,
    watch: bool,
    wait: float,
    index_path: Path,
    output: Output,
    **options: Any,
) -> None:
    """Bring the index up to date with files and folders.

    New and changed files are indexed, files that are gone from these paths are removed, unchanged ones are not read.
    A .jsonl, .csv or .parquet file holds one document per row; every other file is one document. In a folder, hidden
    files are left out, and what .gitignore, .ignore, .vecsearchignore and Git's own lists ignore.

    The index follows each PATH from then on, with the flags given here: without PATH all of them are brought up to
    date, each with its own flags.

    PATH may be - for standard input, with --id, or, with --allow-http, the URL of a web page or file.
    """
    settings, runtime, reading = index_settings(options), runtime_options(options), reading_options(options)
    if watch and (dry_run or force):
        raise click.UsageError(f"--watch is for changes: leave out --{'dry-run' if dry_run else 'force'} or --watch")
    sources = parse_sources(arguments, identifier, allow_http=allow_http, dry_run=dry_run, watch=watch, **reading)
    with (
        _open_or_create(index_path, sources, settings, runtime, wait=wait, dry_run=dry_run) as opened,
        interruption_explained(opened, index_path, dry_run=dry_run),
    ):
        if sources.follow_roots:
            check_roots(opened)
        with progress_bar() as progress:
            reports = _runs(opened, sources, progress, watch=watch, dry_run=dry_run, force=force, **reading)
            report = next(reports)
        if not dry_run:
            remember_roots(opened, sources.paths)
        output.show(ReportView(report, index_path, sources.named, dry_run))
        if watch:
            write_notice("watching for changes; Ctrl-C ends")
            for changed in _with_news(report, reports):
                output.show(ReportView(changed, index_path, sources.named))
    if report.failed or (sources.follow_roots and any(root.mounted for root in report.missing)):
        click.get_current_context().exit(1)


def _runs(
    index: Index,
    sources: Sources,
    progress: Callable[[Progress], None] | None,
    *,
    watch: bool,
    dry_run: bool,
    force: bool,
    **reading: Any,
) -> Iterator[Report]:
    """Yield the report of one run, or with `watch` of one more after each change."""
    paths = None if sources.follow_roots else sources.paths
    if sources.urls or sources.id:
        yield index.add(sources.documents(**reading), progress=progress)
    elif watch:
        yield from index.watch(paths, progress=progress, **reading)
    else:
        yield index.sync(paths, dry_run=dry_run, force=force, progress=progress, **reading)


def _with_news(first: Report, reports: Iterator[Report]) -> Iterator[Report]:
    """Yield the reports of runs that changed the index, or in which other things were wrong than in the run before."""
    wrong = (first.failed, first.missing)
    for report in reports:
        if report.added or report.updated or report.deleted or (report.failed, report.missing) != wrong:
            yield report
        wrong = (report.failed, report.missing)


@contextmanager
def _open_or_create(
    path: Path,
    sources: Sources,
    settings: dict[str, Any],
    runtime: dict[str, Any],
    *,
    wait: float,
    dry_run: bool,
) -> Iterator[Index]:
    """Open the index at `path`, or create it with these settings; in a dry run, create a temporary one instead."""
    from vecsearch import Index, IndexNotFound

    try:
        existing = Index.open(path, model=named_settings(settings).get("model"), wait=wait, **runtime)
    except IndexNotFound:
        note = search_note(click.get_current_context(), new=True)
        if sources.follow_roots:
            yet = f"there is no index at {path} yet{f'; {note}' * bool(note)}"
            raise click.UsageError(f"name the files and folders to index: {yet}") from None
        _check_paths(sources.paths)
        if note:
            write_notice(f"{path} is a new index: {note}")
        if not dry_run:
            with created_index(path, settings, runtime) as new:
                yield new
            return
        with tempfile.TemporaryDirectory() as folder:
            yield Index.create(Path(folder) / "index", **settings, **runtime)
        return
    check_settings(existing, named_settings(settings))
    yield existing


def _check_paths(paths: Sequence[Path]) -> None:
    """Raise PathNotFound, before a mistyped path leaves an empty index behind."""
    from vecsearch import PathNotFound

    for path in paths:
        if not path.exists():
            raise PathNotFound(f"{path}: no such file or folder: check the path")
