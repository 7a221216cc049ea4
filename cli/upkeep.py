"""`vecsearch compact`, `verify`, `export` and `import`: the files of an index."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from .options import common, waiting
from .output import print_verification
from .printing import plural, print_done


@click.command(short_help="Write one segment, without what was deleted.")
@click.option(
    "--queries",
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="Measure how well a search finds chunks on these queries too, one a line.",
)
@waiting
@common
def compact(queries: TextIO | None, wait: float, index_path: Path, as_json: bool) -> None:
    """Write the index as one segment, without what was deleted."""
    from vecsearch import Index

    index = Index.open(index_path, wait=wait)
    asked = None if queries is None else [line.strip() for line in queries if line.strip()]
    done = index.compact(queries=asked)
    said = (
        f"{plural(len(index), 'chunk')} in one segment" if done else "it is one segment without deleted chunks already"
    )
    print_done({"compacted": done, "chunks": len(index)}, said, as_json=as_json)


@click.command(short_help="Read every file and say what is damaged.")
@click.option("--repair", is_flag=True, help="Make anew what is derived, where it is damaged.")
@waiting
@common
def verify(repair: bool, wait: float, index_path: Path, as_json: bool) -> None:
    """Read every file of the index and say what is damaged: status 1 when anything is."""
    from vecsearch import verify_index

    found = verify_index(index_path, repair=repair, wait=wait)
    print_verification(found, as_json=as_json)
    if not found.ok:
        click.get_current_context().exit(1)


@click.command(short_help="Write chunks and vectors to a Parquet file.")
@click.argument("file", type=click.Path(path_type=Path))
@common
def export(file: Path, index_path: Path, as_json: bool) -> None:
    """Write text, spans, metadata and vectors to the Parquet FILE, which other tools read."""
    from vecsearch import Index

    chunks = Index.open(index_path).export(file)
    print_done({"chunks": chunks, "file": str(file)}, f"{plural(chunks, 'chunk')} written to {file}", as_json=as_json)


@click.command("import", short_help="Make an index of an exported file.")
@click.argument("file", type=click.Path(path_type=Path))
@common
def import_(file: Path, index_path: Path, as_json: bool) -> None:
    """Make a new index of a FILE that export wrote; it gives the same answers."""
    from vecsearch import Index

    index = Index.from_export(file, index_path)
    print_done({"chunks": len(index)}, f"{plural(len(index), 'chunk')} in {index_path}", as_json=as_json)
