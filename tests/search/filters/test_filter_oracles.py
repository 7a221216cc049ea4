"""Random conditions on random rows: SQLite evaluates the same, and cutting rows into segments changes nothing.

SQLite has one type for a column of one kind of values. Where a key has values of several kinds, a plain evaluation in
Python says what is expected: a test is unknown for a value of another kind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timezone
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.examples import examples
from tests.helpers.filter_rows import matches, parts_of
from vecsearch.errors import InvalidFilter
from vecsearch.storage.store import Part

NUMBERS = [-(2**63), -2, -1, 0, 1, 2, 7, 2**53, 2**53 + 1, 2**63 - 1]
DOUBLES = [-1e300, -1.5, -0.0, 0.0, 0.5, 1.0, 2.0**53, 2.0**63, 1e300]
TEXTS = ["", "a", "b", "ab", "a%b", "a_b", "a\\b", "A", "aB\n", "it's", "é", "漢字😀", "%"]
DAYS = ["1969-12-31", "2020-02-29", "2024-01-31"]
PATTERNS = ["", "%", "_", "a%", "%b", "%a%", "a_b", "a!%b", "a!_b", "!!", "%\\%", "a\\b", "_%_", "%\n", "漢_😀"]
KEYS = {"i": NUMBERS, "d": DOUBLES, "t": TEXTS, "o": [False, True], "day": DAYS, "x": ["seldom"]}
ROWS = st.lists(
    st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in KEYS.items()}),
    min_size=1,
    max_size=8,
)
CUTS = st.lists(st.integers(0, 8), max_size=2)


def sql(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).upper() if isinstance(value, bool) else repr(value)


@st.composite
def one_test(draw: st.DrawFn) -> str:
    key = draw(st.sampled_from("i d i d t t t o day x".split()))  # noqa: SIM905
    values = NUMBERS + DOUBLES if key in "id" else KEYS[key]
    value = st.sampled_from(values).map(sql)
    no = draw(st.sampled_from(["", "NOT "]))
    forms = ["compare", "compare", "in", "null"] + ([] if key == "o" else ["between", "order"])
    match draw(st.sampled_from(forms + (["like", "like", "ilike"] if key in ("t", "x") else []))):
        case "compare":
            return f"{key} {draw(st.sampled_from(['=', '<>', '!=']))} {draw(value)}"
        case "order":
            return f"{draw(value)} {draw(st.sampled_from(['<', '<=', '>', '>=']))} {key}"
        case "in":
            return f"{key} {no}IN ({', '.join(draw(st.lists(value, min_size=1, max_size=4)))})"
        case "between":
            return f"{key} {no}BETWEEN {draw(value)} AND {draw(value)}"
        case "null":
            return f"{key} IS {no}NULL"
        case "like":
            plain = f"{key} {no}LIKE {sql(draw(st.sampled_from(PATTERNS)))}"
            escaped = "!_" in plain or "!%" in plain or "!!" in plain
            return f"{plain} ESCAPE '!'" if escaped and draw(st.booleans()) else plain
        case _:
            return f"{key} {no}ILIKE {sql(draw(st.sampled_from([p for p in PATTERNS if p.isascii()])))}"


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(parts, st.sampled_from(["AND", "OR"]), parts).map(" ".join)
    return st.one_of(parts.map(lambda p: f"NOT ({p})"), binary, binary.map(lambda p: f"({p})"))


CONDITIONS = st.recursive(one_test(), joined, max_leaves=6)


def sqlite_finds(rows: list[dict[str, Any]], where: str) -> list[int]:
    """What SQLite finds, whose LIKE and ILIKE are told apart by lower case."""
    database = sqlite3.connect(":memory:")
    database.execute("PRAGMA case_sensitive_like = ON")
    database.execute("CREATE TABLE rows (n, i, d, t, o, day, x)")
    values = [(n, *(row.get(key) for key in KEYS)) for n, row in enumerate(rows)]
    database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    answer = [n for (n,) in database.execute(f"SELECT n FROM rows WHERE {where} ORDER BY n")]
    database.close()
    return answer


def for_sqlite(where: str) -> str:
    """The condition without ILIKE, which SQLite does not know: its LIKE on lower case."""
    words = where.split(" ")
    for place, word in enumerate(words):
        if word == "ILIKE":
            name = place - (2 if words[place - 1] == "NOT" else 1)
            opening = words[name].rstrip("tx")
            words[name] = f"{opening}lower({words[name].removeprefix(opening)})"
            words[place] = "LIKE"
    return " ".join(words)


@contextmanager
def stored(rows: list[dict[str, Any]], cuts: list[int]) -> Iterator[tuple[list[Part], list[Part]]]:
    """The rows in one segment, and cut into several."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield parts_of(Path(folder, "whole"), rows), parts_of(Path(folder, "cut"), rows, cuts)


@settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ROWS, st.lists(CONDITIONS, min_size=5, max_size=10), CUTS)
def test_a_condition_finds_what_sqlite_finds_however_the_rows_are_stored(
    rows: list[dict[str, Any]], conditions: list[str], cuts: list[int]
) -> None:
    rows = [*rows, {key: values[-1] for key, values in KEYS.items()}]  # so that every key is there
    dated = [{**row, "day": date.fromisoformat(row["day"])} if "day" in row else row for row in rows]
    with stored(dated, cuts) as (whole, cut):
        for where in conditions:
            assert matches(whole, where) == matches(cut, where) == sqlite_finds(rows, for_sqlite(where)), where


VALUES: list[Any] = [None, 1, 2.5, 2**53 + 1, "1", "a", "2020-02-29", True, False, date(2020, 2, 29)]
VALUES += [datetime(2020, 2, 29), datetime(2020, 2, 29, 1, tzinfo=timezone.utc), ["a", 1], [], [[1]], {"a": 1}, 2**70]
LITERALS: dict[str, Any] = {
    "1": 1,
    "2.5": 2.5,
    "9007199254740993": 2**53 + 1,
    "'a'": "a",
    "'1'": "1",
    "TRUE": True,
    "DATE '2020-02-29'": date(2020, 2, 29),
    "TIMESTAMP '2020-02-29 01:00'": datetime(2020, 2, 29, 1, tzinfo=timezone.utc),
    "'2020-02-29'": "2020-02-29",
}
SIGNS = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def pair(value: Any, literal: Any) -> tuple[Any, Any] | None:
    """The two as Python compares them, or None when a condition does not."""
    kinds = [
        bool if isinstance(v, bool) else float if isinstance(v, (int, float)) else type(v) for v in (value, literal)
    ]
    if value == "2020-02-29" and isinstance(literal, date):
        value = date.fromisoformat(value)
    if isinstance(value, date):
        literal = date.fromisoformat(literal) if literal == "2020-02-29" else literal
        return (moment(value), moment(literal)) if isinstance(literal, date) else None
    return (value, literal) if kinds[0] is kinds[1] and value is not None else None


def moment(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=timezone.utc)
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=10), st.sampled_from(["", "NOT "]), CUTS)
def test_of_a_key_with_values_of_many_types_those_of_the_type_are_compared(
    values: list[Any], no: str, cuts: list[int]
) -> None:
    with stored([{"key": value} for value in values], cuts) as (whole, cut):
        for (text, literal), (sign, holds) in product(LITERALS.items(), SIGNS.items()):
            if literal is True and sign not in ("=", "<>"):
                continue
            where = f"{no}key {sign} {text}"
            pairs = [pair(value, literal) for value in values]
            if any(pairs):
                expected = [n for n, both in enumerate(pairs) if both and holds(*both) is not bool(no)]
                assert matches(whole, where) == matches(cut, where) == expected, where
            else:
                for parts in (whole, cut):
                    with pytest.raises(InvalidFilter, match=r"key"):
                        matches(parts, where)
