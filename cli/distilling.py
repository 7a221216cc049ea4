"""`vecsearch distill`: a static model of a transformer."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from .options import reporting, threaded
from .printing import plural, print_done


@click.command(short_help="Make a static model, fast and less exact, of a transformer.")
@click.argument("model", required=False, default="all-MiniLM-L6-v2")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="[default: MODEL-static]")
@click.option("--dim", type=int, default=256, show_default=True, metavar="N", help="The numbers of a vector.")
@click.option(
    "--vocab-from", type=click.Path(path_type=Path), metavar="INDEX", help="Give the words of an index vectors, too."
)
@click.option("--words", type=int, default=20_000, show_default=True, metavar="N", help="So many of them at most.")
@click.option("--device", metavar="NAME", help="Where torch runs: cpu, cuda, mps.  [default: the fastest]")
@threaded
@reporting
def distill(
    model: str,
    output: Path | None,
    dim: int,
    vocab_from: Path | None,
    words: int,
    device: str | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Make a static model of MODEL, by default of all-MiniLM-L6-v2: a vector for each token, in minutes.

    The folder opens as any model's, and texts are encoded far faster; searches are less exact.
    """
    from vecsearch import Index
    from vecsearch.training import distill

    report = distill(
        model,
        output or Path(f"{Path(model).name}-static"),
        dim=dim,
        vocabulary=Index.open(vocab_from) if vocab_from else None,
        words=words,
        device=device,
        threads=threads,
        shown=sys.stderr.isatty(),
    )
    added = f", {plural(report.words, 'word')} of an index among what it was made of" if report.words else ""
    said = (
        f"{report.model}: {report.tokens:,} tokens of {report.dim} dimensions{added}, {report.bytes / 1e6:,.1f} MB, "
        f"made of {report.teacher} in {report.seconds:.1f} s"
    )
    print_done(asdict(report), said, as_json=as_json)
