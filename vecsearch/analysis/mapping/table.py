"""A map as a Parquet file, for other programs: one row per point.

    id, document_id, source, line, text    the chunk
    x, y                                   its position
    color                                  the meaning of its colour; null when the map has one colour
    metadata.<key>                         its metadata, typed as in the index

The file's metadata holds, under `vecsearch`, the map's note and its queries with their positions as JSON.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import BinaryIO

import pyarrow as pa

from vecsearch.analysis.mapping.drawing import Drawing
from vecsearch.storage.typed_columns import metadata_columns

_OF_CHUNK = {
    "chunk_id": ("id", pa.string()),
    "document_id": ("document_id", pa.string()),
    "source": ("source", pa.string()),
    "line": ("line", pa.int64()),
    "text": ("text", pa.string()),
}


def write_table(stream: BinaryIO, drawing: Drawing) -> None:
    """Write the map to a stream as Parquet."""
    import pyarrow.parquet as pq

    names = [entry.name for entry in drawing.entries] if len(drawing.entries) > 1 else [None]
    columns = {
        name: pa.array([getattr(chunk, field) for chunk in drawing.chunks], kind)
        for field, (name, kind) in _OF_CHUNK.items()
    }
    columns["x"], columns["y"] = pa.array(drawing.positions[:, 0]), pa.array(drawing.positions[:, 1])
    columns["color"] = pa.array([names[kind] for kind in drawing.kinds.tolist()], pa.string())
    table = pa.table(columns)
    for field, column in metadata_columns(drawing.metadata):
        table = table.append_column(field, column)
    about = {"note": drawing.note, "queries": [asdict(query) for query in drawing.queries]}
    pq.write_table(table.replace_schema_metadata({"vecsearch": json.dumps(about)}), stream, compression="zstd")
