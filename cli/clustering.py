"""`vecsearch cluster`: what the index is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import common, waiting
from .passages import printable
from .printing import plural, print_done

if TYPE_CHECKING:
    from vecsearch.analysis import Cluster, Clustering, SampledChunk

    _ParamType = click.ParamType[int | str]
else:
    _ParamType = click.ParamType

_METHODS = ("kmeans", "hdbscan")
_SHOWN = 76  # characters of a passage


class _Count(_ParamType):
    """A whole number, or "auto"."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """The number; fails for what is neither."""
        try:
            return value if value == "auto" else int(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number of clusters nor auto", param, ctx)


@click.command(short_help="Find what the index is about.")
@click.option(
    "-n", type=_Count(), default="auto", show_default=True, metavar="N|auto", help="How many clusters there are."
)
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    default="kmeans",
    show_default=True,
    help="Every chunk in a cluster, or dense places only.",
)
@click.option("--where", metavar="SQL", help="Only what this is true for, as in \"year >= 2020 AND lang = 'en'\".")
@click.option(
    "--points", type=int, default=50_000, show_default=True, metavar="N", help="Of more chunks take a sample."
)
@click.option("--seed", type=int, default=0, show_default=True, help="What clusters and sample are drawn by.")
@click.option("--write-to", metavar="KEY", help="Give every chunk its cluster as metadata: a new version of the index.")
@click.option("--overwrite", is_flag=True, help="Replace metadata that has this name.")
@waiting
@common
def cluster(n: int | str, wait: float, index_path: Path, as_json: bool, **how: Any) -> None:
    """Find what the index is about: its chunks in clusters, each with its words and its most central passages.

    With --write-to cluster, a search can ask for one, --where "cluster = 3", and a map show them, --color cluster.
    """
    from vecsearch import Index
    from vecsearch.analysis import find_clusters

    found = find_clusters(Index.open(index_path), n, wait=wait, **how)
    print_done(asdict(found), "\n".join(_said(found)), as_json=as_json)


def _said(found: Clustering) -> Iterator[str]:
    seen = plural(found.chunks, "chunk")
    if found.sampled < found.chunks:
        seen = f"{found.sampled:,} of {found.chunks:,} chunks, a sample drawn by seed {found.seed},"
    yield f"{seen} in {plural(len(found.clusters), 'cluster')} by {found.method}"
    for each in found.clusters:
        yield from _cluster(each)
    if found.outliers:
        where = "in none" if found.method == "hdbscan" else "far from the centre of theirs"
        yield f"{plural(found.outliers, 'outlier')}, {where}; the farthest:"
        yield from map(_passage, found.farthest)
    if found.written_to is not None:
        yield f"version {found.version} has them as {found.written_to} and {found.written_to}_words"


def _cluster(cluster: Cluster) -> Iterator[str]:
    yield f"{cluster.number:>3}  {cluster.name}  ({plural(cluster.size, 'chunk')}, cohesion {cluster.cohesion:.2f})"
    yield from map(_passage, cluster.central)


def _passage(chunk: SampledChunk) -> str:
    text = printable(" ".join(chunk.text.split()))
    return f"     {chunk.similarity:.2f}  {text if len(text) <= _SHOWN else text[: _SHOWN - 2] + ' …'}"
