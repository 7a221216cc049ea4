"""`vecsearch eval` and `vecsearch bench`: how well an index answers, and how fast."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from .making import check_kind, kind_of, made, making, refuse_kind
from .options import common, running, running_of
from .passages import printable
from .printing import plural, print_done
from .progress import progress_bar
from .word_scores import judging_words

if TYPE_CHECKING:
    from vecsearch import Index, Qrels
    from vecsearch.analysis import Comparison, Evaluation, Latency, ModeScores, Timings

_TIMES = ("p50 ms", "p95 ms", "p99 ms", "a second")
_NAME_WIDTH = 14


@click.command(name="eval", short_help="Score searches by queries whose answers are known.")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--split", default="test", show_default=True, help="Which file of FOLDER/qrels has the judgements.")
@click.option("--pairs", type=click.Path(path_type=Path), metavar="FILE", help="Queries and documents of your own.")
@click.option(
    "--mode", "modes", multiple=True, metavar="MODE", help="How hits are found; may be repeated.  [default: every way]"
)
@click.option("-k", type=click.IntRange(1), default=10, show_default=True, help="How many documents measures see.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Compare with an earlier --json.")
@click.option(
    "--queries", "shown", type=click.IntRange(1), metavar="N", help="Show N queries that gain and N that lose."
)
@click.option(
    "--model", multiple=True, help="A model's name or folder; for a new index, or --words.  [default: all-MiniLM-L6-v2]"
)
@making
@running
@common
@judging_words
def evaluate(
    folder: Path | None,
    split: str,
    pairs: Path | None,
    modes: tuple[str, ...],
    k: int,
    baseline: Path | None,
    shown: int | None,
    index_path: Path,
    as_json: bool,
    **options: Any,
) -> None:
    """Score searches by queries whose answers are known, each way of searching beside the others.

    FOLDER holds a collection in BEIR form: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv. It is indexed into the
    index that -i names, to be used again, or else into one that is thrown away. Or --pairs names a .csv, .tsv or
    .jsonl file with the columns query, document (an id or a path) and, if you like, relevance; the index is then one
    that is there. With --words or --sts models are scored instead, side by side, each named by a --model.
    """
    from vecsearch import Mode, evaluate, read_beir, read_pairs
    from vecsearch.analysis import Evaluation

    if (folder is None) == (pairs is None):
        raise click.UsageError("name either the FOLDER of a collection or, with --pairs, a FILE of your own")
    judged = read_pairs(pairs) if pairs else read_beir(folder or "", split)
    judged.check()
    before = Evaluation.from_file(baseline) if baseline else None
    asked = [Mode.of(mode) for mode in modes] or list(Mode)
    with _index_to_ask(judged, index_path, options) as (index, failed):
        found = evaluate(index, judged.queries, judged.relevance, modes=asked, k=k)
    comparisons = found.comparisons(before)
    fields = {
        **found.as_fields(),
        "failed": failed,
        "baseline": None if baseline is None else str(baseline),
        "comparisons": [asdict(each) for each in comparisons],
    }
    lines = [*_summary(found, judged, failed), *_table(found, before), *_compared(comparisons)]
    if shown:
        lines += _queries_that_differ(found, before, judged, shown)
    print_done(fields, "\n".join(lines), as_json=as_json)


@contextmanager
def _index_to_ask(judged: Qrels, path: Path, options: dict[str, Any]) -> Iterator[tuple[Index, int]]:
    """The index to ask, and how many documents of the collection could not be indexed."""
    from vecsearch import Index

    kind, how = kind_of(options), running_of(options)
    if judged.corpus is None:
        refuse_kind(kind, "--pairs asks one that is there")
        yield Index.open(path, **how), 0
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows removes no file that is mapped
        source = click.get_current_context().get_parameter_source("index_path")
        place = path if source is ParameterSource.COMMANDLINE else Path(folder) / "index"
        with _index_for_corpus(place, judged.corpus, kind, how) as index:
            with progress_bar() as progress:
                report = index.sync(judged.corpus, progress=progress)
            yield index, len(report.failed)


@contextmanager
def _index_for_corpus(path: Path, corpus: Path, kind: dict[str, Any], how: dict[str, Any]) -> Iterator[Index]:
    """A new index, or the one that is there, if it holds nothing but this corpus and is of the kind asked for.

    A new one is gone again when nothing gets into it.
    """
    from vecsearch import Index, IndexNotFound, InvalidOption

    try:
        index = Index.open(path, model=kind.get("model"), **how)
    except IndexNotFound:
        with made(path, kind, how) as new:
            yield new
        return
    check_kind(index, kind)
    report = index.sync(corpus, dry_run=True)
    others = index.info().documents - report.unchanged - report.updated - report.deleted - len(report.failed)
    if others > 0:
        raise InvalidOption(
            f"{path} holds {plural(others, 'document')} besides those of {corpus}, which would be found too: name "
            "another folder with -i"
        )
    yield index


def _summary(found: Evaluation, judged: Qrels, failed: int) -> Iterator[str]:
    """What was asked, and a line for each thing that was left out or is missing."""
    source = f"{judged.corpus.parent.name}: " if judged.corpus else ""
    held = f"{plural(found.documents, 'document')} in {plural(found.chunks, 'chunk')}"
    yield f"{source}{_queries(found.queries)}, {held}, {found.model}"
    for count, said in (
        (found.unjudged, "not asked, nobody judged what answers"),
        (found.textless, "not asked, judged but without a text"),
        (found.unanswerable, "not asked, no document is relevant"),
    ):
        if count:
            yield f"{_queries(count)} {said}"
    if found.absent:
        yield f"{plural(found.absent, 'relevant document')} not in the index, which no search can find"
    if failed:
        yield f"{plural(failed, 'document')} could not be indexed: vecsearch index {judged.corpus} says why"


def _queries(n: int) -> str:
    return f"{n:,} query" if n == 1 else f"{n:,} queries"


def _table(found: Evaluation, before: Evaluation | None) -> Iterator[str]:
    """A line for each way of searching, the baseline's first."""
    rows = ([("baseline", before.modes[0])] if before else []) + [(mode.mode, mode) for mode in found.modes]
    titles = [*found.measures, "p50 ms", "p95 ms"]
    yield ""
    yield _cells("mode", titles, titles)
    for name, mode in rows:
        scores = [f"{mode.scores[measure]:.4f}" for measure in found.measures]
        yield _cells(name, [*scores, f"{mode.latency.p50_ms:.1f}", f"{mode.latency.p95_ms:.1f}"], titles)


def _cells(name: str, cells: Sequence[str], titles: Sequence[str]) -> str:
    """A line of a table, its cells below their titles."""
    return f"{printable(name):{_NAME_WIDTH}}" + "".join(
        f"{cell:>{max(8, len(title)) + 2}}" for cell, title in zip(cells, titles, strict=True)
    )


def _compared(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """A line for each comparison."""
    if comparisons:
        yield ""
        yield "differences, and the probability p that chance alone gives as much (paired randomisation test)"
    for each in comparisons:
        counts = f"{each.better:,} better, {each.worse:,} worse, {each.same:,} same"
        name = f"{each.mode:{_NAME_WIDTH}}{each.measure:14}"
        yield f"{printable(name)}{each.difference:+.4f}   p {each.p:.4f}   {counts}"


def _queries_that_differ(found: Evaluation, before: Evaluation | None, judged: Qrels, n: int) -> Iterator[str]:
    """The queries that gain and lose most against the first mode; with nothing to compare to, the lowest."""
    measure = found.measures[0]
    first, others = (before.modes[0], found.modes) if before else (found.modes[0], found.modes[1:])
    if not others:
        yield from _listed(f"lowest {measure}", _scores(first, measure), judged, n, sign="")
    for other in others:
        after, ahead = _scores(other, measure), _scores(first, measure)
        change = {query: after[query] - ahead[query] for query in after if after[query] != ahead[query]}
        gains = {query: value for query, value in change.items() if value > 0}
        losses = {query: value for query, value in change.items() if value < 0}
        yield from _listed(f"{other.mode}: gain most {measure}", gains, judged, n, highest=True)
        yield from _listed(f"{other.mode}: lose most {measure}", losses, judged, n)


def _listed(
    title: str, values: Mapping[str, float], judged: Qrels, n: int, *, highest: bool = False, sign: str = "+"
) -> Iterator[str]:
    yield ""
    yield title if values else f"{title}: none"
    for query in sorted(values, key=lambda query: values[query], reverse=highest)[:n]:
        text = printable(" ".join(judged.queries[query].split()))
        name = "" if query == judged.queries[query] else f"{printable(query)}  "
        yield f"{values[query]:{sign}9.4f}  {name}{text}"


def _scores(mode: ModeScores, measure: str) -> dict[str, float]:
    return {query: scores[measure] for query, scores in mode.per_query.items()}


@click.command(short_help="Time searches of the index.")
@click.option(
    "--queries", type=click.Path(path_type=Path), metavar="FILE", help="Queries to ask: a text a line, or records."
)
@click.option("-k", type=int, default=10, show_default=True, help="How many hits a search is for.")
@click.option("--n", type=click.IntRange(1), default=1000, show_default=True, help="How many queries at most.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="What queries of its own are drawn by."
)
@running
@common
def bench(queries: Path | None, k: int, n: int, seed: int, index_path: Path, as_json: bool, **given: Any) -> None:
    """Time searches of the index, one by one and in a batch, warm, and hold them to a search by brute force.

    Without --queries they are the index's own vectors with a little noise, and beginnings of its own chunks. Nothing
    is written, to the index or to the cache.
    """
    from vecsearch import Index
    from vecsearch.analysis import time_searches

    index = Index.open(index_path, **{name: value for name, value in given.items() if value is not None})
    found = time_searches(index, queries, k=k, n=n, seed=seed)
    print_done(
        {"path": str(index.path), "file": None if queries is None else str(queries), **asdict(found)},
        "\n".join(_timed(found, queries)),
        as_json=as_json,
    )


def _timed(found: Timings, queries: Path | None) -> Iterator[str]:
    source = f"its own, seed {found.seed}" if queries is None else f"from {queries}"
    yield f"{plural(found.chunks, 'chunk')} of {found.dim} dimensions, {found.model}; k {found.k}"
    yield f"{_queries(found.queries)}, {source}; with a text the first {found.texts:,}"
    yield ""
    yield _cells("search by", _TIMES, _TIMES)
    yield _latency("vector", found.by_vector)
    yield _latency("known text", found.by_known_text)
    yield _latency("new text", found.by_new_text)
    yield _cells("vectors, batch", ["", "", "", f"{found.batch_per_second:,.0f}"], _TIMES)
    yield ""
    yield f"recall@{found.k} {found.recall:.4f} against brute force over all vectors ({_queries(found.recall_queries)})"
    yield f"{found.bytes_per_vector:,.0f} bytes a vector, {found.bytes_per_chunk:,.0f} a chunk with all that is on disk"
    yield f"opened in {found.open_ms:.1f} ms"


def _latency(name: str, latency: Latency) -> str:
    times = [f"{value:.2f}" for value in (latency.p50_ms, latency.p95_ms, latency.p99_ms)]
    return _cells(name, [*times, f"{latency.per_second:,.0f}"], _TIMES)
