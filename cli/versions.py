"""`vecsearch log`, `restore` and `tag`: the versions of an index."""

from __future__ import annotations

from pathlib import Path

import click

from .options import common, waiting
from .output import print_log
from .printing import plural, print_done


@click.command(short_help="List the versions that are kept.")
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Keep the newest N versions from now on.")
@waiting
@common
def log(keep: int | None, wait: float, index_path: Path, as_json: bool) -> None:
    """List the versions that are kept: what each changed and how large it is."""
    from vecsearch import Index

    index = Index.open(index_path, wait=wait)
    if keep is not None:
        index.keep_versions(keep)
    print_log(index.log(), index.info(), as_json=as_json)


@click.command(short_help="Go back to a version.")
@click.argument("version")
@waiting
@common
def restore(version: str, wait: float, index_path: Path, as_json: bool) -> None:
    """Go back to VERSION, a number or a tag. That is a new version: what came between stays in the log."""
    from vecsearch import restore_version

    info = restore_version(index_path, version, wait=wait)
    print_done(
        {"restored": version, "version": info.version},
        f"version {info.version} holds what {version} held: {plural(info.documents, 'document')}, "
        f"{plural(info.chunks, 'chunk')}",
        as_json=as_json,
    )


@click.command(short_help="Give a version a name, and keep it.")
@click.argument("name")
@click.argument("version", required=False)
@click.option("--delete", is_flag=True, help="Take the name away.")
@waiting
@common
def tag(name: str, version: str | None, delete: bool, wait: float, index_path: Path, as_json: bool) -> None:
    """Give VERSION, by default the current one, a NAME: it is kept until the name is taken away."""
    from vecsearch import Index

    if delete and version is not None:
        raise click.UsageError("--delete takes a name away from whichever version has it: name no VERSION")
    index = Index.open(index_path, wait=wait)
    if delete:
        index.untag(name)
    else:
        index.tag(name, version)
    named = next((v.number for v in index.log() if name in v.tags), None)
    said = f"no version is called {name} any more" if delete else f"version {named} is called {name} and kept"
    print_done({"tag": name, "version": named}, said, as_json=as_json)
