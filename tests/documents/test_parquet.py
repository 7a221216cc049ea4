"""Rows of Parquet files become documents whose metadata any program can read as JSON."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vecsearch.documents import Skip, load
from vecsearch.documents.json_values import json_value
from vecsearch.documents.record_places import record_outline
from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document


@pytest.mark.parametrize(
    ("value", "expected"),
    [(uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"), (decimal.Decimal("NaN"), None), ((1, "a"), [1, "a"])],
)
def test_other_values_of_python_become_those_of_json(value: object, expected: object) -> None:
    assert json_value(value) == expected


class TestParquet:
    def write(self, path: Path, columns: dict[str, Any], **options: Any) -> Path:
        pq.write_table(pa.table(columns), path, **options)
        return path

    def test_types_become_those_of_json(self, tmp_path: Path) -> None:
        moment = dt.datetime(2024, 5, 6, 7, 8, 9)
        columns = {
            "id": [1],
            "text": ["t"],
            "int": [2],
            "float": [0.5],
            "nan": [float("nan")],
            "bool": [True],
            "none": pa.array([None], pa.string()),
            "list": [[1, 2]],
            "struct": [{"a": 1, "b": None}],
            "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "date": [dt.date(2024, 5, 6)],
            "time": [dt.time(7, 8)],
            "moment": [moment],
            "zone": pa.array([moment], pa.timestamp("us", "UTC")),
            "nanos": pa.array([1_000_000_001], pa.timestamp("ns")),
            "span": [dt.timedelta(seconds=90)],
            "decimal": [decimal.Decimal("1.25")],
            "bytes": [b"word"],
            "blob": [b"\xff\x00"],
            "category": pa.array(["x"]).dictionary_encode(),
        }
        (document,) = load(self.write(tmp_path / "a.parquet", columns), "x")
        assert document.metadata == {
            "int": 2,
            "float": 0.5,
            "bool": True,
            "list": [1, 2],
            "struct": {"a": 1},
            "map": [["k", 1]],
            "date": "2024-05-06",
            "time": "07:08:00",
            "moment": "2024-05-06T07:08:09",
            "zone": "2024-05-06T07:08:09+00:00",
            "nanos": "1970-01-01T00:00:01",
            "span": 90.0,
            "decimal": 1.25,
            "bytes": "word",
            "category": "x",
        }
        json.dumps(document.metadata, allow_nan=False)

    def test_rows_are_counted_through_batches_and_row_groups(self, tmp_path: Path) -> None:
        texts = ["t"] * 3000 + [None, "", "end"]
        path = self.write(tmp_path / "a.parquet", {"id": list(range(3003)), "text": texts}, row_group_size=700)
        results = list(load(path, "x"))
        assert [result for result in results if isinstance(result, Failure)] == [
            Skip(f"{path}:3001", "no text in it"),
            Skip(f"{path}:3002", "no text in it"),
        ]
        assert results[-1] == Document("3002", "end", {}, str(path), record_outline(3003, 3003))

    def test_text_in_a_column_of_bytes_is_text(self, tmp_path: Path) -> None:
        (document,) = load(self.write(tmp_path / "a.parquet", {"id": [b"a"], "text": ["é".encode()]}), "x")
        assert isinstance(document, Document)
        assert (document.id, document.text) == ("a", "é")

    def test_a_table_without_rows_is_skipped(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "a.parquet", {"id": pa.array([], pa.int64()), "text": pa.array([], pa.string())})
        assert list(load(path, "x")) == [Skip(str(path), "no records in it")]

    def test_a_file_that_is_damaged_is_one_error(self, tmp_path: Path) -> None:
        path = self.write(tmp_path / "a.parquet", {"id": [1], "text": ["t"]})
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(InvalidDocument, match=r"a\.parquet: not a readable Parquet file"):
            list(load(path, "x"))
        path.write_text("text")
        with pytest.raises(InvalidDocument, match=r"a\.parquet: not a readable Parquet file"):
            list(load(path, "x"))
