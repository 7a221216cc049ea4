"""A new index from the Parquet file that `export` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.chunking import Chunking
from vecsearch.errors import IndexDamaged, InvalidDocument, InvalidVector, PathNotFound
from vecsearch.storage import merge_policy
from vecsearch.storage.columns import DOCUMENT, join_tables
from vecsearch.storage.commit import Commit
from vecsearch.storage.lexical import check_language
from vecsearch.storage.manifest import Manifest, SegmentEntry, check_recall, first_manifest, parse_model
from vecsearch.storage.rows import check_rows, without_field_ids
from vecsearch.storage.segment import Content
from vecsearch.storage.store import Store
from vecsearch.types import Metric
from vecsearch.upkeep.export_files import VECTOR
from vecsearch.upkeep.exporting import DESCRIPTION, ROWS_AT_ONCE
from vecsearch.upkeep.imported_rows import RowChecks
from vecsearch.vectors import check_vectors

_UNIT = 1e-5  # how far from 1 the length of a float32 unit vector may be


def import_index(store: Store, path: Path, keep_versions: int) -> None:
    """Create an index from an exported file, with the same answers; when this raises, no index is left.

    Raises IndexExists; InvalidOption when the folder holds something else; PathNotFound when the file does not exist;
    InvalidDocument when `export` did not write it.
    """
    import pyarrow.parquet as pq

    if not path.is_file():
        raise PathNotFound(f"there is no file {path}: check the path")
    try:
        with _malformed_as_invalid():
            file = pq.ParquetFile(path)
        with file:
            _import(store, file, _read_description(file.schema_arrow, keep_versions))
    except (pa.ArrowException, IndexDamaged, InvalidVector, UnicodeDecodeError) as error:
        raise InvalidDocument(f"{path} is not an index that vecsearch export wrote: {error}") from None


def _import(store: Store, file: Any, empty: Manifest) -> None:
    """Commit the whole file as the first version."""
    with store.creating(), Commit(store) as commit:
        checks = RowChecks()
        written = [_write_segment(commit, rows, empty, checks) for rows in _whole_documents(file)]
        ids = pa.chunked_array([document_ids for _, document_ids in written], pa.string())
        _check_distinct(ids)
        change = {"added": len(ids), "updated": 0, "deleted": 0}
        entries = tuple(entry for entry, _ in written)
        commit.publish(replace(empty, documents=len(ids), segments=entries, change=change))


def _read_description(schema: pa.Schema, keep_versions: int) -> Manifest:
    """The manifest of an empty index like the exported one; raises ArrowInvalid, IndexDamaged."""
    try:
        content = json.loads((schema.metadata or {})[DESCRIPTION])
        model = parse_model(content["model"])
        metric, chunking = Metric.of(content["metric"]), Chunking(**content["chunking"])
        language, recall = check_language(content["language"]), check_recall(content["recall"])
        kind = schema.field(VECTOR).type
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise pa.ArrowInvalid(f"its metadata does not describe an index: {error!r}") from None
    check_rows(_without_vectors(schema.empty_table()), "it")
    if kind != pa.list_(pa.float32(), model.dim):
        raise pa.ArrowInvalid(f"its vectors are {kind}, expected lists of {model.dim} floats")
    keep_text = DOCUMENT in schema.names
    if keep_text and schema.field(DOCUMENT).type != pa.string():
        raise pa.ArrowInvalid(f"its document texts are {schema.field(DOCUMENT).type}, expected string")
    return first_manifest(model, metric, chunking, keep_versions, language, recall, keep_text=keep_text)


@contextmanager
def _malformed_as_invalid() -> Iterator[None]:
    """Turn the OSError that Arrow raises for malformed bytes into ArrowInvalid; errors of the disk stay OSErrors."""
    try:
        yield
    except OSError as error:
        if error.errno:
            raise
        raise pa.ArrowInvalid(str(error)) from None


def _batches(file: Any) -> Iterator[pa.Table]:
    batches = file.iter_batches(ROWS_AT_ONCE)
    while True:
        with _malformed_as_invalid():
            batch = next(batches, None)
        if batch is None:
            return
        yield pa.Table.from_batches([batch])


def _whole_documents(file: Any) -> Iterator[pa.Table]:
    """The rows in tables of a segment each; a document's rows stay together."""
    pending: list[pa.Table] = []
    count = 0
    for rows in _batches(file):
        starts = np.flatnonzero(rows.column("ordinal").to_numpy() == 0)
        if count >= merge_policy.SEGMENT_CHUNKS and len(starts):
            yield pa.concat_tables([*pending, rows.slice(0, int(starts[0]))])
            rows, pending, count = rows.slice(int(starts[0])), [], 0
        pending.append(rows)
        count += rows.num_rows
    if count:
        yield pa.concat_tables(pending)


def _write_segment(
    commit: Commit, rows: pa.Table, manifest: Manifest, checks: RowChecks
) -> tuple[SegmentEntry, pa.Array]:
    """Write a segment of these rows; return it and its document ids. Raises ArrowInvalid, InvalidVector."""
    checks.check(rows, VECTOR)
    ids, dim = rows.column("document_id").combine_chunks(), manifest.model.dim
    vectors = rows.column(VECTOR).combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, dim)
    unit = check_vectors(vectors, len(rows), dim, name=checks.name_of(len(rows)))
    checks.check_lengths(np.linalg.norm(unit, axis=1), VECTOR, _UNIT)
    content = Content.of(join_tables([_without_vectors(rows)]), unit, manifest.language)
    first = pc.equal(rows.column("ordinal").combine_chunks(), 0)
    return commit.segment(content, manifest.recall), ids.filter(first)


def _check_distinct(ids: pa.ChunkedArray) -> None:
    """Raise ArrowInvalid when a document occurs twice."""
    if len(ids.unique()) < len(ids):
        counts = ids.value_counts()
        twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))[0]
        raise pa.ArrowInvalid(f"a document occurs twice: {twice.as_py()!r}")


def _without_vectors(rows: pa.Table) -> pa.Table:
    return without_field_ids(rows.drop_columns([VECTOR]).replace_schema_metadata(None))
