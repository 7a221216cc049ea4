"""An index as a whole: its clusters, its map, its vectors at fewer dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import View
from .text import plural

if TYPE_CHECKING:
    from vecsearch.analysis import Clustering, DimMeasure, DimsReport, MapReport, SampledChunk

_EXCERPT = 76  # characters of a passage
_BAR = 20  # characters for a share of 1


@dataclass(frozen=True)
class ClusteringView(View):
    """The clusters of an index, each with its words and its most central passages."""

    clustering: Clustering

    def fields(self) -> dict[str, Any]:
        """Return the clusters and the outliers."""
        return asdict(self.clustering)

    def lines(self) -> Iterator[str]:
        """Yield each cluster, then the farthest outliers."""
        clustering = self.clustering
        chunks = _sampled(clustering.sampled, clustering.chunks, clustering.seed)
        yield f"{chunks} in {plural(len(clustering.clusters), 'cluster')} by {clustering.method}"
        for cluster in clustering.clusters:
            size = plural(cluster.size, "chunk")
            yield f"{cluster.number:>3}  {cluster.name}  ({size}, cohesion {cluster.cohesion:.2f})"
            yield from map(_passage, cluster.central)
        if clustering.outliers:
            reason = "in no cluster" if clustering.method == "hdbscan" else "far from the centre of their cluster"
            yield f"{plural(clustering.outliers, 'outlier')}, {reason}; the farthest:"
            yield from map(_passage, clustering.farthest)
        if (key := clustering.written_to) is not None:
            yield f"written to version {clustering.version} as the metadata {key} and {key}_words"


def _passage(chunk: SampledChunk) -> str:
    text = " ".join(chunk.text.split())
    return f"     {chunk.similarity:.2f}  {text if len(text) <= _EXCERPT else text[: _EXCERPT - 2] + ' …'}"


def _sampled(points: int, chunks: int, seed: int) -> str:
    """Return how many chunks were looked at, and by which sample where that is not all of them."""
    if points < chunks:
        return f"{points:,} of {chunks:,} chunks, a sample with seed {seed},"
    return plural(points, "chunk")


@dataclass(frozen=True)
class MapView(View):
    """A map that was drawn."""

    report: MapReport

    def fields(self) -> dict[str, Any]:
        """Return what was drawn."""
        return asdict(self.report)

    def lines(self) -> Iterator[str]:
        """Yield one sentence."""
        report = self.report
        chunks = _sampled(report.points, report.chunks, report.seed)
        queries = f" and {'a query' if report.queries == 1 else plural(report.queries, 'query')}" * bool(report.queries)
        share = "" if report.share is None else f"; the two axes have {report.share:.0%} of the variance"
        yield f"{chunks}{queries} drawn to {report.file} by {report.method}{share}"


@dataclass(frozen=True)
class DimsView(View):
    """What shorter vectors find and save; the curve is drawn to `file`, if given."""

    path: Path
    file: Path | None
    report: DimsReport

    def fields(self) -> dict[str, Any]:
        """Return all measures."""
        return {"path": str(self.path), "file": None if self.file is None else str(self.file), **asdict(self.report)}

    def lines(self) -> Iterator[str]:
        """Yield a line for each measure, with a bar for nDCG where it is known, else for the overlap."""
        report = self.report
        source = "with qrels" if report.judged else "sampled from the index"
        ndcg = f"nDCG@{report.k}" if report.judged else ""
        yield f"{plural(report.chunks, 'chunk')} of {report.dim} dimensions, {report.model}; k {report.k}"
        yield f"{plural(report.queries, 'query')} {source}"
        yield ""
        yield f"{'vectors':11}{'dim':>6}{'bytes':>8}{'p50 ms':>9}{'overlap':>9}{ndcg:>9}".rstrip()
        yield from map(_measure, report.measures)


def _measure(measure: DimMeasure) -> str:
    ndcg = "" if measure.ndcg is None else f"{measure.ndcg:9.4f}"
    share = measure.overlap if measure.ndcg is None else measure.ndcg
    numbers = f"{measure.dim:6}{measure.bytes_per_vector:8,}{measure.p50_ms:9.2f}{measure.overlap:9.4f}{ndcg}"
    return f"{measure.method:11}{numbers}  {'█' * round(_BAR * share)}"
