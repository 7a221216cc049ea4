"""The forms of an export: each holds the rows of the Parquet file, as other readers see them."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index, InvalidOption, PathNotFound

ODD = 'quotes " and, commas\nand lines\r\nand a \u2028 break'


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document("a", ODD, {"year": 2020, "day": date(2024, 1, 31), "tags": ["x", "y"]})])
    index.add([Document("b", "dogs bark", {"score": float("nan"), "nested": {"deep": None}}), Document("gone", "x")])
    index.add([Document(f"n{number}", f"text {number}", {f"rare{number}": number}) for number in range(300)])
    index.delete(["gone"])
    return index


def parquet(index: Index, folder: Path) -> list[dict[str, Any]]:
    index.export(folder / "all.parquet")
    rows: list[dict[str, Any]] = pq.read_table(folder / "all.parquet").to_pylist()
    return rows


def test_json_lines_have_ids_places_texts_metadata_and_exact_vectors(index: Index, tmp_path: Path) -> None:
    assert index.export(tmp_path / "all.JSONL") == 302
    rows = [json.loads(line) for line in (tmp_path / "all.JSONL").read_bytes().split(b"\n")[:-1]]
    expected = parquet(index, tmp_path)
    assert [row["document_id"] for row in rows] == [row["document_id"] for row in expected]
    assert np.array_equal(
        np.array([row["vector"] for row in rows], np.float32),
        np.array([row["vector"] for row in expected], np.float32),
    )
    by_id = {row["document_id"]: row for row in rows}
    assert by_id["a"]["text"] == index.get(["a"])[0].text == ODD
    assert by_id["a"]["metadata"] == {"year": 2020, "day": "2024-01-31", "tags": ["x", "y"]}
    assert by_id["b"]["metadata"] == {"score": None, "nested": {"deep": None}}
    assert by_id["n7"]["metadata"] == {"rare7": 7}


def test_a_csv_file_has_the_same_without_vectors(index: Index, tmp_path: Path) -> None:
    index.export(tmp_path / "all.csv")
    index.export(tmp_path / "all.jsonl")
    with open(tmp_path / "all.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_bytes().split(b"\n")[:-1]]
    assert len(rows) == 302
    for row, line in zip(rows, lines, strict=True):
        assert json.loads(row.pop("metadata")) == line.pop("metadata")
        assert row == {
            key: "" if line[key] is None else str(line[key]) for key in line if key not in ("norm", "vector")
        }


def test_an_arrow_file_is_the_table_of_the_parquet_file(index: Index, tmp_path: Path) -> None:
    index.export(tmp_path / "all.arrow")
    with pa.ipc.open_file(tmp_path / "all.arrow") as reader:
        table = reader.read_all()
    index.export(tmp_path / "all.parquet")
    assert table.equals(pq.read_table(tmp_path / "all.parquet"))
    assert b"vecsearch" in table.schema.metadata


@pytest.mark.parametrize("name", ["all.xlsx", "all.json", "all.parquet.gz"])
def test_another_form_is_refused_and_nothing_is_written(index: Index, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidOption, match=r"\.jsonl, \.csv or \.arrow"):
        index.export(tmp_path / name)
    with pytest.raises(PathNotFound):
        index.export(tmp_path / "nowhere" / "all.csv")
    assert not (tmp_path / name).exists()
