"""`vecsearch eval` and `bench`: how well an index answers, and how fast."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vecsearch.choices import By, Mode

from ..options.common import Renamed, index_was_named, one_of, with_index
from ..options.creating import check_settings, created_index, index_settings, refuse_settings, with_settings
from ..options.help import command
from ..options.models import DEFAULT_MODEL, runtime_options, with_runtime
from ..output import Output
from ..output.evaluation import EvaluationView, TimingsView
from ..output.progress import describe_texts, progress_bar
from ..output.text import plural
from ..output.word_scores import ModelScoresView

if TYPE_CHECKING:
    from vecsearch import Index, Qrels

_PATH = click.Path(path_type=Path)


@command(name="eval")
@click.argument("folder", required=False, type=_PATH)
@click.option("--split", default="test", show_default=True, help="Use the qrels in FOLDER/qrels/SPLIT.tsv.")
@click.option("--pairs", type=_PATH, metavar="FILE", help="Use queries and documents of your own.")
@click.option(
    "--mode", "modes", multiple=True, metavar="MODE", help="Score this mode; may be repeated.  [default: all]"
)
@click.option("-k", type=click.IntRange(1), default=10, show_default=True, help="Score the first k documents.")
@click.option("--baseline", type=_PATH, metavar="FILE", help="Compare with the --json of an earlier run.")
@click.option(
    "--differing",
    "--queries",
    "n",
    cls=Renamed,
    type=click.IntRange(1),
    metavar="N",
    help="Show N queries that gain and N that lose most.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    help=f"A model's name or folder; for a new index, or --words.  [default: {DEFAULT_MODEL}]",
)
@with_settings
@with_runtime
@with_index
@click.option("--words", type=_PATH, metavar="PATH", help="Score models on analogies and pairs of words.")
@click.option("--sts", type=_PATH, metavar="PATH", help="Score models on pairs of texts.")
@click.option("--by", type=one_of(By), multiple=True, help="Which vectors of --words to score.  [default: both]")
def evaluate(
    folder: Path | None,
    words: Path | None,
    sts: Path | None,
    by: tuple[str, ...],
    split: str,
    pairs: Path | None,
    modes: tuple[str, ...],
    k: int,
    baseline: Path | None,
    n: int | None,
    models: tuple[str, ...],
    index_path: Path,
    output: Output,
    **options: Any,
) -> None:
    """Score searches on queries with known answers, and compare the search modes.

    FOLDER holds a collection in BEIR form: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv. It is indexed into the index
    that -i names, which is kept, or else into a temporary one. Or --pairs names a .csv, .tsv or .jsonl file with the
    columns query, document (an id or a path) and, optionally, relevance, for an existing index. With --words or --sts
    models are scored instead, side by side, each named by a --model.
    """
    if words or sts:
        if folder or pairs:
            raise click.UsageError("--words and --sts score models: leave out FOLDER and --pairs")
        refuse_settings(index_settings(options), "--words and --sts score models")
        output.show(_score_models(models, words, sts, by))
        return
    if by or len(models) > 1:
        raise click.UsageError("--by, and more than one --model, need --words or --sts")
    options["model"] = models[0] if models else None
    output.show(_score_searches(folder, split, pairs, modes, k, baseline, n, index_path, options))


def _score_models(names: Sequence[str], words: Path | None, sts: Path | None, by: Sequence[str]) -> ModelScoresView:
    from vecsearch.analysis import evaluate_sts, evaluate_words

    models = list(dict.fromkeys(names)) or [DEFAULT_MODEL]
    columns = [(model, each) for model in models for each in map(By, by or list(By))]
    with progress_bar(describe_texts) as progress:
        of_words = [evaluate_words(words, model=model, by=each, progress=progress) for model, each in columns if words]
        of_texts = [evaluate_sts(sts, model=model, progress=progress) for model in models if sts]
    return ModelScoresView(of_words, of_texts)


def _score_searches(
    folder: Path | None,
    split: str,
    pairs: Path | None,
    modes: Sequence[str],
    k: int,
    baseline: Path | None,
    n: int | None,
    index_path: Path,
    options: dict[str, Any],
) -> EvaluationView:
    from vecsearch import evaluate, read_beir, read_pairs
    from vecsearch.analysis import Evaluation

    if (folder is None) == (pairs is None):
        raise click.UsageError("name the FOLDER of a collection or, with --pairs, a FILE of your own")
    qrels = read_pairs(pairs) if pairs else read_beir(folder or "", split)
    qrels.check()
    earlier = Evaluation.from_file(baseline) if baseline else None
    chosen = [Mode.of(mode) for mode in modes] or list(Mode)
    with _indexed(qrels, index_path, options) as (index, failed):
        evaluation = evaluate(index, qrels.queries, qrels.relevance, modes=chosen, k=k)
    return EvaluationView(evaluation, qrels, failed, earlier, baseline, evaluation.comparisons(earlier), n)


@contextmanager
def _indexed(qrels: Qrels, path: Path, options: dict[str, Any]) -> Iterator[tuple[Index, int]]:
    """Give the index to evaluate, and the number of documents of the collection that could not be indexed."""
    from vecsearch import Index

    settings, runtime = index_settings(options), runtime_options(options)
    if qrels.corpus is None:
        refuse_settings(settings, "--pairs needs an existing one")
        yield Index.open(path, **runtime), 0
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows removes no mapped file
        kept = path if index_was_named() else Path(folder) / "index"
        with _index_for_corpus(kept, qrels.corpus, settings, runtime) as index:
            with progress_bar() as progress:
                report = index.sync(qrels.corpus, progress=progress)
            yield index, len(report.failed)


@contextmanager
def _index_for_corpus(path: Path, corpus: Path, settings: dict[str, Any], runtime: dict[str, Any]) -> Iterator[Index]:
    """Create an index, or open the existing one if it has these settings and holds this corpus alone.

    A new one is removed when the block fails before anything is committed to it.
    """
    from vecsearch import Index, IndexNotFound, InvalidOption

    try:
        index = Index.open(path, model=settings.get("model"), **runtime)
    except IndexNotFound:
        with created_index(path, settings, runtime) as new:
            yield new
        return
    check_settings(index, settings)
    report = index.sync(corpus, dry_run=True)
    others = index.info().documents - report.unchanged - report.updated - report.deleted - len(report.failed)
    if others > 0:
        raise InvalidOption(
            f"{path} also holds {plural(others, 'document')} that are not in {corpus} and would be found too: name "
            "another folder with -i"
        )
    yield index


@command()
@click.option("--queries", type=_PATH, metavar="FILE", help="Queries to time: one per line, or records.")
@click.option("-k", type=int, default=10, show_default=True, help="Hits per search.")
@click.option(
    "--sample",
    "--n",
    "n",
    cls=Renamed,
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Most queries to time.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed for sampling queries.")
@with_runtime
@with_index
def bench(queries: Path | None, k: int, n: int, seed: int, index_path: Path, output: Output, **options: Any) -> None:
    """Time searches, one by one and in a batch, warm, and measure recall against brute force.

    Without --queries they are sampled from the index: its vectors with a little noise, and beginnings of its chunks.
    Nothing is written to the index or the cache.
    """
    from vecsearch import Index
    from vecsearch.analysis import time_searches

    index = Index.open(index_path, **runtime_options(options))
    output.show(TimingsView(index.path, queries, time_searches(index, queries, k=k, n=n, seed=seed)))
