"""Conditions that are large, deep or odd: each has an answer, or is refused in one line that names the limit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.filter_rows import found
from vecsearch.errors import InvalidFilter
from vecsearch.search.filters import condition_of

ROWS = [{"a": 1, "t": "aaa"}, {"a": 2, "t": "b" * 50}, {"a": 3, "t": "c%"}]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("a IN (" + ",".join(map(str, range(2, 100_000))) + ")", [1, 2]),
        (" OR ".join(f"a = {n}" for n in range(2, 5_000)), [1, 2]),
        (" AND ".join(f"t <> '{n}'" for n in range(2_000)), [0, 1, 2]),
        ("t LIKE '" + "%" * 100_000 + "'", [0, 1, 2]),
        ("t LIKE '" + "%" * 50_000 + "a" + "%" * 50_000 + "'", [0]),
        ("t LIKE 'c!%" + "%" * 50_000 + "' ESCAPE '!'", [2]),
        ("t LIKE '" + "_" * 50 + "'", [1]),
        ("t LIKE '" + "%b" * 50 + "'", [1]),
        ("t LIKE '" + "%b" * 499 + "'", []),
        ("t ILIKE '" + "%B_" * 333 + "'", []),
        ("t = 'a\0b'", []),
        ("(" * 39 + "a = 1" + ")" * 39, [0]),
    ],
    ids=lambda where: where[:30] if isinstance(where, str) else "",
)
def test_a_large_condition_finds_what_it_says(where: str, expected: list[int]) -> None:
    assert found(ROWS, where) == expected


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("t LIKE '" + "_" * 100_000 + "'", r"pattern for t has 100,000 characters, expected at most 1,000"),
        ("t NOT ILIKE '" + "%_" * 501 + "'", r"pattern for t has 1,002 characters, expected at most 1,000"),
        ({"t": {"like": "x%" * 50_000}}, r"pattern for t has 100,000 characters, expected at most 1,000"),
        ("a = 1 OR " * 200_000 + "a = 1", r"has 1,800,005 characters, expected at most 1,000,000"),
        (".".join("a" * 1_000) + " = 1", r"name of 1,000 parts, expected at most 100"),
        ({".".join("a" * 1_000): 1}, r"name of 1,000 parts, expected at most 100"),
        ("(" * 100_000 + "a = 1" + ")" * 100_000, "more than 40 nested parentheses"),
        ("NOT " * 50_000 + "a = 1", "nested too deep"),
        ("a = " + "- " * 50_000 + "1", "nested too deep"),
        ("[" * 50_000, "condition"),
        ("a = " + "9" * 100_000, "larger than any value"),
        ("a < 1e999999999", "larger than any value"),
        ("a = 1 \0", "cannot be parsed"),
        ("t = '\ud800'", "a condition is a text"),
        ("t = '" + "'" * 100_000, "never closes"),
        ("a = '" + "x" * 100_000 + "'", "holds numbers"),
        ('"' + "x" * 100_000 + '" = 1', "no chunk has"),
        ("a = 1 /*" + "x" * 100_000 + "*/", "comment"),
    ],
    ids=lambda where: str(where)[:30],
)
def test_what_is_too_large_is_refused_in_one_short_line(where: Any, message: str) -> None:
    with pytest.raises(InvalidFilter, match=message) as raised:
        found(ROWS, where)
    assert len(str(raised.value)) < 500
    assert "\n" not in str(raised.value)


def test_a_pattern_is_kept_with_its_escapes_when_its_percents_are_joined() -> None:
    assert condition_of("t LIKE '%%a!%%%!!%' ESCAPE '!'") == condition_of("t LIKE '%a!%%!!%' ESCAPE '!'")
    assert found([{"t": "xa%y!z"}, {"t": "xa%y"}], "t LIKE '%%a!%%%!!%' ESCAPE '!'") == [0]
