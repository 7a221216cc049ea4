"""`vecsearch delete`: documents leave the index, by ids and paths, by a folder, or by a condition."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..options.common import with_index, with_wait
from ..options.help import command
from ..output import Output, Summary
from ..output.text import plural

if TYPE_CHECKING:
    from vecsearch import Index


@command()
@click.argument("names", nargs=-1, metavar="[ID|PATH]...")
@click.option("--where", metavar="SQL", help='Delete where this holds, as in "year < 2010".')
@click.option("--under", multiple=True, metavar="FOLDER", help="Delete what is below a folder; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Report what would happen and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before several documents are deleted.")
@with_wait
@with_index
def delete(
    names: tuple[str, ...],
    where: str | None,
    under: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    wait: float,
    index_path: Path,
    output: Output,
) -> None:
    """Delete documents by id or path, those below a folder, or those for which a condition holds.

    A path is taken as any command shows it, from any folder. With --under and --where, and for a file of several
    records, the number of documents is shown and confirmed. A file that still exists is indexed again with its folder.
    The exit status is 1 when nothing was deleted.
    """
    from vecsearch import Index

    if bool(names) is bool(where or under):
        raise click.UsageError("name documents by ID or PATH, or give --where or --under")
    index = Index.open(index_path, wait=wait)
    session = index.session()
    if names:
        found = _named(index, list(dict.fromkeys(names)))
        chosen, absent = [document_id for ids in found for document_id in ids], sum(not ids for ids in found)
        several = any(len(ids) > 1 for ids in found)
    else:
        chosen, absent = [document.document_id for document in session.listed(where, under)], 0
        several = bool(chosen)
    if several and not (yes or dry_run):
        _confirm(len(chosen), index.path)
    deleted = len(chosen) if dry_run else index.delete(chosen) if chosen else 0
    rest = f", {absent:,} not in the index" if absent else ""
    sentence = f"{plural(deleted, 'document')} {'would be ' * dry_run}deleted{rest}"
    output.show(Summary(sentence, {"deleted": deleted, "absent": absent}))
    if not deleted:
        click.get_current_context().exit(1)


def _named(index: Index, names: Sequence[str]) -> list[list[str]]:
    """Return for each name the ids of its documents; raises UsageError for the name of a passage."""
    from vecsearch import InvalidQuery

    found = index.session().ids_named(names)
    for name, ids in zip(names, found, strict=True):
        if not ids and ("#" in name or ":" in name):
            try:
                chunk = index.show(name, context=0).chunk
            except InvalidQuery:
                continue
            raise click.UsageError(f"{name} is a passage of {chunk.document_id}: name the document")
    return found


def _confirm(count: int, path: Path) -> None:
    """Ask whether to go on; raises UsageError where there is nobody to ask."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError(f"this deletes {plural(count, 'document')}: pass --yes, or --dry-run to see")
    click.confirm(f"delete {plural(count, 'document')} of {path}?", abort=True, err=True)
