"""The index as a picture: chunks that mean similar things lie near one another.

    chunks, all or a sample -> two numbers for each vector -> colours -> a page, an image, or a table

`projecting` makes the two numbers, `colouring` the colours; `page`, `images` and `table` write what is drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from vecsearch import files
from vecsearch.analysis.mapping.colouring import Colouring, colouring
from vecsearch.analysis.mapping.drawing import Drawing, QueryPoint
from vecsearch.analysis.mapping.images import write_png, write_svg
from vecsearch.analysis.mapping.page import write_page
from vecsearch.analysis.mapping.projecting import SHOWN, Projection, project
from vecsearch.analysis.mapping.table import write_table
from vecsearch.analysis.sampling import POINTS, Sample, sample, sampled_chunk
from vecsearch.choices import MapMethod
from vecsearch.documents.json_values import storable_text
from vecsearch.errors import InvalidDocument, InvalidOption, InvalidQuery, PathNotFound
from vecsearch.index import Index
from vecsearch.search.questions import encode_queries
from vecsearch.types import FloatArray
from vecsearch.vectors import unit_rows

__all__ = ["MapReport", "draw_map"]

_WRITERS = {".html": write_page, ".svg": write_svg, ".png": write_png, ".parquet": write_table}


@dataclass(frozen=True, slots=True)
class MapReport:
    """What a map shows: `points` of the `chunks` there are, and the number of queries among them.

    `share` is what of the vectors' variance the two directions of a PCA have; None for other methods. `legend` is
    how many points each colour has, by what it stands for.
    """

    file: str
    method: str
    chunks: int
    points: int
    queries: int
    share: float | None
    seed: int
    legend: dict[str, int]


def draw_map(
    index: Index,
    file: str | PathLike[str],
    *,
    method: MapMethod | str = MapMethod.PCA,
    color: str | None = None,
    where: str | None = None,
    queries: Sequence[str] = (),
    points: int = POINTS,
    seed: int = 0,
) -> MapReport:
    """Draws the chunks of `index` to a file: .html to look around in, .png, .svg, or .parquet for other programs.

    `method` is "pca", fast, or "tsne" or "umap", which keep neighbours together (pip install 'vecsearch[viz]').
    `color` is a metadata key, document_id, path, heading or page, or "cluster", which finds clusters where no
    metadata has that name. With `where` only chunks are drawn for which the condition is true. `queries` are drawn
    where they lie among the chunks. Of more than `points` chunks a sample is drawn, by `seed`. The file is there as a
    whole or not at all.

    Raises InvalidOption, InvalidFilter, InvalidQuery, PathNotFound, ExtraMissing; InvalidDocument where there are too
    few chunks that differ.
    """
    path = Path(file)
    method = MapMethod.of(method, "method").value
    _check(path, queries)
    chunks = sample(index, where, points, seed)
    asked = unit_rows(encode_queries(queries, index.session().encoder, index.session().cache))[0] if queries else None
    projection = project(_differing(chunks), asked, method, seed)
    colours = colouring(chunks, color, index.info().language)
    drawing = _drawing(chunks, colours, projection, _note(method, chunks, projection.share), queries)
    with files.replacing(path) as stream:
        _WRITERS[path.suffix.lower()](stream, drawing)
    return MapReport(
        file=str(path),
        method=method,
        chunks=chunks.total,
        points=len(chunks),
        queries=len(queries),
        share=projection.share,
        seed=chunks.seed,
        legend=_legend(drawing),
    )


def _legend(drawing: Drawing) -> dict[str, int]:
    """How many chunks each name of the legend stands for."""
    counts: Counter[str] = Counter()
    for entry in drawing.entries:
        counts[entry.name] += entry.count
    return dict(counts)


def _drawing(chunks: Sample, colours: Colouring, projection: Projection, note: str, queries: Sequence[str]) -> Drawing:
    """The chunks with their places and colours, the queries among them."""
    rows = list(chunks.stored())
    return Drawing(
        title=storable_text(chunks.store.path.name),
        note=note,
        places=projection.places,
        passages=[sampled_chunk(chunks.store, row) for row in rows],
        metadata=[row.metadata for row in rows],
        kinds=colours.kinds,
        entries=colours.entries,
        queries=[QueryPoint(text, *place) for text, place in zip(queries, projection.queries.tolist(), strict=True)],
    )


def _check(path: Path, queries: Sequence[str]) -> None:
    if path.suffix.lower() not in _WRITERS:
        raise InvalidOption(f"{path} is no kind of file for a map: name one that ends in {', '.join(_WRITERS)}")
    if not path.parent.is_dir() or path.is_dir():
        raise PathNotFound(f"{path} is no place for a file: name one in a folder that exists")
    if isinstance(queries, str):
        raise InvalidQuery(f"queries is the text {queries!r}, expected a list of texts")


def _differing(chunks: Sample) -> FloatArray:
    """The chunks' vectors, of which two differ; raises InvalidDocument."""
    vectors = chunks.vectors
    if len(vectors) == 1:
        raise InvalidDocument(f"there is 1 chunk in {chunks.store.name}: a map needs at least 2 to lie apart")
    if (vectors == vectors[0]).all():
        raise InvalidDocument(
            f"all {len(vectors):,} chunks in {chunks.store.name} have the same vector: there is nothing to tell apart"
        )
    return vectors


def _note(method: str, chunks: Sample, share: float | None) -> str:
    """What the map shows, for people."""
    whole = f"{len(chunks):,} passages"
    if len(chunks) < chunks.total:
        whole = f"{len(chunks):,} of {chunks.total:,} passages, drawn by seed {chunks.seed}"
    return f"{whole}, by {SHOWN[method]}" + (f", which shows {share:.0%} of the variance" if share is not None else "")
