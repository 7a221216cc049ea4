"""Columns as files may hold them: damaged, empty, written by another tool."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.helpers.filter_rows import segment_of
from vecsearch.errors import IndexDamaged
from vecsearch.search.filters.matching import compare
from vecsearch.search.filters.tree import Operator
from vecsearch.search.filters.values import Kind, column_of
from vecsearch.storage.store import Part

UTC = timezone.utc
NOON = datetime(2024, 1, 31, 12)


def test_damaged_json_is_said(tmp_path: Path) -> None:
    table = segment_of(tmp_path / "s", [{"k": 1}, {"k": "x"}]).table.whole()
    place, field = table.column_names.index("metadata.k"), table.schema.field("metadata.k")
    for damaged in (['{"a": ', "5"], ["1, 2", "5"], ["[", "]"]):
        broken = table.set_column(place, field, pa.chunked_array([damaged]))
        with pytest.raises(IndexDamaged, match=r"metadata\.k of rows\.arrow"):
            column_of(broken, "metadata.k")


@pytest.mark.parametrize(
    ("array", "kind", "value"),
    [
        (pa.array([7, None], pa.int8()), Kind.NUMBER, 7),
        (pa.array([7, None], pa.uint32()), Kind.NUMBER, 7),
        (pa.array([7.5, None], pa.float32()), Kind.NUMBER, 7.5),
        (pa.array(["x", None], pa.large_string()), Kind.TEXT, "x"),
        (pa.array([NOON, None], pa.timestamp("ns", "Europe/Berlin")), Kind.TIME, NOON),
        (pa.array([NOON, None], pa.timestamp("s")), Kind.TIME, NOON),
        (pa.array([date(2024, 1, 31), None], pa.date64()), Kind.DATE, date(2024, 1, 31)),
        (pa.array([2**63, None], pa.uint64()), Kind.OBJECT, None),
        (pa.array([b"x", None], pa.binary()), Kind.OBJECT, None),
        (pa.array([{"a": 1}, None]), Kind.OBJECT, None),
    ],
    ids=lambda given: str(given.type) if isinstance(given, pa.Array) else "",
)
def test_columns_that_another_tool_wrote_are_compared_or_only_there(array: pa.Array, kind: Kind, value: Any) -> None:
    column = column_of(pa.table({"metadata.k": array}), "metadata.k")
    assert column.kinds(None) == {kind}
    assert column.values.present().to_pylist() == [True, False]
    if value is not None:
        assert compare(column.values, Operator.EQUAL, value).to_pylist() == [True, None]


def test_a_part_without_rows_has_no_matches(tmp_path: Path) -> None:
    segment = segment_of(tmp_path / "s", [{"k": 1}, {"k": "x"}])
    empty = Part(segment, None, 2).segment.table.slice(0, 0)
    assert column_of(empty, "metadata.k").kinds(None) == set()
    assert column_of(empty, "document_id").kinds(None) == set()
