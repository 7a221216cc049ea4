"""An index as one file that other tools read: Parquet, of which an index can be made again, or see export_files.py.

    the columns of chunks.parquet (see storage/rows.py), with the metadata of its document in each row, and
    vector    list of float32: the unit vector; times `norm` it is what the model returned

The file's metadata holds, under `vecsearch`, the model, metric and chunking as JSON. Deleted rows are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from vecsearch import files
from vecsearch.errors import InvalidDocument
from vecsearch.storage.columns import align, union_fields
from vecsearch.storage.document_values import alone, bytes_of_documents, unmarked
from vecsearch.storage.manifest import Manifest
from vecsearch.storage.store import Part, Snapshot
from vecsearch.types import FloatArray
from vecsearch.upkeep.export_files import VECTOR, check_suffix, writing

DESCRIPTION = b"vecsearch"  # the key of the file's metadata
ROWS_AT_ONCE = 4_096  # in memory while a file is read or written
_BYTES_AT_ONCE = 64 << 20  # of metadata, which may be large and is repeated in each row of its document


def export(snapshot: Snapshot, path: Path) -> int:
    """Write a version's chunks to the file `path`, whole or not at all, as its suffix says; return their number.

    Raises InvalidDocument when there are none, PathNotFound when the folder to write to does not exist, InvalidOption
    for another suffix.
    """
    manifest = snapshot.manifest
    if not manifest.chunks:
        raise InvalidDocument("the index is empty: add documents before you export it")
    files.check_output(path)
    suffix = check_suffix(path)
    fields = list(map(unmarked, union_fields([part.segment.table for part in snapshot.parts])))
    tables = (_exported(rows, vectors, fields, manifest) for part in snapshot.parts for rows, vectors in _pieces(part))
    first = next(tables)
    with files.replacing(path) as stream, writing(stream, suffix, first.schema) as write:
        for table in chain([first], tables):
            write(table)
    return manifest.chunks


def _pieces(part: Part) -> Iterator[tuple[pa.Table, FloatArray]]:
    """The live rows of a segment with their vectors, a few at a time; each row has the metadata of its document."""
    segment, live = part.segment, np.flatnonzero(part.mask())
    segment.check()
    sizes = segment.documents.over_rows(bytes_of_documents(segment.table, segment.documents))[live]
    ends = np.cumsum(sizes)
    first = 0
    while first < len(live):
        stop = int(np.searchsorted(ends, ends[first] - sizes[first] + _BYTES_AT_ONCE, side="right"))
        rows = live[first : min(max(stop, first + 1), first + ROWS_AT_ONCE)]
        yield alone(segment.table, segment.documents, rows), segment.flat.vectors[rows]
        first += len(rows)


def _exported(rows: pa.Table, vectors: FloatArray, fields: list[pa.Field], manifest: Manifest) -> pa.Table:
    """The rows as the file holds them: with the vectors and the metadata columns of the whole index."""
    return _with_vectors(align(rows, fields), vectors).replace_schema_metadata(_described(manifest))


def _with_vectors(rows: pa.Table, vectors: FloatArray) -> pa.Table:
    kind = pa.list_(pa.float32(), vectors.shape[1])
    return rows.append_column(VECTOR, pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), type=kind))


def _described(manifest: Manifest) -> dict[bytes, bytes]:
    described = {
        "model": asdict(manifest.model),
        "metric": manifest.metric.value,
        "chunking": asdict(manifest.chunking),
        "language": manifest.language,
        "recall": manifest.recall,
    }
    return {DESCRIPTION: json.dumps(described).encode()}
