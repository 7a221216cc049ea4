"""`vecsearch cluster`: the topics of an index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vecsearch.choices import ClusterMethod

from ..options.common import one_of, with_index, with_wait
from ..options.help import command
from ..options.values import CountOrAuto
from ..output import Output
from ..output.analysis import ClusteringView


@command()
@click.option("-n", type=CountOrAuto(), default="auto", show_default=True, metavar="N|auto", help="Number of clusters.")
@click.option(
    "--method",
    type=one_of(ClusterMethod),
    default=ClusterMethod.KMEANS.value,
    show_default=True,
    help="Put every chunk in a cluster, or only those in dense regions.",
)
@click.option("--where", metavar="SQL", help="Cluster only where this holds, as in \"year >= 2020 AND lang = 'en'\".")
@click.option(
    "--points", type=int, default=50_000, show_default=True, metavar="N", help="Sample N chunks if there are more."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed for the sample and the clusters.")
@click.option(
    "--write-to", metavar="KEY", help="Store each chunk's cluster as metadata, in a new version of the index."
)
@click.option("--overwrite", is_flag=True, help="Replace existing metadata of that name.")
@with_wait
@with_index
def cluster(n: int | str, wait: float, index_path: Path, output: Output, **options: Any) -> None:
    """Find the topics of the index: clusters of chunks, each with its words and its most central passages.

    With --write-to cluster, a search can be limited to one, --where "cluster = 3", and a map coloured by
    them, --color-by cluster.
    """
    from vecsearch import Index
    from vecsearch.analysis import find_clusters

    output.show(ClusteringView(find_clusters(Index.open(index_path), n, wait=wait, **options)))
