"""`vecsearch log`, `restore` and `tag`: the versions of an index."""

from __future__ import annotations

from pathlib import Path

import click

from ..options.common import with_index, with_wait
from ..options.help import command
from ..output import Output, Summary
from ..output.index import LogView
from ..output.text import plural


@command()
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Keep only the newest N versions from now on.")
@with_wait
@with_index
def log(keep: int | None, wait: float, index_path: Path, output: Output) -> None:
    """List the versions that are kept: what each changed and how large it is."""
    from vecsearch import Index, list_versions

    if keep is not None:
        Index.open(index_path, wait=wait).keep_versions(keep)
    output.show(LogView(list_versions(index_path)))


@command()
@click.argument("version")
@with_wait
@with_index
def restore(version: str, wait: float, index_path: Path, output: Output) -> None:
    """Go back to VERSION, a number or a tag. This adds a version: those in between stay in the log."""
    from vecsearch import restore_version

    info = restore_version(index_path, version, wait=wait)
    contents = f"{plural(info.documents, 'document')}, {plural(info.chunks, 'chunk')}"
    sentence = f"version {version} restored as version {info.version}: {contents}"
    output.show(Summary(sentence, {"restored": version, "version": info.version}))


@command()
@click.argument("name")
@click.argument("version", required=False)
@click.option("--delete", is_flag=True, help="Delete the tag.")
@with_wait
@with_index
def tag(name: str, version: str | None, delete: bool, wait: float, index_path: Path, output: Output) -> None:
    """Tag VERSION, by default the current one, with NAME: it is kept until the tag is deleted."""
    from vecsearch import Index

    if delete and version is not None:
        raise click.UsageError("--delete deletes the tag of whichever version has it: leave out VERSION")
    index = Index.open(index_path, wait=wait)
    if delete:
        index.untag(name)
    else:
        index.tag(name, version)
    number = next((version.number for version in index.log() if name in version.tags), None)
    sentence = f"tag {name} deleted" if delete else f"version {number} is tagged {name} and kept"
    output.show(Summary(sentence, {"tag": name, "version": number}))
