"""`vecsearch map`: the index as a picture."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import common
from .printing import plural, print_done

if TYPE_CHECKING:
    from vecsearch.analysis import MapReport

_METHODS = ("pca", "tsne", "umap")


@click.command("map", short_help="Draw the index as a picture.")
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    default="map.html",
    show_default=True,
    help="The file to draw to: .html, .png, .svg or .parquet.",
)
@click.option(
    "--method", type=click.Choice(_METHODS), default="pca", show_default=True, help="How many dimensions become two."
)
@click.option("--color", metavar="FIELD", help="What colours stand for: a metadata key, path, ..., or cluster.")
@click.option("--where", metavar="SQL", help="Only what this is true for, as in \"year >= 2020 AND lang = 'en'\".")
@click.option("--query", "queries", multiple=True, metavar="TEXT", help="Draw this query among the chunks.")
@click.option(
    "--points", type=int, default=50_000, show_default=True, metavar="N", help="Of more chunks draw a sample."
)
@click.option("--seed", type=int, default=0, show_default=True, help="What the sample and the map are drawn by.")
@common
def map_(file: Path, queries: tuple[str, ...], index_path: Path, as_json: bool, **how: Any) -> None:
    """Draw the index as a picture: passages that mean similar things lie near one another.

    The HTML page needs nothing else: zoom, drag, point at a passage to read it, search. PCA is fast; tsne and umap keep
    neighbours together and take longer.
    """
    from vecsearch import Index
    from vecsearch.analysis import draw_map

    drawn = draw_map(Index.open(index_path), file, queries=queries, **how)
    print_done(asdict(drawn), _said(drawn), as_json=as_json)


def _said(drawn: MapReport) -> str:
    """What the picture shows, in a sentence."""
    whole = plural(drawn.points, "chunk")
    if drawn.points < drawn.chunks:
        whole = f"{drawn.points:,} of {drawn.chunks:,} chunks, a sample drawn by seed {drawn.seed},"
    asked = f" and {'a query' if drawn.queries == 1 else f'{drawn.queries:,} queries'}" if drawn.queries else ""
    share = "" if drawn.share is None else f"; two directions have {drawn.share:.0%} of the variance"
    return f"{whole}{asked} drawn to {drawn.file} by {drawn.method}{share}"
