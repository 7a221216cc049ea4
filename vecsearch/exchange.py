"""An index as one Parquet file that other tools read, and an index made from such a file.

    the columns of chunks.parquet (see segment.py), and
    vector    list of float32, the unit vector; times `norm` it is what the model gave

The file's metadata has, under `vecsearch`, the model, metric and chunking as JSON. Deleted rows are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vecsearch import files, merging
from vecsearch.chunking import Chunking
from vecsearch.columns import aligned, joint_fields
from vecsearch.commit import Commit
from vecsearch.errors import InvalidDocument
from vecsearch.manifest import Manifest, ModelEntry, SegmentEntry, first_manifest, now
from vecsearch.segment import check_rows, without_field_ids
from vecsearch.store import Snapshot, Store
from vecsearch.types import FloatArray, Metric
from vecsearch.vectors import check_vectors

_KEY = b"vecsearch"
_VECTOR = "vector"
_ROWS_AT_ONCE = 4_096  # in memory while a file is read or written


def export(snapshot: Snapshot, path: Path) -> int:
    """Writes the version's chunks to the Parquet file `path`, whole or not at all; how many they are."""
    import pyarrow.parquet as pq

    manifest = snapshot.manifest
    fields = joint_fields([part.segment.table for part in snapshot.parts])
    with files.replacing(path) as stream:
        writer: Any = None
        for part in snapshot.parts:
            rows, vectors = part.segment.where(part.mask())
            table = _with_vectors(aligned(rows, fields), vectors).replace_schema_metadata(_described(manifest))
            writer = writer or pq.ParquetWriter(stream, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=_ROWS_AT_ONCE)
        if writer is None:
            raise InvalidDocument("the index is empty: there is nothing to export")
        writer.close()
    return manifest.chunks


def import_into(store: Store, path: Path, keep_versions: int) -> None:
    """Makes a new index of an exported file, with the same answers, or raises and makes none.

    Raises IndexExists; InvalidDocument when the file is not one that `export` wrote.
    """
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidDocument(f"{path} cannot be read as Parquet: {error}") from None
    first = _read_description(path, file.schema_arrow.metadata or {}, keep_versions)
    store.create(first)
    with store.locked(), Commit(store) as commit:
        segments = [_segment(commit, rows, path, first.model.dim) for rows in _whole_documents(file)]
        documents = sum(count for _, count in segments)
        entries = tuple(entry for entry, _ in segments)
        change = {"added": documents, "updated": 0, "deleted": 0}
        commit.publish(replace(first, version=2, created=now(), documents=documents, segments=entries, change=change))


def _with_vectors(rows: pa.Table, vectors: FloatArray) -> pa.Table:
    kind = pa.list_(pa.float32(), vectors.shape[1])
    return rows.append_column(_VECTOR, pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), type=kind))


def _described(manifest: Manifest) -> dict[bytes, bytes]:
    model, chunking = asdict(manifest.model), asdict(manifest.chunking)
    return {_KEY: json.dumps({"model": model, "metric": manifest.metric.value, "chunking": chunking}).encode()}


def _read_description(path: Path, metadata: dict[bytes, bytes], keep_versions: int) -> Manifest:
    try:
        content = json.loads(metadata[_KEY])
        model = ModelEntry(**content["model"])
        return first_manifest(model, Metric.of(content["metric"]), Chunking(**content["chunking"]), keep_versions)
    except (KeyError, TypeError, ValueError):
        raise InvalidDocument(f"{path} is not an index that vecsearch export wrote") from None


def _whole_documents(file: Any) -> Iterator[pa.Table]:
    """The rows in tables that make a segment each; a document's rows stay together."""
    pending: list[pa.Table] = []
    count = 0
    for batch in file.iter_batches(_ROWS_AT_ONCE):
        rows = pa.Table.from_batches([batch])
        starts = np.flatnonzero(rows.column("ordinal").to_numpy() == 0)
        if count >= merging.SEGMENT_CHUNKS and len(starts):
            yield pa.concat_tables([*pending, rows.slice(0, int(starts[0]))])
            rows, pending, count = rows.slice(int(starts[0])), [], 0
        pending.append(rows)
        count += rows.num_rows
    yield pa.concat_tables(pending)


def _segment(commit: Commit, rows: pa.Table, path: Path, dim: int) -> tuple[SegmentEntry, int]:
    """A segment of these rows, and how many documents begin in it."""
    column = rows.column(_VECTOR).combine_chunks()
    vectors = column.flatten().to_numpy().reshape(len(rows), -1)
    unit = check_vectors(vectors, len(rows), dim, name=lambda row: f"row {row} of {path}")
    own = check_rows(without_field_ids(rows.drop_columns([_VECTOR])), str(path))
    return commit.segment(own, unit), int(np.sum(rows.column("ordinal").to_numpy() == 0))
