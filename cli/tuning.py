"""`vecsearch tune`: a model trained further on pairs of queries and passages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import reporting, threaded
from .printing import plural, print_done

if TYPE_CHECKING:
    from vecsearch.training import TrainingPair, TuneProgress, TuneReport

_INDEX = click.Path(path_type=Path)


@click.command(short_help="Train a model further on pairs of queries and passages.")
@click.argument("pairs", required=False, type=click.Path(path_type=Path))
@click.option("--from-index", "source", type=_INDEX, metavar="INDEX", help="Make pairs of an index's own words.")
@click.option("--split", default="train", show_default=True, help="Which judgements, where PAIRS is a collection.")
@click.option("--negatives", type=_INDEX, metavar="INDEX", help="Where to find passages that seem to answer.")
@click.option("--base", default="all-MiniLM-L6-v2", show_default=True, metavar="MODEL", help="The model to train.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FOLDER", help="[default: BASE-tuned]")
@click.option("--epochs", type=int, default=1, show_default=True, metavar="N", help="How often all pairs are seen.")
@click.option("--steps", type=int, metavar="N", help="Steps at most.")
@click.option("--batch", type=int, default=16, show_default=True, metavar="N", help="Pairs in a step.")
@click.option("--rate", type=float, default=2e-5, show_default=True, metavar="X", help="The learning rate.")
@click.option("--every", type=int, default=50, show_default=True, metavar="N", help="Score and keep each N steps.")
@click.option("--patience", type=int, default=3, show_default=True, metavar="N", help="Scores without gain, to end.")
@click.option("--held-out", type=float, default=0.1, show_default=True, metavar="X", help="Share to judge it by.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="What is drawn is drawn by this.")
@click.option("--device", metavar="NAME", help="Where torch runs: cpu, cuda, mps.  [default: the fastest]")
@threaded
@reporting
def tune(
    pairs: Path | None,
    source: Path | None,
    split: str,
    negatives: Path | None,
    base: str,
    output: Path | None,
    device: str | None,
    threads: int | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Train a model further on PAIRS, and say by queries that were held out whether that helps.

    PAIRS is a .jsonl, .csv or .parquet file with the columns query, passage and, if you like, negative; or the folder
    of a collection in BEIR form. With --from-index, headings, titles and sentences of an index stand for queries, and
    the index is where hard negatives are found. What was interrupted goes on when the same command is run again.
    """
    from vecsearch.training import TuneOptions, tune

    if (pairs is None) == (source is None):
        raise click.UsageError("name either a file or folder of PAIRS or, with --from-index, an INDEX")
    options = TuneOptions(**given)
    place = output or Path(f"{Path(base).name}-tuned")
    with _told() as progress:
        report = tune(
            _with_negatives(pairs, source, split, negatives, options.seed),
            place,
            base=base,
            options=options,
            device=device,
            threads=threads,
            progress=progress,
        )
    print_done(asdict(report), "\n".join([*_summary(report), report.verdict]), as_json=as_json)


def _with_negatives(
    file: Path | None, source: Path | None, split: str, negatives: Path | None, seed: int
) -> list[TrainingPair]:
    """The pairs of a file or an index, with hard negatives where there is an index to find them in."""
    from vecsearch import Index
    from vecsearch.training import mine_pairs, read_training_pairs, with_hard_negatives

    mined = Index.open(source) if source else None
    found = mine_pairs(mined, seed=seed) if mined else read_training_pairs(file or "", split)
    hard = Index.open(negatives) if negatives else mined
    return with_hard_negatives(found, hard) if hard else found


@contextmanager
def _told() -> Iterator[Callable[[TuneProgress], None] | None]:
    """A listener that says on standard error how far training is, or None when that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=0, unit=" steps", dynamic_ncols=True, leave=False, file=sys.stderr) as bar:

        def show(progress: TuneProgress) -> None:
            bar.total = progress.steps
            if progress.loss is not None:
                bar.set_postfix_str(f"loss {progress.loss:.3f}", refresh=False)
            bar.update(progress.step - bar.n)
            if progress.score is not None:
                bar.write(f"step {progress.step:,}: {progress.score:.4f}", file=sys.stderr)

        yield show


def _summary(report: TuneReport) -> Iterator[str]:
    """What was done, and what it was judged by."""
    hard = f", {report.hard:,} with hard negatives" if report.hard else ""
    again = f", {report.resumed:,} of them before an interruption" if report.resumed else ""
    early = ", ended early" if report.stopped_early else ""
    yield f"{report.model}: {report.base} after {plural(report.best_step, 'step')}, in {report.seconds:.1f} s"
    yield f"{plural(report.pairs, 'pair')}{hard}; {plural(report.steps, 'step')} done{again}{early}"
    yield f"judged by {report.held_out:,} queries that were held out:"
