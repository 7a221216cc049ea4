"""`vecsearch distill`: a static model from a transformer."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..options.common import Renamed, with_output
from ..options.help import command
from ..options.models import DEFAULT_MODEL, with_threads
from ..output import Output
from ..output.models import DistillView

_PATH = click.Path(path_type=Path)


@command()
@click.argument("model", required=False, default=DEFAULT_MODEL)
@click.option("-o", "--output", "folder", type=_PATH, metavar="FOLDER", help="[default: MODEL-static]")
@click.option("--dim", type=int, default=256, show_default=True, metavar="N", help="Dimensions of the vectors.")
@click.option("--vocab-from", type=_PATH, metavar="INDEX", help="Also give the words of an index a vector.")
@click.option(
    "--most-words",
    "--words",
    "words",
    cls=Renamed,
    type=int,
    default=20_000,
    show_default=True,
    metavar="N",
    help="Most words of the index.",
)
@click.option("--device", metavar="NAME", help="Where torch runs: cpu, cuda, mps.  [default: the fastest]")
@with_threads
@with_output
def distill(
    model: str,
    folder: Path | None,
    dim: int,
    vocab_from: Path | None,
    words: int,
    device: str | None,
    threads: int | None,
    output: Output,
) -> None:
    """Make a static model from MODEL, by default all-MiniLM-L6-v2: one vector per token, in minutes.

    The folder opens like any model. Texts are encoded far faster; searches are less exact.
    """
    from vecsearch import Index
    from vecsearch.training import distill

    report = distill(
        model,
        folder or Path(f"{Path(model).name}-static"),
        dim=dim,
        vocabulary=Index.open(vocab_from) if vocab_from else None,
        words=words,
        device=device,
        threads=threads,
        shown=sys.stderr.isatty(),
    )
    output.show(DistillView(report))
