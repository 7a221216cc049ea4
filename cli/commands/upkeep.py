"""`vecsearch info`, `verify`, `compact`, `export` and `import`: an index and its files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from ..options.common import with_index, with_wait
from ..options.help import command
from ..output import Output, Summary
from ..output.characters import visible
from ..output.index import InfoView, VerificationView
from ..output.streams import stripped_lines
from ..output.text import plural


@command()
@with_index
def info(index_path: Path, output: Output) -> None:
    """Show what the index holds, which model made it, and how large it is."""
    from vecsearch import Index

    output.show(InfoView(Index.open(index_path).info()))


@command()
@click.option("--repair", is_flag=True, help="Rebuild damaged files that are derived from others.")
@with_wait
@with_index
def verify(repair: bool, wait: float, index_path: Path, output: Output) -> None:
    """Read every file of the index and report damage; the exit status is 1 if there is any."""
    from vecsearch import verify_index

    verification = verify_index(index_path, repair=repair, wait=wait)
    output.show(VerificationView(verification))
    if not verification.ok:
        click.get_current_context().exit(1)


@command()
@click.option(
    "--queries",
    type=click.File(encoding="utf-8-sig"),
    metavar="FILE",
    help="Also measure the recall of the approximate index on these queries, one per line.",
)
@with_wait
@with_index
def compact(queries: TextIO | None, wait: float, index_path: Path, output: Output) -> None:
    """Merge the index into one segment, without deleted chunks."""
    from vecsearch import Index

    index = Index.open(index_path, wait=wait)
    lines = None if queries is None else stripped_lines(queries)
    compacted = index.compact(queries=lines)
    chunks = plural(len(index), "chunk")
    sentence = f"{chunks} in one segment" if compacted else "nothing to do: one segment without deleted chunks"
    output.show(Summary(sentence, {"compacted": compacted, "chunks": len(index)}))


@command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask before a file is replaced.")
@with_index
def export(file: Path, yes: bool, index_path: Path, output: Output) -> None:
    """Write text, spans, metadata and vectors to a FILE for other tools.

    Its name ends in .parquet, .arrow, .jsonl or .csv; the last has no vectors, and import takes the first. You are
    asked before a file that exists is replaced.
    """
    from vecsearch import Index

    index = Index.open(index_path)
    if not yes and file.is_file():
        _confirm_replacing(file)
    chunks = index.export(file)
    output.show(Summary(f"{plural(chunks, 'chunk')} written to {file}", {"chunks": chunks, "file": str(file)}))


def _confirm_replacing(file: Path) -> None:
    """Ask whether to go on; raises UsageError where there is nobody to ask."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError(f"{file} exists: pass --yes to replace it, or name another file")
    if not click.confirm(f"replace {visible(str(file))}?", err=True):
        click.get_current_context().exit(1)


@command("import")
@click.argument("file", type=click.Path(path_type=Path))
@with_index
def import_(file: Path, index_path: Path, output: Output) -> None:
    """Create an index from a FILE that export wrote. It answers as the exported one did."""
    from vecsearch import Index

    index = Index.from_export(file, index_path)
    output.show(Summary(f"{plural(len(index), 'chunk')} in {index_path}", {"chunks": len(index)}))
