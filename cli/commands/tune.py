"""`vecsearch tune`: a model trained further on pairs of queries and passages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options.common import with_output
from ..options.help import command
from ..options.models import DEFAULT_MODEL, with_threads
from ..output import Output
from ..output.models import TuneView
from ..output.progress import training_bar

if TYPE_CHECKING:
    from vecsearch.training import TrainingPair

_PATH = click.Path(path_type=Path)


@command()
@click.argument("pairs", required=False, type=_PATH)
@click.option("--from-index", "source", type=_PATH, metavar="INDEX", help="Make pairs from the texts of an index.")
@click.option("--split", default="train", show_default=True, help="The qrels to use, if PAIRS is a collection.")
@click.option("--negatives", type=_PATH, metavar="INDEX", help="Find hard negatives in this index.")
@click.option("--base", default=DEFAULT_MODEL, show_default=True, metavar="MODEL", help="The model to train.")
@click.option("-o", "--output", "folder", type=_PATH, metavar="FOLDER", help="[default: BASE-tuned]")
@click.option("--epochs", type=int, default=1, show_default=True, metavar="N", help="Passes over all pairs.")
@click.option("--steps", type=int, metavar="N", help="Most steps.")
@click.option("--batch", type=int, default=16, show_default=True, metavar="N", help="Pairs per step.")
@click.option("--rate", type=float, default=2e-5, show_default=True, metavar="X", help="The learning rate.")
@click.option("--every", type=int, default=50, show_default=True, metavar="N", help="Score and save every N steps.")
@click.option(
    "--patience", type=int, default=3, show_default=True, metavar="N", help="Stop after N scores without gain."
)
@click.option("--held-out", type=float, default=0.1, show_default=True, metavar="X", help="Share of pairs to score on.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed for all that is random.")
@click.option("--device", metavar="NAME", help="Where torch runs: cpu, cuda, mps.  [default: the fastest]")
@with_threads
@with_output
def tune(
    pairs: Path | None,
    source: Path | None,
    split: str,
    negatives: Path | None,
    base: str,
    folder: Path | None,
    device: str | None,
    threads: int | None,
    output: Output,
    **options: Any,
) -> None:
    """Train a model further on PAIRS, and score on held-out queries whether that helps.

    PAIRS is a .jsonl, .csv or .parquet file with the columns query, passage and, optionally, negative; or the folder of
    a collection in BEIR form. With --from-index, headings, titles and sentences of an index serve as queries, and hard
    negatives are found in that index. Run the same command again to continue an interrupted training.
    """
    from vecsearch.training import TuneOptions, tune

    if (pairs is None) == (source is None):
        raise click.UsageError("name a file or folder of PAIRS or, with --from-index, an INDEX")
    training = TuneOptions(**options)
    with training_bar() as progress:
        report = tune(
            _training_pairs(pairs, source, split, negatives, training.seed),
            folder or Path(f"{Path(base).name}-tuned"),
            base=base,
            options=training,
            device=device,
            threads=threads,
            progress=progress,
        )
    output.show(TuneView(report))


def _training_pairs(
    file: Path | None, source: Path | None, split: str, negatives: Path | None, seed: int
) -> list[TrainingPair]:
    """Return the pairs of a file or an index, with hard negatives if there is an index to find them in."""
    from vecsearch import Index
    from vecsearch.training import mine_pairs, read_training_pairs, with_hard_negatives

    mined = Index.open(source) if source else None
    pairs = mine_pairs(mined, seed=seed) if mined else read_training_pairs(file or "", split)
    searched = Index.open(negatives) if negatives else mined
    return with_hard_negatives(pairs, searched) if searched else pairs
