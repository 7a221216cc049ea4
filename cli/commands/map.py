"""`vecsearch map`: the index as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vecsearch.choices import MapMethod

from ..options.common import Renamed, one_of, with_index
from ..options.help import command
from ..output import Output
from ..output.analysis import MapView


@command("map")
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    default="map.html",
    show_default=True,
    help="The file to draw: .html, .png, .svg or .parquet.",
)
@click.option(
    "--method",
    type=one_of(MapMethod),
    help="How vectors are projected to two dimensions.  [default: tsne, umap or pca, the first that is installed]",
)
@click.option(
    "--color-by",
    "--color",
    "color",
    cls=Renamed,
    metavar="FIELD",
    help="Colour by a metadata key, path, ..., or cluster.",
)
@click.option("--where", metavar="SQL", help="Draw only where this holds, as in \"year >= 2020 AND lang = 'en'\".")
@click.option("--query", "queries", multiple=True, metavar="TEXT", help="Draw this query among the chunks.")
@click.option(
    "--points", type=int, default=50_000, show_default=True, metavar="N", help="Sample N chunks if there are more."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed for the sample and the map.")
@with_index
def map_(file: Path, queries: tuple[str, ...], index_path: Path, output: Output, **options: Any) -> None:
    """Draw the index as a picture in which passages of similar meaning are near one another.

    The HTML page needs no other file: zoom, drag, point at a passage to read it, search, select. PCA is fast; tsne and
    umap keep neighbours together and take longer.
    """
    from vecsearch import Index
    from vecsearch.analysis import draw_map

    output.show(MapView(draw_map(Index.open(index_path), file, queries=queries, **options)))
