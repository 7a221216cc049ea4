"""`vecsearch index`: brings an index in step with files and folders, and makes it when there is none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import common, running, waiting
from .output import print_report
from .progress import progress_bar
from .reading import reading

if TYPE_CHECKING:
    from vecsearch import Index


@click.command(short_help="Bring the index in step with files and folders.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--model", help="A model's name or folder; for a new index.  [default: all-MiniLM-L6-v2]")
@click.option(
    "--dim", type=click.IntRange(1), metavar="N", help="Keep the first N numbers of vectors; for a new index."
)
@click.option("--chunk-tokens", type=int, metavar="N", help="Tokens of a chunk at most; for a new index.")
@click.option("--overlap", type=int, metavar="N", help="Tokens a chunk repeats of the one before; for a new index.")
@click.option(
    "--language", metavar="CODE", help="Read words as of one language, as en; for a new index.  [default: auto]"
)
@click.option(
    "--recall", type=float, metavar="R", help="Share of the nearest a search finds; for a new index.  [default: 0.99]"
)
@reading
@click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing.")
@running
@waiting
@common
def index(
    paths: tuple[Path, ...],
    model: str | None,
    dim: int | None,
    chunk_tokens: int | None,
    overlap: int | None,
    language: str | None,
    recall: float | None,
    runtime: str | None,
    threads: int | None,
    dry_run: bool,
    wait: float,
    index_path: Path,
    as_json: bool,
    **read: Any,
) -> None:
    """Bring the index in step with files and folders.

    New and changed files go in, files that vanished under these paths go out, unchanged ones are not read. A .jsonl,
    .csv or .parquet file holds one document a row. Every other text file is a document.
    """
    kind = _given(model=model, dim=dim, chunk_tokens=chunk_tokens, overlap=overlap, language=language, recall=recall)
    how = _given(runtime=runtime, threads=threads)
    with _opened(index_path, paths, kind, how, wait=wait, dry_run=dry_run) as target, progress_bar() as progress:
        report = target.sync(paths, dry_run=dry_run, progress=progress, **read)
    print_report(report, index_path, dry_run=dry_run, as_json=as_json)
    if report.failed:
        click.get_current_context().exit(1)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


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
            yield Index.create(path, **kind, **how)
            return
        with tempfile.TemporaryDirectory() as folder:
            yield Index.create(Path(folder) / "index", **kind, **how)
        return
    _check_kind(found, kind)
    yield found


def _check_exist(paths: Sequence[Path]) -> None:
    """Raises PathNotFound, before a mistyped path leaves an empty index behind."""
    from vecsearch import PathNotFound

    for path in paths:
        if not path.exists():
            raise PathNotFound(f"there is no file or folder {path}: check the path")


def _check_kind(found: Index, kind: dict[str, Any]) -> None:
    """Raises InvalidOption when an existing index is asked to be of another kind."""
    from vecsearch import InvalidOption

    info = found.info()
    for flag, name, has in (
        ("--dim", "dim", info.dim),
        ("--chunk-tokens", "chunk_tokens", info.chunk_tokens),
        ("--overlap", "overlap", info.overlap),
        ("--language", "language", info.language),
        ("--recall", "recall", info.recall),
    ):
        if kind.get(name, has) != has:
            raise InvalidOption(
                f"{found.path} was made with {flag} {has}, not {kind[name]}: make another index with -i"
            )
