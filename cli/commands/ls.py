"""`vecsearch ls`: the documents of the index, all or those of some paths and for which a condition holds."""

from __future__ import annotations

from pathlib import Path

import click

from ..options.common import with_index
from ..options.help import command
from ..output import Output
from ..output.documents import DocumentsView


@command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--where", metavar="SQL", help="List only where this holds, as in \"year >= 2020 AND lang = 'en'\".")
@with_index
def ls(paths: tuple[str, ...], where: str | None, index_path: Path, output: Output) -> None:
    """List the documents of the index, of a file or below a folder PATH; the exit status is 1 when there are none."""
    from vecsearch import Index

    found = Index.open(index_path).session().listed(where, paths)
    output.show(DocumentsView(found))
    if not found:
        click.get_current_context().exit(1)
