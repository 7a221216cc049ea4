"""`vecsearch dims`: what shorter vectors find, and what they save."""

from __future__ import annotations

from pathlib import Path

import click

from ..options.common import Renamed, with_index
from ..options.help import command
from ..options.values import WholeNumbers
from ..output import Output
from ..output.analysis import DimsView

_PATH = click.Path(path_type=Path)


@command()
@click.argument("folder", required=False, type=_PATH, metavar="")  # the former way to name the index
@click.option(
    "--dims", type=WholeNumbers(), default="64,128,256", show_default=True, metavar="N,...", help="Dimensions."
)
@click.option("--beir", type=_PATH, metavar="FOLDER", help="Score on the qrels of a collection in BEIR form.")
@click.option("--split", default="test", show_default=True, help="Use the qrels in FOLDER/qrels/SPLIT.tsv.")
@click.option("--pairs", type=_PATH, metavar="FILE", help="Score on queries and documents of your own.")
@click.option("-k", type=click.IntRange(1), default=10, show_default=True, help="Hits per search.")
@click.option(
    "--sample",
    "--n",
    "n",
    cls=Renamed,
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Queries to sample without qrels.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed for sampling queries.")
@click.option("-o", "--output", "file", type=_PATH, metavar="FILE", help="Draw the curve to a .svg or .png file.")
@with_index
def dims(
    folder: Path | None,
    dims: list[int],
    beir: Path | None,
    split: str,
    pairs: Path | None,
    k: int,
    n: int,
    seed: int,
    file: Path | None,
    index_path: Path,
    output: Output,
) -> None:
    """Measure what vectors of fewer dimensions find, how much space they save, and how long a search takes.

    The vectors of the index are cut to their first numbers, and reduced by principal
    components. With the qrels of --beir or --pairs, nDCG shows what that costs; without, the overlap of hits does.
    """
    from vecsearch import Index, read_beir, read_pairs
    from vecsearch.analysis import check_picture, draw_dims, measure_dims

    if beir and pairs:
        raise click.UsageError("give the qrels by --beir or by --pairs, not by both")
    if file:
        check_picture(file)
    index = Index.open(folder or index_path)
    qrels = read_beir(beir, split) if beir else read_pairs(pairs) if pairs else None
    report = measure_dims(index, dims, qrels=qrels, k=k, n=n, seed=seed)
    if file:
        draw_dims(report, file)
    output.show(DimsView(index.path, file, report))
