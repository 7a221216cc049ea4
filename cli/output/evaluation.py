"""How well and how fast an index answers: scores by mode, differences between modes, latencies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import View
from .characters import visible
from .text import plural

if TYPE_CHECKING:
    from vecsearch import Qrels
    from vecsearch.analysis import Comparison, Evaluation, Latency, ModeScores, Timings

_LATENCY = ("p50 ms", "p95 ms", "p99 ms", "per second")
_NAME_WIDTH = 14


@dataclass(frozen=True)
class EvaluationView(View):
    """The scores of an evaluation beside those of the baseline, and the `n` queries that differ most, if given.

    `failed` documents could not be indexed.
    """

    evaluation: Evaluation
    qrels: Qrels
    failed: int
    baseline: Evaluation | None
    baseline_file: Path | None
    comparisons: Sequence[Comparison]
    n: int | None

    def fields(self) -> dict[str, Any]:
        """Return the scores of every query and mode, and the comparisons."""
        return {
            **self.evaluation.as_fields(),
            "failed": self.failed,
            "baseline": None if self.baseline_file is None else str(self.baseline_file),
            "comparisons": [asdict(comparison) for comparison in self.comparisons],
        }

    def lines(self) -> Iterator[str]:
        """Yield a summary, a table of scores, the comparisons, and the queries that differ."""
        yield from self._summary()
        yield from _scores_table(self.evaluation, self.baseline)
        yield from _comparison_lines(self.comparisons)
        if self.n:
            yield from self._differing_queries(self.n)

    def _summary(self) -> Iterator[str]:
        """Yield what was evaluated, and a line for each thing that was left out or is missing."""
        evaluation, corpus = self.evaluation, self.qrels.corpus
        source = f"{corpus.parent.name}: " if corpus else ""
        contents = f"{plural(evaluation.documents, 'document')} in {plural(evaluation.chunks, 'chunk')}"
        yield f"{source}{plural(evaluation.queries, 'query')}, {contents}, {evaluation.model}"
        for count, reason in (
            (evaluation.unjudged, "without qrels"),
            (evaluation.textless, "in the qrels but without a text"),
            (evaluation.unanswerable, "without a relevant document"),
        ):
            if count:
                yield f"{plural(count, 'query')} left out: {reason}"
        if evaluation.absent:
            yield f"{plural(evaluation.absent, 'relevant document')} not in the index, which no search can find"
        if self.failed:
            yield f"{plural(self.failed, 'document')} could not be indexed; to see why: vecsearch index {corpus}"

    def _differing_queries(self, n: int) -> Iterator[str]:
        """Yield the queries that gain and lose most against the first mode, or the lowest where there is only one."""
        modes, measure = self.evaluation.modes, self.evaluation.measures[0]
        first, others = (self.baseline.modes[0], modes) if self.baseline else (modes[0], modes[1:])
        if not others:
            yield from self._queries(f"lowest {measure}", _by_query(first, measure), n, sign="")
        for other in others:
            after, before = _by_query(other, measure), _by_query(first, measure)
            change = {query: after[query] - before[query] for query in after if after[query] != before[query]}
            gains = {query: value for query, value in change.items() if value > 0}
            losses = {query: value for query, value in change.items() if value < 0}
            yield from self._queries(f"{other.mode}: largest gains in {measure}", gains, n, highest=True)
            yield from self._queries(f"{other.mode}: largest losses in {measure}", losses, n)

    def _queries(
        self, title: str, values: Mapping[str, float], n: int, *, highest: bool = False, sign: str = "+"
    ) -> Iterator[str]:
        yield ""
        yield title if values else f"{title}: none"
        for query in sorted(values, key=lambda query: values[query], reverse=highest)[:n]:
            text = visible(" ".join(self.qrels.queries[query].split()))
            name = "" if query == self.qrels.queries[query] else f"{visible(query)}  "
            yield f"{values[query]:{sign}9.4f}  {name}{text}"


def _by_query(mode: ModeScores, measure: str) -> dict[str, float]:
    return {query: scores[measure] for query, scores in mode.per_query.items()}


def _scores_table(evaluation: Evaluation, baseline: Evaluation | None) -> Iterator[str]:
    """Yield a line for each mode, after one for the baseline."""
    rows = ([("baseline", baseline.modes[0])] if baseline else []) + [(mode.mode, mode) for mode in evaluation.modes]
    titles = [*evaluation.measures, "p50 ms", "p95 ms"]
    yield ""
    yield _row("mode", titles, titles)
    for name, mode in rows:
        scores = [f"{mode.scores[measure]:.4f}" for measure in evaluation.measures]
        yield _row(name, [*scores, f"{mode.latency.p50_ms:.1f}", f"{mode.latency.p95_ms:.1f}"], titles)


def _row(name: str, cells: Sequence[str], titles: Sequence[str]) -> str:
    """Return a row of a table, its cells aligned with their titles."""
    return f"{visible(name):{_NAME_WIDTH}}" + "".join(
        f"{cell:>{max(8, len(title)) + 2}}" for cell, title in zip(cells, titles, strict=True)
    )


def _comparison_lines(comparisons: Sequence[Comparison]) -> Iterator[str]:
    if comparisons:
        yield ""
        yield "differences, and p of a paired randomisation test"
    for comparison in comparisons:
        counts = f"{comparison.better:,} better, {comparison.worse:,} worse, {comparison.same:,} same"
        name = f"{comparison.mode:{_NAME_WIDTH}}{comparison.measure:14}"
        yield f"{visible(name)}{comparison.difference:+.4f}   p {comparison.p:.4f}   {counts}"


@dataclass(frozen=True)
class TimingsView(View):
    """How fast searches are, and their recall against brute force; `file` has the queries, if not the index itself."""

    path: Path
    file: Path | None
    timings: Timings

    def fields(self) -> dict[str, Any]:
        """Return all figures."""
        return {
            "path": str(self.path),
            "file": None if self.file is None else str(self.file),
            **asdict(self.timings),
        }

    def lines(self) -> Iterator[str]:
        """Yield what was timed, a table of latencies, recall and sizes."""
        timings = self.timings
        source = f"sampled from the index, seed {timings.seed}" if self.file is None else f"from {self.file}"
        yield f"{plural(timings.chunks, 'chunk')} of {timings.dim} dimensions, {timings.model}; k {timings.k}"
        yield f"{plural(timings.queries, 'query')} {source}; the first {timings.texts:,} with their texts"
        yield ""
        yield _row("search by", _LATENCY, _LATENCY)
        yield _latency_row("vector", timings.by_vector)
        yield _latency_row("cached text", timings.by_known_text)
        yield _latency_row("new text", timings.by_new_text)
        yield _row("vectors, batch", ["", "", "", f"{timings.batch_per_second:,.0f}"], _LATENCY)
        yield ""
        queries = plural(timings.recall_queries, "query")
        yield f"recall@{timings.k} {timings.recall:.4f} against brute force over all vectors ({queries})"
        yield f"{timings.bytes_per_vector:,.0f} bytes per vector, {timings.bytes_per_chunk:,.0f} on disk per chunk"
        yield f"opened in {timings.open_ms:.1f} ms"


def _latency_row(name: str, latency: Latency) -> str:
    times = [f"{value:.2f}" for value in (latency.p50_ms, latency.p95_ms, latency.p99_ms)]
    return _row(name, [*times, f"{latency.per_second:,.0f}"], _LATENCY)
