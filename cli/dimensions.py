"""`vecsearch dims`: what shorter vectors find, and what they save."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import common
from .passages import printable
from .printing import plural, print_done

if TYPE_CHECKING:
    from vecsearch import Qrels
    from vecsearch.analysis import DimMeasure, DimsReport

_BAR = 20  # characters


def _dims(_context: click.Context, _parameter: click.Parameter, named: str) -> list[int]:
    try:
        return [int(dim) for dim in named.split(",")]
    except ValueError:
        raise click.BadParameter(f"{named!r} is no list of whole numbers, as in 64,128,256") from None


@click.command(short_help="Measure what shorter vectors find and save.")
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[INDEX]")
@click.option("--dims", callback=_dims, default="64,128,256", show_default=True, metavar="N,...", help="Dimensions.")
@click.option("--beir", type=click.Path(path_type=Path), metavar="FOLDER", help="A judged collection in BEIR form.")
@click.option("--split", default="test", show_default=True, help="Which file of its qrels has the judgements.")
@click.option("--pairs", type=click.Path(path_type=Path), metavar="FILE", help="Queries and documents of your own.")
@click.option("-k", type=click.IntRange(1), default=10, show_default=True, help="How many hits a search is for.")
@click.option("--n", type=click.IntRange(1), default=1000, show_default=True, help="Queries where none are judged.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="What these are drawn by.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Draw the curve: .svg or .png.")
@common
def dims(
    folder: Path | None,
    dims: list[int],
    beir: Path | None,
    split: str,
    pairs: Path | None,
    k: int,
    n: int,
    seed: int,
    output: Path | None,
    index_path: Path,
    as_json: bool,
) -> None:
    """Measure what vectors of fewer numbers find of what full ones do, what they take, and how long a search is.

    The vectors of INDEX, or of the index that -i names, are cut to their first numbers, and reduced by principal
    components. With judged queries, of --beir or --pairs, nDCG says what that costs; without, the overlap alone.
    """
    from vecsearch import Index
    from vecsearch.analysis import check_picture, draw_dims, measure_dims

    if beir and pairs:
        raise click.UsageError("name judged queries by --beir or by --pairs, not by both")
    if output:
        check_picture(output)
    index = Index.open(folder or index_path)
    report = measure_dims(index, dims, qrels=_qrels(beir, split, pairs), k=k, n=n, seed=seed)
    if output:
        draw_dims(report, output)
    fields = {"path": str(index.path), "file": None if output is None else str(output), **asdict(report)}
    print_done(fields, "\n".join(_table(report)), as_json=as_json)


def _qrels(beir: Path | None, split: str, pairs: Path | None) -> Qrels | None:
    from vecsearch import read_beir, read_pairs

    return read_beir(beir, split) if beir else read_pairs(pairs) if pairs else None


def _table(report: DimsReport) -> Iterator[str]:
    """A line for each measure, with a bar for what people look at: nDCG where it is known, else the overlap."""
    source = "judged" if report.judged else "its own"
    yield f"{plural(report.chunks, 'chunk')} of {report.dim} dimensions, {printable(report.model)}; k {report.k}"
    yield f"{report.queries:,} queries, {source}"
    yield ""
    measure = f"nDCG@{report.k}" if report.judged else ""
    yield f"{'vectors':11}{'dim':>6}{'bytes':>8}{'p50 ms':>9}{'overlap':>9}{measure:>9}".rstrip()
    for each in report.measures:
        yield _line(each)


def _line(each: DimMeasure) -> str:
    ndcg = "" if each.ndcg is None else f"{each.ndcg:9.4f}"
    share = each.overlap if each.ndcg is None else each.ndcg
    numbers = f"{each.dim:6}{each.bytes_per_vector:8,}{each.p50_ms:9.2f}{each.overlap:9.4f}{ndcg}"
    return f"{each.method:11}{numbers}  {'█' * round(_BAR * share)}"
