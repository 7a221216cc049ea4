"""A map as a Parquet file, for other programs: a row a point.

    id, document_id, source, line, text    the passage
    x, y                                   where it lies
    color                                  what its colour stands for; null where the map has one colour
    metadata.<key>                         its metadata, typed as in the index

The file's metadata has, under `vecsearch`, the map's note and its queries with their places as JSON.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import BinaryIO

import pyarrow as pa

from vecsearch.analysis.mapping.drawing import Drawing
from vecsearch.storage.columns import metadata_columns

_OF_PASSAGE = {
    "chunk_id": ("id", pa.string()),
    "document_id": ("document_id", pa.string()),
    "source": ("source", pa.string()),
    "line": ("line", pa.int64()),
    "text": ("text", pa.string()),
}


def write_table(stream: BinaryIO, drawing: Drawing) -> None:
    """The map is written to the stream as Parquet."""
    import pyarrow.parquet as pq

    names = [entry.name for entry in drawing.entries] if len(drawing.entries) > 1 else [None]
    columns = {
        name: pa.array([getattr(passage, field) for passage in drawing.passages], kind)
        for field, (name, kind) in _OF_PASSAGE.items()
    }
    columns["x"], columns["y"] = pa.array(drawing.places[:, 0]), pa.array(drawing.places[:, 1])
    columns["color"] = pa.array([names[kind] for kind in drawing.kinds.tolist()], pa.string())
    table = pa.table(columns)
    for field, column in metadata_columns(drawing.metadata):
        table = table.append_column(field, column)
    told = {"note": drawing.note, "queries": [asdict(query) for query in drawing.queries]}
    pq.write_table(table.replace_schema_metadata({"vecsearch": json.dumps(told)}), stream, compression="zstd")
