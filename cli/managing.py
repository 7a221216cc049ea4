"""`vecsearch info` and `vecsearch delete`."""

from __future__ import annotations

from pathlib import Path

import click

from .options import common, waiting
from .output import print_deleted, print_info


@click.command(short_help="Say what the index holds.")
@common
def info(index_path: Path, as_json: bool) -> None:
    """Say what the index holds, with which model, and how large it is."""
    from vecsearch import Index

    print_info(Index.open(index_path).info(), as_json=as_json)


@click.command(short_help="Delete documents by their ids.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@waiting
@common
def delete(ids: tuple[str, ...], wait: float, index_path: Path, as_json: bool) -> None:
    """Delete documents by their ids. A file that is still there comes back when its folder is indexed again."""
    from vecsearch import Index

    print_deleted(Index.open(index_path, wait=wait).delete(ids), len(set(ids)), as_json=as_json)
