"""What no value of an index can be compared with is refused, by what is there and not by how it is stored."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.filter_rows import found, matches, parts_of
from vecsearch.errors import InvalidFilter
from vecsearch.search.filters import restricted

UTC = timezone.utc
NOON = datetime(2024, 1, 31, 12)


@pytest.mark.parametrize(
    ("values", "where", "said"),
    [
        (["en"], "k = 5", "compares k, which holds texts, with 5: write as in k = 'text'"),
        ([5], "k = 'en'", "compares k, which holds numbers, with 'en': write as in k = 2020"),
        ([5], "k = '5'", "which holds numbers, with '5'"),
        ([5], "k IN (5, 'it''s')", "with 'it''s'"),
        ([5], "k = TRUE", "with TRUE"),
        ([5], "k", "which holds numbers, with TRUE"),
        ([5, "x"], "k = DATE '2024-01-31'", "holds numbers and texts, with DATE '2024-01-31'.*k = 2020 or k = 'text'"),
        ([True], "k = 1", "holds booleans, with 1: write as in k = TRUE"),
        ([date(2024, 1, 31)], "k = 'last week'", "holds dates, with 'last week': write as in k = DATE '2024-01-31'"),
        ([date(2024, 1, 31)], "k LIKE '2024%'", "holds dates, with LIKE, which is for texts"),
        ([NOON], "k > 5", "holds timestamps, with 5: write as in k >= TIMESTAMP '2024-01-31 12:00:00'"),
        ([NOON], "k > TIMESTAMP '2024-01-31 12:00' AND k = 7", "with 7"),
        ([["x"]], "k = 'x'", r"holds lists, with 'x': write as in 'x' = ANY\(k\)"),
        ([["x"]], "5 = ANY(k)", "looks for 5 in k, lists of texts"),
        ([[1, "x"]], "TRUE = ANY(k)", "looks for TRUE in k, lists of numbers and texts"),
        (["x"], "'x' = ANY(k)", "holds texts, with ANY, which is for lists: write as in k = 'text'"),
        ([{"a": 1}], "k = 1", "holds objects, with 1: write as in k IS NOT NULL"),
        ([{"a": 1}], "k LIKE 'a'", "holds objects, with LIKE"),
    ],
)
def test_what_no_value_can_be_compared_with_is_refused_and_said(values: list[Any], where: str, said: str) -> None:
    for cuts in ((), range(len(values))):
        with pytest.raises(InvalidFilter, match=said):
            found([{"k": value} for value in values], where, cuts)


def test_what_is_deleted_has_no_part_in_what_is_refused() -> None:
    rows = [{"k": 1, "old": 1, "tags": ["x"]}, {"k": "one", "tags": [1]}, {"k": "two", "tags": []}]
    assert found(rows, "k = 1 AND 'x' = ANY(tags)") == [0]
    for cuts in ((), (1,), (1, 2)):
        with pytest.raises(InvalidFilter, match="holds texts, with 1"):
            found(rows, "k = 1", cuts, deleted=[0])
        with pytest.raises(InvalidFilter, match="old, which no chunk has"):
            found(rows, "old = 1", cuts, deleted=[0])
        with pytest.raises(InvalidFilter, match="lists of numbers"):
            found(rows, "'x' = ANY(tags)", cuts, deleted=[0])
        assert found(rows, "k <> 'one'", cuts, deleted=[0]) == [2]
        assert found(rows, "1 = ANY(tags) OR k = 'two'", cuts, deleted=[0]) == [1, 2]


def test_parts_in_which_nothing_matches_stay_without_rows(tmp_path: Path) -> None:
    parts = parts_of(tmp_path, [{"k": 1}, {"k": 2}, {"k": 3}, {}], cuts=(1, 2, 3), deleted=[2])
    left = restricted(parts, "k >= 2")
    assert [(part.segment, part.live) for part in left] == [
        (part.segment, live) for part, live in zip(parts, [0, 1, 0, 0], strict=True)
    ]
    assert [part.live for part in restricted(parts, "k > 5")] == [0, 0, 0, 0]
    assert matches(parts, "k IS NULL OR k = 1") == [0, 3]


def test_any_name_is_right_where_there_is_no_chunk(tmp_path: Path) -> None:
    assert restricted([], "nothing = 5") == ()
    assert [part.live for part in restricted(parts_of(tmp_path, [{"k": 1}], deleted=[0]), "nothing = 5")] == [0]
    with pytest.raises(InvalidFilter, match="cannot be parsed"):
        restricted([], "nothing = ")
