"""`vecsearch index`: brings an index in step with files and folders, and makes it when there is none."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .making import check_kind, kind_of, made, making
from .options import common, running, running_of, waiting
from .progress import progress_bar
from .reading import reading, reading_of
from .report import print_report
from .sources import Sources, sources_of

if TYPE_CHECKING:
    from vecsearch import Index, Progress, Report


@click.command(short_help="Bring the index in step with files and folders.")
@click.argument("given", nargs=-1, required=True, metavar="PATH...")
@click.option("--model", help="A model's name or folder; for a new index.  [default: all-MiniLM-L6-v2]")
@making
@click.option("--keep-text/--no-keep-text", default=None, help="Keep the text of each document too; for a new index.")
@reading
@click.option("--id", "identifier", metavar="NAME", help="What is read from standard input, with - for PATH.")
@click.option("--allow-http", is_flag=True, help="Take http and https addresses for PATH, and ask them.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say what would happen and change nothing. A new index needs its model's package and key all the same.",
)
@click.option("--watch", is_flag=True, help="Go on: keep the index in step until Ctrl-C.")
@running
@waiting
@common
def index(
    given: tuple[str, ...],
    identifier: str | None,
    allow_http: bool,
    dry_run: bool,
    watch: bool,
    wait: float,
    index_path: Path,
    as_json: bool,
    **options: Any,
) -> None:
    """Bring the index in step with files and folders.

    New and changed files go in, files that vanished under these paths go out, unchanged ones are not read. A .jsonl,
    .csv or .parquet file holds one document a row. Every other text file is a document.

    PATH may be - for standard input, with --id, or, with --allow-http, the address of a web page or file.
    """
    kind, how, read = kind_of(options), running_of(options), reading_of(options)
    if watch and dry_run:
        raise click.UsageError("--watch changes the index: leave out --dry-run, or --watch")
    sources = sources_of(given, identifier, allow_http=allow_http, dry_run=dry_run, watch=watch, **read)
    with _opened(index_path, sources.paths, kind, how, wait=wait, dry_run=dry_run) as target:
        with progress_bar() as progress:
            reports = _reports(target, sources, progress, watch=watch, dry_run=dry_run, **read)
            report = next(reports)
        print_report(report, index_path, dry_run=dry_run, as_json=as_json, named=sources.named)
        if watch:
            _go_on(report, reports, index_path, as_json=as_json, named=sources.named)
    if report.failed:
        click.get_current_context().exit(1)


def _reports(
    target: Index,
    sources: Sources,
    progress: Callable[[Progress], None] | None,
    *,
    watch: bool,
    dry_run: bool,
    **read: Any,
) -> Iterator[Report]:
    """What each run has done: of what is no file one, of files one, or one after each change."""
    if not sources.paths:
        yield target.add(sources.documents(**read), progress=progress)
    elif watch:
        yield from target.watch(sources.paths, progress=progress, **read)
    else:
        yield target.sync(sources.paths, dry_run=dry_run, progress=progress, **read)


def _go_on(
    first: Report, reports: Iterator[Report], index_path: Path, *, as_json: bool, named: Collection[str]
) -> None:
    """Says what each further run has done, when that is anything new."""
    click.echo("watching for changes; Ctrl-C ends", err=True)
    known = first.failed
    for report in reports:
        if report.added or report.updated or report.deleted or report.failed != known:
            print_report(report, index_path, dry_run=False, as_json=as_json, named=named)
        known = report.failed


@contextmanager
def _opened(
    path: Path, paths: Sequence[Path], kind: dict[str, Any], how: dict[str, Any], *, wait: float, dry_run: bool
) -> Iterator[Index]:
    """The index at `path`, made of the `kind` asked for when there is none; for a dry run one that is thrown away.

    `how` says how its model is run.
    """
    from vecsearch import Index, IndexNotFound

    try:
        found = Index.open(path, model=kind.get("model"), wait=wait, **how)
    except IndexNotFound:
        _check_exist(paths)
        if not dry_run:
            with made(path, kind, how) as new:
                yield new
            return
        with tempfile.TemporaryDirectory() as folder:
            yield Index.create(Path(folder) / "index", **kind, **how)
        return
    check_kind(found, kind)
    yield found


def _check_exist(paths: Sequence[Path]) -> None:
    """Raises PathNotFound, before a mistyped path leaves an empty index behind."""
    from vecsearch import PathNotFound

    for path in paths:
        if not path.exists():
            raise PathNotFound(f"there is no file or folder {path}: check the path")
