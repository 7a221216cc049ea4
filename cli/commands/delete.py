"""`vecsearch delete`: documents leave the index, by their ids or paths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..options.common import with_index, with_wait
from ..output import Output, Summary
from ..output.text import plural

if TYPE_CHECKING:
    from vecsearch import Index


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="ID|PATH...")
@with_wait
@with_index
def delete(names: tuple[str, ...], wait: float, index_path: Path, output: Output) -> None:
    """Delete documents by id or path. A file that still exists is indexed again with its folder.

    A path is taken as any command shows it, from any folder. The exit status is 1 when nothing was deleted.
    """
    from vecsearch import Index

    index = Index.open(index_path, wait=wait)
    chosen, absent = _named(index, list(dict.fromkeys(names)))
    deleted = index.delete(chosen) if chosen else 0
    rest = f", {absent:,} not in the index" if absent else ""
    output.show(Summary(f"{plural(deleted, 'document')} deleted{rest}", {"deleted": deleted, "absent": absent}))
    if not deleted:
        click.get_current_context().exit(1)


def _named(index: Index, names: Sequence[str]) -> tuple[list[str], int]:
    """Return the ids of the documents that these names stand for, and how many names stand for none."""
    found = index.session().ids_named(names)
    several = [name for name, ids in zip(names, found, strict=True) if len(ids) > 1]
    if several:
        raise click.UsageError(f"{several[0]} holds several documents: name them by their ids")
    return [ids[0] for ids in found if ids], sum(not ids for ids in found)
