"""An index as one Parquet file that other tools read, and an index made from such a file.

    the columns of chunks.parquet (see rows.py), and
    vector    list of float32, the unit vector; times `norm` it is what the model gave

The file's metadata has, under `vecsearch`, the model, metric and chunking as JSON. Deleted rows are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch import files
from vecsearch.chunking import Chunking
from vecsearch.errors import IndexDamaged, InvalidDocument, InvalidVector, PathNotFound
from vecsearch.storage import merge_policy
from vecsearch.storage.columns import DOCUMENT, aligned, joint_fields
from vecsearch.storage.commit import Commit
from vecsearch.storage.lexical import checked_language
from vecsearch.storage.manifest import Manifest, ModelEntry, SegmentEntry, checked_recall, first_manifest
from vecsearch.storage.rows import check_rows, without_field_ids
from vecsearch.storage.segment import Content
from vecsearch.storage.store import Part, Snapshot, Store
from vecsearch.types import FloatArray, Metric
from vecsearch.vectors import check_vectors

_KEY = b"vecsearch"
_VECTOR = "vector"
_UNIT = 1e-5  # how far from 1 the length of a float32 unit vector may be
_ROWS_AT_ONCE = 4_096  # in memory while a file is read or written


def export(snapshot: Snapshot, path: Path) -> int:
    """Writes the version's chunks to the Parquet file `path`, whole or not at all; how many they are.

    Raises InvalidDocument when there are none, PathNotFound when there is no folder to write to.
    """
    import pyarrow.parquet as pq

    manifest = snapshot.manifest
    if not manifest.chunks:
        raise InvalidDocument("the index is empty: there is nothing to export")
    if not path.parent.is_dir() or path.is_dir():
        raise PathNotFound(f"{path} is no place for a file: name one in a folder that exists")
    fields = joint_fields([part.segment.table for part in snapshot.parts])
    tables = (_exported(rows, vectors, fields, manifest) for part in snapshot.parts for rows, vectors in _pieces(part))
    first = next(tables)
    with (
        files.replacing(path) as stream,
        closing(pq.ParquetWriter(stream, first.schema, compression="zstd")) as writer,
    ):
        for table in chain([first], tables):
            writer.write_table(table)
    return manifest.chunks


def import_into(store: Store, path: Path, keep_versions: int) -> None:
    """Makes a new index of an exported file, with the same answers, or raises and makes none.

    Raises IndexExists; InvalidOption when the folder holds something else; PathNotFound when there is no such file,
    InvalidDocument when it is not one that `export` wrote.
    """
    import pyarrow.parquet as pq

    if not path.is_file():
        raise PathNotFound(f"there is no file {path}: check the path")
    try:
        with _reading():
            file = pq.ParquetFile(path)
        with file:
            _import(store, file, _read_description(file.schema_arrow, keep_versions))
    except (pa.ArrowException, IndexDamaged, InvalidVector, UnicodeDecodeError) as error:
        raise InvalidDocument(f"{path} is not an index that vecsearch export wrote: {error}") from None


def _import(store: Store, file: Any, empty: Manifest) -> None:
    """The first version of the new index is all of the file."""
    with store.creating(), Commit(store) as commit:
        segments = [_segment(commit, rows, empty) for rows in _whole_documents(file)]
        ids = pa.chunked_array([own for _, own in segments], pa.string())
        if len(ids.unique()) < len(ids):
            raise pa.ArrowInvalid("a document is there twice")
        change = {"added": len(ids), "updated": 0, "deleted": 0}
        entries = tuple(entry for entry, _ in segments)
        commit.publish(replace(empty, documents=len(ids), segments=entries, change=change))


def _pieces(part: Part) -> Iterator[tuple[pa.Table, FloatArray]]:
    """The rows of a segment that are there, with their vectors, a few at a time."""
    mask = part.mask()
    for first in range(0, len(mask), _ROWS_AT_ONCE):
        kept = mask[first : first + _ROWS_AT_ONCE]
        if kept.any():
            rows = part.segment.table.slice(first, len(kept)).filter(pa.array(kept))
            yield rows, part.segment.flat.vectors[first : first + len(kept)][kept]


def _exported(rows: pa.Table, vectors: FloatArray, fields: list[pa.Field], manifest: Manifest) -> pa.Table:
    """The rows as the file has them: with the vectors, and with the metadata columns of the whole index."""
    return _with_vectors(aligned(rows, fields), vectors).replace_schema_metadata(_described(manifest))


def _with_vectors(rows: pa.Table, vectors: FloatArray) -> pa.Table:
    kind = pa.list_(pa.float32(), vectors.shape[1])
    return rows.append_column(_VECTOR, pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), type=kind))


def _described(manifest: Manifest) -> dict[bytes, bytes]:
    described = {
        "model": asdict(manifest.model),
        "metric": manifest.metric.value,
        "chunking": asdict(manifest.chunking),
        "language": manifest.language,
        "recall": manifest.recall,
    }
    return {_KEY: json.dumps(described).encode()}


def _read_description(schema: pa.Schema, keep_versions: int) -> Manifest:
    """The manifest of an empty index of the kind that was exported; raises ArrowInvalid, IndexDamaged."""
    try:
        content = json.loads((schema.metadata or {})[_KEY])
        model = ModelEntry(**content["model"])
        metric, chunking = Metric.of(content["metric"]), Chunking(**content["chunking"])
        language, recall = checked_language(content["language"]), checked_recall(content["recall"])
        kind = schema.field(_VECTOR).type
    except (KeyError, TypeError, ValueError) as error:
        raise pa.ArrowInvalid(f"it does not say what it holds: {error!r}") from None
    check_rows(_without_vectors(schema.empty_table()), "it")
    if kind != pa.list_(pa.float32(), model.dim):
        raise pa.ArrowInvalid(f"its vectors are {kind}, expected lists of {model.dim} floats")
    keep_text = DOCUMENT in schema.names
    if keep_text and schema.field(DOCUMENT).type != pa.string():
        raise pa.ArrowInvalid(f"its texts of documents are {schema.field(DOCUMENT).type}, expected string")
    return first_manifest(model, metric, chunking, keep_versions, language, recall, keep_text=keep_text)


@contextmanager
def _reading() -> Iterator[None]:
    """An OSError that is Arrow's word for bytes that make no sense becomes ArrowInvalid; one of the disk stays."""
    try:
        yield
    except OSError as error:
        if error.errno:
            raise
        raise pa.ArrowInvalid(str(error)) from None


def _batches(file: Any) -> Iterator[pa.Table]:
    batches = file.iter_batches(_ROWS_AT_ONCE)
    while True:
        with _reading():
            batch = next(batches, None)
        if batch is None:
            return
        yield pa.Table.from_batches([batch])


def _whole_documents(file: Any) -> Iterator[pa.Table]:
    """The rows in tables that make a segment each; a document's rows stay together."""
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


def _segment(commit: Commit, rows: pa.Table, manifest: Manifest) -> tuple[SegmentEntry, pa.Array]:
    """A segment of these rows, and the ids of the documents in it; raises ArrowInvalid, InvalidVector."""
    ids = rows.column("document_id").combine_chunks()
    ordinals = rows.column("ordinal").to_numpy()
    same = np.append(False, pc.equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False))
    if np.any((ordinals != 0) & ~(same & (np.diff(ordinals, prepend=-1) == 1))):
        raise pa.ArrowInvalid("the chunks of a document are not together and in order")
    dim = manifest.model.dim
    vectors = rows.column(_VECTOR).combine_chunks().flatten().to_numpy().reshape(-1, dim)
    unit = check_vectors(vectors, len(rows), dim, name=lambda row: f"chunk {row}")
    if np.any(np.abs(np.linalg.norm(unit, axis=1) - 1) > _UNIT):
        raise pa.ArrowInvalid("a vector is not a unit vector")
    if manifest.keep_text and rows.column(DOCUMENT).filter(pa.array(ordinals == 0)).null_count:
        raise pa.ArrowInvalid("the text of a document is missing")
    content = Content.of(_without_vectors(rows), unit, manifest.language)
    return commit.segment(content, manifest.recall), ids.filter(pa.array(ordinals == 0))


def _without_vectors(rows: pa.Table) -> pa.Table:
    return without_field_ids(rows.drop_columns([_VECTOR]).replace_schema_metadata(None))
