"""The hits of one query: a list, and a table for pandas, Polars and whatever reads Arrow."""

from __future__ import annotations

from typing import Any, SupportsIndex, overload

import pyarrow as pa

from vecsearch.errors import ExtraMissing
from vecsearch.storage.columns import metadata_rows
from vecsearch.storage.document_values import PREFIX
from vecsearch.storage.typed_columns import metadata_columns
from vecsearch.types import Hit

_SCHEMA = pa.schema(
    [
        ("score", pa.float64()),
        ("similarity", pa.float64()),
        ("document_id", pa.string()),
        ("chunk_id", pa.string()),
        ("source", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("line", pa.int64()),
        ("page", pa.int64()),
        ("row", pa.int64()),
        ("place", pa.string()),
        ("heading", pa.string()),
        ("text", pa.string()),
    ]
)


class Hits(list[Hit]):
    """The hits of one query, best first."""

    @overload
    def __getitem__(self, place: SupportsIndex) -> Hit: ...
    @overload
    def __getitem__(self, place: slice) -> Hits: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Hit | Hits:
        """One hit, or some of them."""
        return Hits(super().__getitem__(place)) if isinstance(place, slice) else super().__getitem__(place)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the hits as values that json.dumps() takes: see `Hit.to_dict`."""
        return [hit.to_dict() for hit in self]

    def to_arrow(self) -> pa.Table:
        """Return the hits as an Arrow table, best first: a column for each field and, as `metadata.KEY`, for each key.

        A key with values of several types, or nested ones, is JSON text, in a field marked `vecsearch: json`.
        """
        columns = [pa.array([getattr(hit, field.name) for hit in self], field.type) for field in _SCHEMA]
        metadata = metadata_columns([hit.metadata for hit in self])
        schema = pa.schema([*_SCHEMA, *(field for field, _ in metadata)])
        return pa.table([*columns, *(column for _, column in metadata)], schema=schema)

    def to_pandas(self) -> Any:
        """Return the hits as a DataFrame with the columns of `to_arrow`, nested metadata as Python's lists and dicts.

        Raises ExtraMissing without pandas.
        """
        table = self.to_arrow()
        try:
            frame = table.to_pandas()
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "pandas":
                raise
            raise ExtraMissing("to_pandas needs pandas: pip install pandas", name="pandas") from None
        mixed = {field.name.removeprefix(PREFIX) for field in table.schema if field.metadata}
        if mixed:
            rows = metadata_rows(table, mixed)
            for key in mixed:
                frame[PREFIX + key] = [row.get(key) for row in rows]
        return frame
