from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.helpers.examples import examples
from vecsearch.errors import InvalidDocument
from vecsearch.storage.columns import join_tables
from vecsearch.storage.document_values import PREFIX
from vecsearch.storage.metadata_values import check_metadata
from vecsearch.storage.rows import Origin, chunk_table
from vecsearch.storage.segment import Content, Segment, write_segment
from vecsearch.storage.typed_columns import as_json, json_field, metadata_columns, metadata_of
from vecsearch.types import Chunk

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ZONES = st.sampled_from([None, timezone.utc, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(0), "UTC")])
SCALARS = (
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    TEXT,
    st.dates(),
    st.datetimes(timezones=ZONES),
)
PLAIN = st.one_of(*SCALARS)
NESTED = st.recursive(
    st.one_of(st.none(), PLAIN),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=5,
)
SAME_TYPE = st.one_of(*[st.lists(st.one_of(st.none(), kind), max_size=6) for kind in SCALARS])
LISTS_OF_ONE_TYPE = st.one_of(*[st.lists(st.lists(kind, max_size=3), max_size=6) for kind in SCALARS])
VALUES = st.one_of(SAME_TYPE, LISTS_OF_ONE_TYPE, st.lists(NESTED, max_size=6))


def as_text(value: Any) -> Any:
    """The value as JSON gives it back: dates and times as objects of one key."""
    match value:
        case date():
            return {"vecsearch:time" if isinstance(value, datetime) else "vecsearch:date": value.isoformat()}
        case list() | tuple():
            return [as_text(element) for element in value]
        case Mapping():
            return {key: as_text(element) for key, element in value.items()}
    return value


def same(found: Any, given_as: Any) -> bool:
    """Equal, and of equal type but for integers that have become doubles without loss."""
    if isinstance(found, list) and isinstance(given_as, list):
        return len(found) == len(given_as) and all(map(same, found, given_as))
    if type(found) is float and type(given_as) is int:
        return found == given_as and abs(given_as) <= 2**53
    if isinstance(found, datetime) and isinstance(given_as, datetime):
        return found == given_as and found.utcoffset() == given_as.utcoffset()
    return type(found) is type(given_as) and found == given_as


def table_of(rows: list[dict[str, Any]]) -> pa.Table:
    """The rows as a segment has them: a column of its own, and those of the metadata."""
    columns = [(pa.field("ordinal", pa.int32()), pa.array([0] * len(rows), pa.int32())), *metadata_columns(rows)]
    return pa.table([array for _, array in columns], schema=pa.schema([field for field, _ in columns]))


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    return [metadata_of(row, table.schema) for row in table.to_pylist()]


def round_trip(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return rows_of(table_of(rows))


def assert_came_back(found: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    for back, row in zip(found, rows, strict=True):
        present = {key: value for key, value in row.items() if value is not None}
        assert back.keys() == present.keys()
        for key, value in present.items():
            assert same(back[key], value) or same(back[key], as_text(value)), (back[key], value)


@settings(deadline=None, max_examples=examples(300))
@given(st.dictionaries(TEXT, VALUES, max_size=3))
@example({"n": [1, 2.5, None, -0.0]})
@example({"n": [2**53 + 1, 0.5]})
@example({"n": [True, 1]})
@example({"n": [math.inf, -math.inf, 1]})
@example({"t": [datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=timezone.utc)]})
@example({"d": [date(2020, 1, 1), datetime(2020, 1, 1)]})
@example({"": [1], "\x00": ["\x00"]})
def test_metadata_comes_back_as_it_was_given(by_key):
    n = max(map(len, by_key.values()), default=0)
    rows = [{key: values[i] for key, values in by_key.items() if i < len(values)} for i in range(n)]
    for row in rows:
        check_metadata(row)
    assert_came_back(round_trip(rows), rows)


@settings(deadline=None, max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["a", "b", "path", "text", "é "]), NESTED), min_size=1, max_size=5)
)
def test_metadata_comes_back_from_a_segment(tmp_path_factory, rows):
    chunks = [Chunk(f"d{i}", 0, 0, 1, "x", 1) for i in range(len(rows))]
    table = chunk_table(
        chunks, [Origin(None, None, bytes(16), row) for row in rows], np.ones(len(rows), dtype=np.float32)
    )
    folder = tmp_path_factory.mktemp("segment") / "s"
    entry = write_segment(folder, Content.of(table, np.eye(len(rows), 4, dtype=np.float32) + 0.1, "auto"))
    found = Segment(folder, entry).take(range(len(rows)))
    assert_came_back([row.metadata for row in found], rows)


@settings(deadline=None, max_examples=examples(200))
@given(st.lists(st.dictionaries(st.sampled_from("ab"), NESTED), max_size=6), st.integers(1, 5))
@example([{"a": 1}, {"a": 0.5}, {"b": 1}], 1)
@example([{"a": 2**53 + 1}, {"a": 0.5}], 1)
@example([{"a": [1]}, {"a": [0.5]}, {"a": []}], 1)
@example([{"a": None}, {"a": date(2020, 1, 1)}], 1)
def test_metadata_comes_back_from_tables_that_were_joined(rows, size):
    tables = [table_of(rows[first : first + size]) for first in range(0, len(rows), size)] or [table_of([])]
    table = join_tables(tables)
    assert table.num_rows == len(rows)
    assert_came_back(rows_of(table), rows)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, None], pa.bool_()),
        ([1, -(2**63), 2**63 - 1], pa.int64()),
        ([1, 0.5], pa.float64()),
        (["a"], pa.string()),
        ([date(2020, 1, 1)], pa.date32()),
        ([datetime(2020, 1, 1)], pa.timestamp("us")),
        ([datetime(2020, 1, 1, tzinfo=timezone.utc)], pa.timestamp("us", "UTC")),
        ([["a"], []], pa.list_(pa.string())),
        ([[1], [0.5]], pa.list_(pa.float64())),
    ],
)
def test_values_of_one_type_have_a_column_of_that_type(values, kind):
    [(field, column)] = metadata_columns([{"k": value} for value in values])
    assert (field.name, field.type) == (PREFIX + "k", kind)
    assert column.to_pylist() == values


@pytest.mark.parametrize(
    "values",
    [[1, "a"], [True, 0], [2**63], [{"a": 1}], [[[1]]], [[1, None]], [(1, 2)], [[]], [date(1, 1, 1), "x"]],
    ids=repr,
)
def test_other_values_are_json_text_that_says_so(values):
    [(field, column)] = metadata_columns([{"k": value} for value in values])
    assert field == json_field(PREFIX + "k")
    assert field.metadata == json_field("").metadata
    assert [json.loads(text) for text in column.to_pylist()] == as_text(values)


def test_times_in_another_zone_come_back_at_the_same_offset():
    time = datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    [row] = round_trip([{"t": time}])
    assert row["t"] == time
    assert row["t"].utcoffset() == timedelta(hours=2)


def test_a_date_stays_a_date_whatever_its_neighbours_are():
    values = [date(2020, 2, 29), "text", datetime(2020, 1, 1, 12), [date(1, 1, 1)], {"on": date(9999, 12, 31)}]
    assert round_trip([{"k": value} for value in values]) == [{"k": value} for value in values]


def test_enumerations_come_back_as_their_values():
    class Word(str, Enum):
        YES = "yes"

    class Number(IntEnum):
        ONE = 1

    row = {"word": Word.YES, "number": Number.ONE, "float": np.float64(0.5)}
    check_metadata(row)
    assert round_trip([row]) == [{"word": "yes", "number": 1, "float": 0.5}]


def test_not_a_number_comes_back():
    [row] = round_trip([{"k": math.nan}])
    assert math.isnan(row["k"])


def test_a_mapping_of_any_kind_is_a_dict():
    row = {"k": MappingProxyType({"a": MappingProxyType({"b": (1, None)})})}
    check_metadata(row)
    assert round_trip([row]) == [{"k": {"a": {"b": [1, None]}}}]


@settings(deadline=None)
@given(VALUES)
def test_a_column_of_any_type_can_become_json(values):
    columns = metadata_columns([{"k": value} for value in values])
    for field, column in columns:
        texts = as_json(pa.chunked_array([column]), field).to_pylist()
        for text, value in zip(texts, values, strict=True):
            if value is None:
                assert text is None
            else:
                assert json.loads(text) in (as_text(value), value)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({1: "a"}, "key 1 is int"),
        ({"k\ud800": 1}, "lone surrogate"),
        ({"k": {"n\ud800": 1}}, "lone surrogate"),
        ({"key": "\ud800"}, "'key' holds a lone surrogate"),
        ({"key": ["a", "\udfff"]}, "'key' holds a lone surrogate"),
        ({"key": {1}}, "'key' is set"),
        ({"key": b"bytes"}, "'key' is bytes"),
        ({"key": object()}, "'key' is object"),
        ({"key": [[object()]]}, "'key' is object"),
        ({"key": {"inner": object()}}, "'inner' is object"),
        ({"key": {2: "a"}}, "key 2 is int"),
        ({"key": 10**5000}, "'key' is an integer of 16610 bits"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_its_key(metadata, said):
    with pytest.raises(InvalidDocument, match=said):
        check_metadata(metadata)
