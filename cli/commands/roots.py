"""`vecsearch roots` and `prune`: what the index follows, and what it should follow no longer."""

from __future__ import annotations

from pathlib import Path

import click

from ..options.common import with_index, with_wait
from ..options.help import command
from ..output import Output, Summary
from ..output.roots import RootsView
from ..output.text import plural


@command()
@with_index
def roots(index_path: Path, output: Output) -> None:
    """List the files and folders that the index follows, each with its flags.

    vecsearch index without PATH brings them in step.
    """
    from vecsearch import Index

    output.show(RootsView(Index.open(index_path).roots()))


@command()
@click.argument("paths", nargs=-1, metavar="[ROOT...]", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Report what would be removed and change nothing.")
@with_wait
@with_index
def prune(paths: tuple[Path, ...], dry_run: bool, wait: float, index_path: Path, output: Output) -> None:
    """Remove the documents of roots that are gone from the disk.

    Without ROOT, of all that are gone. With ROOT, of these roots whether they are gone or not; the index follows them
    no longer. Files are never touched, and vecsearch restore goes back.
    """
    from vecsearch import Index

    index = Index.open(index_path, wait=wait)
    pruned = index.prune(paths or None, dry_run=dry_run)
    would = "would be " if dry_run else ""
    sentence = f"{plural(pruned.deleted, 'document')} {would}removed"
    sentence += f", {plural(len(pruned.forgotten), 'root')} {would}forgotten" if pruned.forgotten else ""
    output.show(Summary(sentence, {"deleted": pruned.deleted, "forgotten": pruned.forgotten}))
