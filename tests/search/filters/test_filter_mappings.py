"""A condition written as a dict finds what the same condition in SQL finds; anything else is refused in one line."""

from __future__ import annotations

from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.examples import examples
from tests.helpers.filter_rows import Rows, found, matches, parts_of
from vecsearch import Document, Index
from vecsearch.errors import InvalidFilter
from vecsearch.search.filters import condition_of
from vecsearch.search.filters.tree import Literal, written
from vecsearch.storage.store import Part


class Lang(Enum):
    EN = "en"


ROWS: Rows = [
    {"lang": "en", "year": 2019, "tags": ["power", "metal"], "nested": {"a": 1, "deep": {"b": "x"}}},
    {"lang": "de", "year": 2021, "open": True, "day": date(2021, 3, 4), "price": Decimal("19.99")},
    {"lang": "en", "year": 2023, "open": False, "tags": [], "nested": {"a": 2}, "and": 1, "price": 5},
    {"year": "unknown", "odd key": 1, "page": "iv", "a.b": 7, "day": "2024-01-01"},
]
SAME = [
    ({"lang": "en"}, "lang = 'en'"),
    ({"lang": "en", "year": {"gte": 2020}}, "lang = 'en' AND year >= 2020"),
    ({"year": {"gt": 2019, "lt": 2023}}, "year > 2019 AND year < 2023"),
    ({"year": {"$gte": 2019, "$lte": 2021}}, "year BETWEEN 2019 AND 2021"),
    ({"year": {"eq": 2019}}, "year = 2019"),
    ({"year": {"ne": 2019}}, "year <> 2019"),
    ({"year": {"ne": None}}, "year IS NOT NULL"),
    ({"open": None}, "open IS NULL"),
    ({"open": True}, "open"),
    ({"open": {"ne": True}}, "open <> TRUE"),
    ({"open": {"exists": True}}, "open IS NOT NULL"),
    ({"open": {"exists": False}}, "open IS NULL"),
    ({"year": {"in": [2019, 2023]}}, "year IN (2019, 2023)"),
    ({"year": {"nin": (2019, "unknown")}}, "year NOT IN (2019, 'unknown')"),
    ({"year": {"in": np.array([2019, 2021])}}, "year IN (2019, 2021)"),
    ({"year": {"in": {2019}}}, "year IN (2019)"),
    ({"tags": {"contains": "power"}}, "'power' = ANY(tags)"),
    ({"not": {"tags": {"contains": "power"}}}, "NOT 'power' = ANY(tags)"),
    ({"lang": {"like": "e%"}}, "lang LIKE 'e%'"),
    ({"lang": {"ilike": "E_"}}, "lang ILIKE 'E_'"),
    ({"lang": {"like": "e\\_"}}, "lang LIKE 'e\\_'"),
    ({"or": [{"lang": "de"}, {"year": "unknown"}]}, "lang = 'de' OR year = 'unknown'"),
    ({"$and": [{"lang": "en"}, {"$not": {"year": 2019}}]}, "lang = 'en' AND NOT year = 2019"),
    ({"lang": "en", "or": [{"year": 2019}, {"open": False}]}, "lang = 'en' AND (year = 2019 OR open = FALSE)"),
    ({"metadata.and": 1}, 'metadata."and" = 1'),
    ({"odd key": 1}, '"odd key" = 1'),
    ({"a.b": 7}, '"a.b" = 7'),
    ({'"a.b"': 7}, '"a.b" = 7'),
    ({"metadata.page": "iv"}, "metadata.page = 'iv'"),
    ({"chunk.page": None}, "chunk.page IS NULL"),
    ({"document_id": {"ne": "0"}}, "document_id <> '0'"),
    ({"nested.a": 1}, "nested.a = 1"),
    ({"metadata.nested.a": {"gt": 1}}, "metadata.nested.a > 1"),
    ({"nested.deep.b": "x"}, "nested.deep.b = 'x'"),
    ({"nested.deep": {"exists": True}}, "nested.deep IS NOT NULL"),
    ({"day": {"gte": date(2021, 1, 1)}}, "day >= DATE '2021-01-01'"),
    ({"day": {"lt": datetime(2021, 3, 4, 12, tzinfo=timezone.utc)}}, "day < TIMESTAMP '2021-03-04 12:00:00'"),
    ({"day": date(2024, 1, 1)}, "day = DATE '2024-01-01'"),
    ({"price": Decimal("19.99")}, "price = 19.99"),
    ({"price": {"lt": Decimal("10")}}, "price < 10"),
    ({"price": {"gt": 2**70}}, "price > 1180591620717411303424"),
    ({"lang": Lang.EN}, "lang = 'en'"),
    ({"year": np.int64(2019)}, "year = 2019"),
    ({"lang": np.str_("en")}, "lang = 'en'"),
    ({"open": np.bool_(True)}, "open"),
    (MappingProxyType({"year": MappingProxyType({"gte": 2020})}), "year >= 2020"),
]


@pytest.mark.parametrize(("mapping", "sql"), SAME, ids=[sql for _, sql in SAME])
def test_a_dict_finds_what_the_condition_in_sql_finds(mapping: Any, sql: str) -> None:
    assert found(ROWS, mapping, cuts=[2]) == found(ROWS, sql) == found(ROWS, mapping)


def test_nothing_is_one_of_no_values_and_everything_there_is_none_of_them() -> None:
    assert found(ROWS, {"open": {"in": []}}) == []
    assert found(ROWS, {"open": {"nin": []}}) == [1, 2]  # as in SQL, unknown where the key is absent


LITERALS = st.one_of(st.integers(-3, 3), st.booleans(), st.sampled_from(["a", "b'c", "2020-02-29"]), st.just(2.5))
LEAVES = st.one_of(
    st.tuples(st.sampled_from("xy"), st.sampled_from(["eq", "ne", "lt", "lte", "gt", "gte"]), LITERALS),
    st.tuples(st.sampled_from("xy"), st.just("in"), st.lists(LITERALS, min_size=1, max_size=3)),
    st.tuples(st.sampled_from("xy"), st.just("exists"), st.booleans()),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=6,
)
SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def as_dict(tree: Any) -> dict[str, Any]:
    match tree:
        case ("not", inner):
            return {"not": as_dict(inner)}
        case (word, list() as parts):
            return {word: [as_dict(part) for part in parts]}
        case (name, operator, operand):
            return {name: {operator: operand}}
    raise AssertionError(tree)


def as_sql(tree: Any) -> str:
    match tree:
        case ("not", inner):
            return f"NOT ({as_sql(inner)})"
        case (word, list() as parts):
            return "(" + f" {word} ".join(map(as_sql, parts)) + ")"
        case (name, "in", literals):
            return f"{name} IN ({', '.join(map(sql_of, literals))})"
        case (name, "exists", bool() as there):
            return f"{name} IS {'NOT ' if there else ''}NULL"
        case (name, operator, operand):
            return f"{name} {SIGNS[operator]} {sql_of(operand)}"
    raise AssertionError(tree)


def sql_of(literal: Literal) -> str:
    return written(literal)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> list[Part]:
    values = [1, 2.5, -3, True, False, "a", "b'c", "2020-02-29", None]
    rows = [{"x": x, "y": y} for x in values for y in values]
    return parts_of(tmp_path_factory.mktemp("parts"), rows, cuts=[40])


def answer(parts: list[Part], where: Any) -> list[int] | None:
    """What a condition finds; None when it is refused."""
    try:
        return matches(parts, where)
    except InvalidFilter:
        return None


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES)
def test_any_dict_finds_what_the_same_condition_in_sql_finds(tree: Any, mixed: list[Part]) -> None:
    assert answer(mixed, as_dict(tree)) == answer(mixed, as_sql(tree))


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({}, "the condition is empty: write one, or leave it out"),
        ({"year": {}}, "says nothing about year: write a value, or {'gte': 2020}"),
        ({"year": {"gtee": 2020}}, "the condition of year has the operator 'gtee': did you mean 'gte'"),
        (
            {"year": {"$regex": "x"}},
            "the operator '.regex': the operators are eq, ne, lt, lte, gt, gte, in, nin, contains",
        ),
        ({"year": {5: 2020}}, "the condition of year has the operator 5: the operators are"),
        ({"$nor": []}, "the condition has the operator '.nor': did you mean 'or'. the operators are and, or, not"),
        ({"and": {"a": 1}}, "'and' with {'a': 1}, expected a list of conditions; .* is 'metadata.and'"),
        ({"or": []}, r"'or' with \[\], expected a list of conditions"),
        ({"or": ["a = 1"]}, "'a = 1' in 'or', expected a dict such as"),
        ({"not": [1]}, r"\[1\] in 'not', expected a dict such as .* is 'metadata.not'"),
        ({5: "a"}, "has the key 5, expected the name of a metadata key"),
        ({"": "a"}, "has the key '', expected the name"),
        ({"a\ud800": "a"}, "expected the name"),
        ({"lang": ["en", "de"]}, r"compares lang with a list: write {'in': \[...\]} for one of several"),
        ({"lang": {"in": "en"}}, "looks for lang in 'en', expected a list of values"),
        ({"lang": {"in": 5}}, "looks for lang in 5, expected a list"),
        ({"lang": {"in": [["en"]]}}, r"compares lang with \['en'\], expected a number, text, boolean or date"),
        ({"open": {"exists": 1}}, "exists with 1 for open, expected True or False"),
        ({"open": {"gt": True}}, "compares open with True by 'gt', which is not for booleans"),
        ({"lang": {"like": 5}}, "pattern 5 for lang, expected a text like 'a%'"),
        ({"year": float("nan")}, "compares year with nan, expected a finite number"),
        ({"year": Decimal("sNaN")}, "expected a finite number"),
        ({"year": {"gt": float("inf")}}, "compares year with inf, expected a finite number"),
        ({"year": {"gt": 10**400}}, "expected a finite number"),
        ({"year": object()}, "a value that metadata cannot hold: metadata 'year' is object, expected str, int"),
        ({"year": b"x"}, "'year' is bytes"),
        ({"lang": {"gt": None}}, "compares lang with None, expected a number, text, boolean or date"),
        ({"yaer": 2019}, "names yaer, which no chunk has: did you mean year"),
        ({"year": "2020"}, None),
        ({"lang": 5}, "compares lang, which holds texts, with 5: write as in lang = 'text'"),
        ({"lang": date(2024, 1, 1)}, "lang, which holds texts, with DATE '2024-01-01'"),
        ({"nested.z": 1}, "names nested.z, which no chunk has: inside nested are a, deep"),
        ({"nested": 1}, "compares nested, which holds objects, with 1"),
        ({"nested.a": "x"}, "compares nested.a, which holds numbers, with 'x'"),
        (5, "a condition is a text such as .* or a dict such as {'lang': 'en', 'year': {'gte': 2020}}, not 5"),
        ([], "a condition is a text"),
        ([{"a": 1}], "a condition is a text"),
    ],
)
def test_what_a_dict_cannot_say_is_refused_in_one_line(where: Any, said: str | None) -> None:
    if said is None:
        assert found(ROWS, where) == []
        return
    with pytest.raises(InvalidFilter, match=said) as raised:
        found(ROWS, where)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


def test_dicts_nested_too_deep_are_refused() -> None:
    where: dict[str, Any] = {"lang": "en"}
    for _ in range(60):
        where = {"not": where}
    with pytest.raises(InvalidFilter, match="more than 40 dicts within dicts"):
        condition_of(where)


def test_a_name_that_is_a_key_and_inside_an_object_is_refused_as_ambiguous() -> None:
    rows: Rows = [{"nested": {"a": 1}}, {"nested.a": 2}]
    with pytest.raises(InvalidFilter, match=r'also a inside nested: write "nested.a", in double quotes, for the key'):
        found(rows, "nested.a = 1")
    assert found(rows, '"nested.a" = 2') == found(rows, {'"nested.a"': 2}) == [1]
    assert found(rows[:1], "nested.a = 1") == [0]


def test_what_is_inside_objects_is_compared_as_any_value(tmp_path: Path) -> None:
    rows: Rows = [{"n": {"v": value}} for value in (1, "x", [1, 2], None, {"w": 5}, date(2024, 1, 1))] + [{"n": 7}, {}]
    parts = parts_of(tmp_path, rows, cuts=[3], deleted=[1])
    assert matches(parts, "n.v = 1") == [0]
    assert matches(parts, "2 = ANY(n.v)") == [2]
    assert matches(parts, "n.v.w >= 5") == [4]
    assert matches(parts, "n.v < DATE '2025-01-01'") == [5]
    assert matches(parts, "n.v IS NULL") == [3, 6, 7]
    with pytest.raises(InvalidFilter, match="which holds numbers and dates and lists and objects, with 'x'"):
        matches(parts, "n.v = 'x'")  # the only text is deleted


def test_every_search_takes_a_dict(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document(str(n), f"text {n}", {"n": n, "flag": n == 1, "id": UUID(int=n)}) for n in range(5)])
    assert {hit.document_id for hit in index.search("text", where={"n": {"gte": 3}})} == {"3", "4"}
    assert {each.document_id for each in index.rank("text", where={"n": {"lt": 1}})} == {"0"}
    assert index.count({"n": {"in": [1, 2]}}) == 2
    assert index.document_ids({"id": UUID(int=3)}) == ["3"]
    assert index.document_ids({"flag": True}) == ["1"]
    with pytest.raises(InvalidFilter, match="compares flag, which holds booleans, with 1"):
        index.document_ids({"flag": 1})  # not the mask that was kept for True
