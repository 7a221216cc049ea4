"""An index as a picture: draw_map() draws its chunks so that those that mean similar things lie near one another.

    chunks, all or a sample -> two coordinates for each vector -> colours -> a page, an image, or a table

`projecting` makes the coordinates, `colouring` the colours, `labels` the names of topics; `page`, `images` and `table`
write the drawing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from vecsearch import files
from vecsearch.analysis.mapping.colouring import Colouring, colour
from vecsearch.analysis.mapping.drawing import Drawing, QueryPoint
from vecsearch.analysis.mapping.images import write_png, write_svg
from vecsearch.analysis.mapping.labels import place_labels
from vecsearch.analysis.mapping.page import write_page
from vecsearch.analysis.mapping.projecting import METHODS, Projection, default_method, project
from vecsearch.analysis.mapping.table import write_table
from vecsearch.analysis.sampling import POINTS, Sample, sample
from vecsearch.choices import MapMethod, MapMethodName
from vecsearch.documents.json_values import storable_text
from vecsearch.errors import InvalidDocument, InvalidOption, InvalidQuery
from vecsearch.index import Index
from vecsearch.storage.ann.nearest import nearest_of_each
from vecsearch.types import FloatArray, Where
from vecsearch.vectors import unit_rows

__all__ = ["MapReport", "draw_map"]

_PAGE = ".html"
_NEIGHBOURS = 8  # of a point, which the page carries
_WRITERS = {_PAGE: write_page, ".svg": write_svg, ".png": write_png, ".parquet": write_table}


@dataclass(frozen=True, slots=True)
class MapReport:
    """The contents of a map: `points` drawn from `chunks`, and the number of queries among them.

    `share` is the share of the vectors' variance along the two directions of a PCA; None for other methods. `legend`
    counts the points of each colour, by the colour's meaning.
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
    method: MapMethod | MapMethodName | None = None,
    color: str | None = None,
    where: Where | None = None,
    queries: Sequence[str] = (),
    points: int = POINTS,
    seed: int = 0,
) -> MapReport:
    """Draw the chunks of `index` to a file: an interactive .html page, a .png or .svg image, or a .parquet table.

    `method` is "tsne" or "umap", which keep neighbours together (pip install 'vecsearch[viz]'), or "pca", which is
    fast; by default the first of these that is installed. `color` is a metadata key, document_id, path, heading or
    page; or "cluster", which finds clusters unless metadata has that name. With `where` only matching chunks are drawn.
    `queries` are drawn where they lie among the chunks. At most `points` chunks are drawn, a sample chosen by `seed`.
    The file is written as a whole or not at all.

    Raises InvalidOption, InvalidFilter, InvalidQuery, PathNotFound, ExtraMissing; InvalidDocument when too few chunks
    differ.
    """
    path = Path(file)
    chosen = None if method is None else MapMethod.of(method, "method")
    _check(path, queries)
    session = index.session()
    chunks = sample(session, where, points, seed)
    query_vectors = unit_rows(session.encode_queries(queries))[0] if queries else None
    method = chosen or default_method(len(chunks))
    projection = project(_distinct_vectors(chunks), query_vectors, method, seed)
    colouring = colour(chunks, color)
    drawing = _drawing(chunks, colouring, projection, _note(method, chunks, projection.share), queries)
    if path.suffix.lower() == _PAGE:
        neighbours = nearest_of_each(chunks.vectors, _NEIGHBOURS)
        drawing = replace(drawing, labels=place_labels(chunks, projection.positions), neighbours=neighbours)
    with files.replacing(path) as stream:
        _WRITERS[path.suffix.lower()](stream, drawing)
    return MapReport(
        file=str(path),
        method=method.value,
        chunks=chunks.total,
        points=len(chunks),
        queries=len(queries),
        share=projection.share,
        seed=chunks.seed,
        legend=_legend(drawing),
    )


def _legend(drawing: Drawing) -> dict[str, int]:
    """Count the points of each name in the legend."""
    counts: Counter[str] = Counter()
    for entry in drawing.entries:
        counts[entry.name] += entry.count
    return dict(counts)


def _drawing(
    chunks: Sample, colouring: Colouring, projection: Projection, note: str, queries: Sequence[str]
) -> Drawing:
    """Put together the chunks with their positions and colours, and the queries among them."""
    rows = list(chunks.stored_rows())
    return Drawing(
        title=storable_text(chunks.session.store.path.name),
        note=note,
        positions=projection.positions,
        chunks=[chunks.shown(row) for row in rows],
        metadata=[row.metadata for row in rows],
        kinds=colouring.kinds,
        entries=colouring.entries,
        queries=[QueryPoint(text, x, y) for text, (x, y) in zip(queries, projection.queries.tolist(), strict=True)],
    )


def _check(path: Path, queries: Sequence[str]) -> None:
    if path.suffix.lower() not in _WRITERS:
        raise InvalidOption(f"{path}: a map cannot be written as this type: use one of {', '.join(_WRITERS)}")
    files.check_output(path)
    if isinstance(queries, str):
        raise InvalidQuery(f"queries is the text {queries!r}, expected a list of texts")


def _distinct_vectors(chunks: Sample) -> FloatArray:
    """Return the chunks' vectors; raises InvalidDocument when no two of them differ."""
    vectors, name = chunks.vectors, chunks.session.store.name
    if len(vectors) == 1:
        raise InvalidDocument(f"{name} has 1 chunk to draw: a map needs at least 2")
    if (vectors == vectors[0]).all():
        raise InvalidDocument(
            f"all {len(vectors):,} chunks in {name} have the same vector: a map needs two that differ"
        )
    return vectors


def _note(method: MapMethod, chunks: Sample, share: float | None) -> str:
    """Describe the map for people."""
    drawn = f"{len(chunks):,} passages"
    if len(chunks) < chunks.total:
        drawn = f"{len(chunks):,} of {chunks.total:,} passages, drawn by seed {chunks.seed}"
    return f"{drawn}, by {METHODS[method]}" + (f", showing {share:.0%} of the variance" if share is not None else "")
