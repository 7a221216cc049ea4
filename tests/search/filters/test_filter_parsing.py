"""What can be written in a condition, and the tree that it is read as."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vecsearch.errors import InvalidFilter
from vecsearch.search.filters.parsing import parse
from vecsearch.search.filters.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Contains,
    Holds,
    IsNull,
    Like,
    Name,
    Not,
    OneOf,
    Operator,
    leaves,
    written,
)

A, B = Name(("a",)), Name(("b",))
ONE, TWO, THREE = (Comparison(Name((name,)), Operator.EQUAL, 1) for name in "abc")


@pytest.mark.parametrize(
    ("sign", "operator", "mirrored"),
    [
        ("=", "=", "="),
        ("==", "=", "="),
        ("!=", "<>", "<>"),
        ("<>", "<>", "<>"),
        ("<", "<", ">"),
        ("<=", "<=", ">="),
        (">", ">", "<"),
        (">=", ">=", "<="),
    ],
)
def test_a_comparison_may_have_its_name_on_either_side(sign: str, operator: str, mirrored: str) -> None:
    assert parse(f"a {sign} 5") == Comparison(A, Operator(operator), 5)
    assert parse(f"5 {sign} a") == Comparison(A, Operator(mirrored), 5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("+5", 5),
        ("(5)", 5),
        ("0.5", 0.5),
        (".5", 0.5),
        ("-5.", -5.0),
        ("1e3", 1000.0),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 2.0**63),
        ("-9223372036854775808", -(2.0**63)),
        ("1" + "0" * 300, 1e300),
        ("''", ""),
        ("'it''s'", "it's"),
        ("'a\\b\n\"c\" -- no comment; /* none */'", 'a\\b\n"c" -- no comment; /* none */'),
        ("'漢字 😀'", "漢字 😀"),
        ("TRUE", True),
        ("false", False),
        ("DATE '2024-02-29'", date(2024, 2, 29)),
        ("CAST('2024-02-29' AS DATE)", date(2024, 2, 29)),
        ("TIMESTAMP '2024-01-31 10:20:30.5'", datetime(2024, 1, 31, 10, 20, 30, 500_000, timezone.utc)),
        ("timestamp '2024-01-31T10:20Z'", datetime(2024, 1, 31, 10, 20, tzinfo=timezone.utc)),
        (
            "TIMESTAMPTZ '2024-01-31 10:20:30+05:30'",
            datetime(2024, 1, 31, 10, 20, 30, tzinfo=timezone(timedelta(hours=5.5))),
        ),
        ("TIMESTAMP '2024-01-31 10:20-08'", datetime(2024, 1, 31, 10, 20, tzinfo=timezone(timedelta(hours=-8)))),
        ("TIMESTAMP '2024-01-31'", date(2024, 1, 31)),
    ],
)
def test_a_value_is_read_as_what_it_is(text: str, value: Any) -> None:
    read = parse(f"a = {text}")
    assert read == Comparison(A, Operator.EQUAL, value)
    assert isinstance(read, Comparison)
    assert type(read.literal) is type(value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("year", ("year",)),
        ("Year", ("Year",)),
        ('"odd key"', ("odd key",)),
        ('"say ""a"""', ('say "a"',)),
        ("a.b", ("a", "b")),
        ('"a.b"', ("a.b",)),
        ('metadata."a.b".c', ("metadata", "a.b", "c")),
        ("a.b.c.d.e", tuple("abcde")),
        ("größe", ("größe",)),
        ("名前", ("名前",)),
        *((word, (word,)) for word in ("date", "timestamp", "order", "group", "end", "key", "type", "value", "text")),
        *((word, (word,)) for word in ("open", "user", "index", "source", "format", "language", "level", "all_of")),
    ],
)
def test_a_name_is_read_as_it_is_written(text: str, parts: tuple[str, ...]) -> None:
    assert parse(f"{text} = 1") == Comparison(Name(parts), Operator.EQUAL, 1)
    assert parse(str(parse(f"{text} IS NULL").name) + " = 1") == Comparison(Name(parts), Operator.EQUAL, 1)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("where", "tree"),
    [
        ("a = 1 AND b = 1 AND c = 1", AllOf((ONE, TWO, THREE))),
        ("a = 1 OR b = 1 AND c = 1", AnyOf((ONE, AllOf((TWO, THREE))))),
        ("(a = 1 OR b = 1) and c = 1", AllOf((AnyOf((ONE, TWO)), THREE))),
        ("a = 1 AND (b = 1 AND c = 1)", AllOf((ONE, AllOf((TWO, THREE))))),
        ("NOT a = 1 AND b = 1", AllOf((Not(ONE), TWO))),
        ("NOT (a = 1 OR NOT b = 1)", Not(AnyOf((ONE, Not(TWO))))),
        ("((a = 1))", ONE),
        ("a", Comparison(A, Operator.EQUAL, True)),
        ("NOT a", Not(Comparison(A, Operator.EQUAL, True))),
        ("a IN (1, 'x', TRUE)", OneOf(A, (1, "x", True))),
        ("a NOT IN (1)", Not(OneOf(A, (1,)))),
        (
            "a BETWEEN 1 AND 2 AND b IS NULL",
            AllOf(
                (AllOf((Comparison(A, Operator.AT_LEAST, 1), Comparison(A, Operator.AT_MOST, 2))), IsNull(B)),
            ),
        ),
        (
            "a NOT BETWEEN 1 AND 2",
            Not(AllOf((Comparison(A, Operator.AT_LEAST, 1), Comparison(A, Operator.AT_MOST, 2)))),
        ),
        ("a IS NULL", IsNull(A)),
        ("a IS NOT NULL", Not(IsNull(A))),
        ("a IS TRUE", Holds(Comparison(A, Operator.EQUAL, True))),
        ("a IS NOT FALSE", Not(Holds(Comparison(A, Operator.EQUAL, False)))),
        ("'x' = ANY(a)", Contains(A, "x")),
        ("ANY(a) = 5", Contains(A, 5)),
        ("array_contains(a, 'x')", Contains(A, "x")),
        ("NOT 'x' = ANY(a)", Not(Contains(A, "x"))),
        ("a LIKE 'x%_'", Like(A, "x%_", False)),
        ("a NOT LIKE 'x'", Not(Like(A, "x", False))),
        ("a ILIKE 'x'", Like(A, "x", True)),
        ("a NOT ILIKE 'x'", Not(Like(A, "x", True))),
        (r"a LIKE 'a\b\%'", Like(A, r"a\\b\\%", False)),
        ("a LIKE '100!%!_!!' ESCAPE '!'", Like(A, r"100\%\_!", False)),
        (r"a LIKE '100\%\\' ESCAPE '\'", Like(A, r"100\%\\", False)),
        (r"a NOT LIKE 'a\b!%' ESCAPE '!'", Not(Like(A, r"a\\b\%", False))),
        ("a LIKE '%%%' ESCAPE '%'", None),
    ],
)
def test_a_form_is_read_as_its_tree(where: str, tree: Any) -> None:
    if tree is None:
        with pytest.raises(InvalidFilter, match="in front of what is neither"):
            parse(where)
    else:
        assert parse(where) == tree


def test_a_long_chain_and_a_long_list_are_read() -> None:
    chain = parse(" OR ".join(f"a = {i}" for i in range(5_000)))
    assert chain == AnyOf(tuple(Comparison(A, Operator.EQUAL, i) for i in range(5_000)))
    assert len(leaves(chain)) == 5_000
    assert parse(f"a IN ({', '.join(map(str, range(20_000)))})") == OneOf(A, tuple(range(20_000)))


def test_forty_nested_parentheses_are_parsed() -> None:
    assert parse("(" * 40 + "a = 1" + ")" * 40) == ONE


WORDS = (
    "a b = <> < > <= >= AND OR NOT IN ( ) , 1 -1 2.5 'x' 'y%' \"q\" . LIKE ILIKE ESCAPE BETWEEN IS NULL TRUE ANY DATE "
    "TIMESTAMP '2024-01-31' CAST AS SELECT FROM * + - / || :: [ ] { } -> ? :x @y ~ ! % CASE WHEN THEN END EXISTS "
    "INTERVAL OVER FILTER DISTINCT ARRAY STRUCT array_contains lower"
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=14).map(" ".join) | st.text(max_size=30))
def test_any_text_is_read_or_refused_and_nothing_else(where: str) -> None:
    try:
        assert leaves(parse(where))
    except InvalidFilter as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said


@given(st.text(max_size=20) | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_a_written_value_is_read_back(value: Any) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return
    read = parse(f"a = {written(value)}")
    assert isinstance(read, Comparison)
    assert read.literal == (float(value) if type(value) is int and abs(value) >= 2**63 else value)


def test_a_search_without_a_condition_does_not_load_the_parser() -> None:
    ask = "import sys, vecsearch.index; print('sqlglot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout == "False\n"
