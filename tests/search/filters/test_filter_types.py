"""What each type of value is compared with, and how: the rules of docs/filters.md, one by one."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.helpers.filter_rows import found

UTC = timezone.utc
NOON = datetime(2024, 1, 31, 12)


def of(values: list[Any], where: str) -> list[Any]:
    """The values of the key k that a condition finds, the same with each in a segment of its own as with all in one."""
    rows = [{} if value is ... else {"k": value} for value in values]
    together, apart = found(rows, where), found(rows, where, range(len(rows)))
    assert together == apart
    return [values[row] for row in together]


@pytest.mark.parametrize(
    ("values", "where", "expected"),
    [
        ([1, 2, 3, ...], "k >= 2", [2, 3]),
        ([1, 2, 3, ...], "k <> 2", [1, 3]),
        ([1, 2, 3, ...], "NOT k = 2", [1, 3]),
        ([1, 2, 3, ...], "k > 1.5", [2, 3]),
        ([1, 2, 3, ...], "k = 2.0", [2]),
        ([1, 2, 3, ...], "k = 2.5", []),
        ([1, 2, 3, ...], "k <> 2.5", [1, 2, 3]),
        ([1, 2, 3, ...], "k IN (2.5, 3.0, 1)", [1, 3]),
        ([1, 2, 3, ...], "k NOT IN (2.5, 3.0)", [1, 2]),
        ([1, 2, 3, ...], "k < 1e300", [1, 2, 3]),
        ([1, 2, 3, ...], "k > 1e300 OR k >= 1e19 OR k = 1e300", []),
        ([1, 2, 3, ...], "k > -1e300 AND k <> 1e300", [1, 2, 3]),
        ([1, 2.5, -0.0, 0.0], "k = 0", [-0.0, 0.0]),
        ([1.5, 2.5, -0.0, 0.0], "k IN (0, 1.5)", [1.5, -0.0, 0.0]),
        ([2**53, 2**53 + 1, 2.0**53], "k = 9007199254740993", [2**53 + 1]),
        ([2.0**53, 2.0**53 + 2], "k >= 9007199254740993", [2.0**53 + 2]),
        ([2.0**53, 2.0**53 + 2], "k < 9007199254740993", [2.0**53]),
        ([2.0**53, 2.0**53 + 2], "k IN (9007199254740993)", []),
        ([2.0**53, 2.0**53 + 4], "k > 9007199254740995", [2.0**53 + 4]),
        ([2.0**53, 2.0**53 + 4], "k <= 9007199254740995", [2.0**53]),
        ([2**63 - 1, 2**63, 2**70, -(2**70), 10**400, -(10**400)], "k > 9223372036854775807", [2**63, 2**70, 10**400]),
        ([2**63 - 1, 2**70, 2**70 + 1, 5], "k = 1180591620717411303424", [2**70, 2**70 + 1]),
        ([-(10**400), -5], "k < -1e308", [-(10**400)]),
        ([1.5, float("nan"), float("inf")], "k > 1", [1.5, float("inf")]),
        ([1.5, float("nan")], "k = 1.5 OR NOT k = 1.5", [1.5]),
        ([1.5, "text", float("inf")], "k > 2 OR k <= 2", [1.5, float("inf")]),
    ],
    ids=str,
)
def test_numbers_are_compared_as_the_numbers_they_are(values: list[Any], where: str, expected: list[Any]) -> None:
    assert of(values, where) == expected


def test_nan_is_null() -> None:
    assert found([{"k": float("nan")}, {"k": 1.5}, {}], "k IS NULL") == [0, 2]
    assert found([{"k": float("nan")}, {"k": "text"}, {"k": 1.5}], "k IS NULL") == [0]


@pytest.mark.parametrize(
    ("values", "where", "expected"),
    [
        (["a", "B", "é", "", ...], "k > 'a'", ["é"]),
        (["a", "B", "é", "", ...], "k < 'a'", ["B", ""]),
        (["a", "B", "é", "", ...], "k = ''", [""]),
        (["ab", "AB", "Éa", "éa"], "k LIKE 'a%'", ["ab"]),
        (["ab", "AB", "Éa", "éa"], "k ILIKE 'A%'", ["ab", "AB"]),
        (["ab", "AB", "Éa", "éa"], "k ILIKE 'é_'", ["Éa", "éa"]),
        (["50%", "500", "5_0"], "k LIKE '50!%' ESCAPE '!'", ["50%"]),
        (["50%", "500", "5_0"], "k NOT LIKE '5!_%' ESCAPE '!'", ["50%", "500"]),
        (["a\nb", "ab"], "k LIKE 'a_b'", ["a\nb"]),
        (["2020", 2020, ...], "k = '2020'", ["2020"]),
        (["2020", 2020, ...], "k = 2020", [2020]),
        (["2020", 2020, ...], "NOT k = 2020", []),
        (["2020", 2020, "x", ...], "k IN (2020, 'x')", [2020, "x"]),
        (["2020", 2020, 7, ...], "k NOT IN (2020, 'x')", ["2020", 7]),
        (["2020", 2020, True, ...], "k LIKE '2%'", ["2020"]),
        (["2020", 2020, True, ...], "k NOT LIKE '3%'", ["2020"]),
    ],
    ids=str,
)
def test_texts_are_compared_character_by_character(values: list[Any], where: str, expected: list[Any]) -> None:
    assert of(values, where) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("k", [True]),
        ("NOT k", [False]),
        ("k = TRUE", [True]),
        ("k <> TRUE", [False]),
        ("TRUE = k", [True]),
        ("k IN (FALSE)", [False]),
        ("k IS TRUE", [True]),
        ("k IS NOT TRUE", [False, ...]),
        ("k IS FALSE", [False]),
        ("k IS NOT FALSE", [True, ...]),
        ("k IS NULL", [...]),
        ("k OR k IS NULL", [True, ...]),
        ("NOT (k AND k IS NULL)", [True, False]),
        ("k AND NOT k", []),
    ],
)
def test_booleans_are_true_false_or_unknown(where: str, expected: list[Any]) -> None:
    assert of([True, False, ...], where) == expected


def test_a_number_is_no_boolean() -> None:
    assert of([1, 0, True, False, "true"], "k") == [True]
    assert of([1, 0, True, False, ...], "k IS NOT TRUE") == [1, 0, False, ...]
    assert of([1, 0, True, False], "k = 1") == [1]


@pytest.mark.parametrize(
    "values",
    [
        [date(2024, 1, 30), date(2024, 1, 31), date(2024, 2, 1), date(1, 1, 1), date(9999, 12, 31)],
        [date(2024, 1, 30), date(2024, 1, 31), "31 January", 5, {"a": 1}],
    ],
    ids=["dates", "mixed"],
)
@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("k = DATE '2024-01-31'", lambda day: day == date(2024, 1, 31)),
        ("k <= DATE '2024-01-31'", lambda day: day <= date(2024, 1, 31)),
        ("k IN (DATE '2024-01-31')", lambda day: day == date(2024, 1, 31)),
        ("k < TIMESTAMP '2024-01-31 00:00:01'", lambda day: day <= date(2024, 1, 31)),
        ("k >= TIMESTAMP '2024-01-31 00:00:00'", lambda day: day >= date(2024, 1, 31)),
        ("k > TIMESTAMP '2024-01-30 23:59:59.999999'", lambda day: day >= date(2024, 1, 31)),
        ("k = TIMESTAMP '2024-01-31 02:00:00+02:00'", lambda day: day == date(2024, 1, 31)),
        ("k <> TIMESTAMP '2024-01-31 12:00:00'", lambda day: True),
        ("k IN (TIMESTAMP '2024-01-31 12:00:00')", lambda day: False),
    ],
)
def test_dates_are_compared_with_dates_and_times(values: list[Any], where: str, holds: Any) -> None:
    assert of(values, where) == [value for value in values if type(value) is date and holds(value)]


def test_texts_in_the_form_of_dates_and_times_are_compared_with_a_date() -> None:
    values = [
        "2024-01-30",
        "2024-01-31",
        "2024-01-31T12:00:00Z",
        "2024-01-31 12:00+02:00",
        "2024-02-30",
        "later",
        5,
        ...,
    ]
    assert of(values, "k = DATE '2024-01-31'") == ["2024-01-31"]
    assert of(values, "k >= DATE '2024-01-31'") == values[1:4]
    assert of(values, "NOT k >= DATE '2024-01-31'") == values[:1]
    assert of(values, "k < TIMESTAMP '2024-01-31 11:00'") == [*values[:2], values[3]]
    assert of(values, "k <> DATE '2024-01-31'") == [values[0], *values[2:4]]
    assert of(values, "k IN (DATE '2024-01-30', 'later', 5)") == ["2024-01-30", "later", 5]
    assert of(values, "k NOT IN (DATE '2024-01-30', 'later')") == [*values[1:5]]
    assert of(["2024-01-31"] * 3, "k BETWEEN DATE '2024-01-01' AND DATE '2024-12-31'") == ["2024-01-31"] * 3
    assert of([["2024-01-31", "x"], ["x"]], "DATE '2024-01-31' = ANY(k)") == [["2024-01-31", "x"]]


def test_a_date_may_be_written_as_a_text() -> None:
    days = [date(2024, 1, 30), date(2024, 1, 31)]
    assert of(days, "k >= '2024-01-31'") == days[1:]
    assert of(days, "k BETWEEN '2024-01-01' AND '2024-01-30'") == days[:1]
    assert of(days, "k IN ('2024-01-31', '2020-01-01')") == days[1:]
    assert of([*days, "2024-01-31", "later"], "k = '2024-01-31'") == [days[1], "2024-01-31"]
    assert of([*days, "2024-01-31", "later"], "k = 'later'") == ["later"]


TIMES = [NOON, NOON + timedelta(microseconds=1), NOON.replace(year=1)]
IN_UTC = [time.replace(tzinfo=UTC) for time in TIMES]
ELSEWHERE = [time.astimezone(timezone(timedelta(hours=5.5))) for time in IN_UTC[:2]]


@pytest.mark.parametrize("values", [TIMES, IN_UTC, ELSEWHERE, [TIMES[0], IN_UTC[1], date(2024, 1, 31)]], ids=str)
@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("k = TIMESTAMP '2024-01-31 12:00:00'", lambda time: time == IN_UTC[0]),
        ("k > '2024-01-31T12:00'", lambda time: time > IN_UTC[0]),
        ("k <= '2024-01-31 12:00:00Z'", lambda time: time <= IN_UTC[0]),
        ("k = TIMESTAMP '2024-01-31 13:30:00.000001+01:30'", lambda time: time == IN_UTC[1]),
        ("k >= DATE '2024-01-31'", lambda time: time >= datetime(2024, 1, 31, tzinfo=UTC)),
        ("k <= '2024-01-31'", lambda time: time <= datetime(2024, 1, 31, tzinfo=UTC)),
        (
            "k IN ('2024-01-31 12:00', '2024-01-31')",
            lambda time: time in (IN_UTC[0], datetime(2024, 1, 31, tzinfo=UTC)),
        ),
    ],
)
def test_times_are_moments_in_utc(values: list[Any], where: str, holds: Any) -> None:
    def in_utc(value: date) -> datetime:
        time = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)

    assert of(values, where) == [value for value in values if holds(in_utc(value))]


def test_the_first_and_the_last_moments_can_be_compared() -> None:
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    last = datetime(9999, 12, 31, 23, 59, 59, 999_999, timezone(timedelta(hours=-12)))
    assert of([first, last], "k < '0001-01-01'") == [first]
    assert of([first, last], "k > TIMESTAMP '9999-12-31 23:59:59.999999'") == [last]


@pytest.mark.parametrize(
    ("values", "where", "expected"),
    [
        ([["a", "b"], ["b"], [], ...], "'a' = ANY(k)", [["a", "b"]]),
        ([["a", "b"], ["b"], [], ...], "array_contains(k, 'b')", [["a", "b"], ["b"]]),
        ([["a", "b"], ["b"], [], ...], "NOT 'a' = ANY(k)", [["b"], []]),
        ([["a", "b"], ["b"], [], ...], "k IS NULL", [...]),
        ([["a", "b"], ["b"], [], ...], "k IS NOT NULL", [["a", "b"], ["b"], []]),
        ([[], ...], "'a' = ANY(k)", []),
        ([[], ...], "NOT 'a' = ANY(k)", [[]]),
        ([[1, 2], [3]], "2.0 = ANY(k)", [[1, 2]]),
        ([[1, "1"], ["1"], [1.5, None, True], "1", 1], "1 = ANY(k)", [[1, "1"]]),
        ([[1, "1"], ["1"], [1.5, None, True], "1", 1], "'1' = ANY(k)", [[1, "1"], ["1"]]),
        ([[1, "1"], ["1"], [1.5, None, True], "1", 1], "NOT TRUE = ANY(k)", [[1, "1"], ["1"]]),
        ([[1, "1"], ["1"], [1.5, None, True], "1", 1], "k = 1", [1]),
        ([[["a"]], ["a"]], "'a' = ANY(k)", [["a"]]),
        ([[date(2024, 1, 31)], [date(2024, 1, 30)]], "'2024-01-31' = ANY(k)", [[date(2024, 1, 31)]]),
        ([[NOON], [NOON.replace(hour=1)]], "TIMESTAMP '2024-01-31 01:00' = ANY(k)", [[NOON.replace(hour=1)]]),
        ([[True], [False]], "FALSE = ANY(k)", [[False]]),
        ([[float("nan")], [0.5]], "0.5 = ANY(k)", [[0.5]]),
        ([{"a": 1}, {}, ...], "k IS NOT NULL", [{"a": 1}, {}]),
        ([{"a": 1}, "x", ["x"], ...], "k = 'x' OR 'x' = ANY(k)", ["x", ["x"]]),
        ([{"a": 1}, "x", ["x"], ...], "k <> 'x' OR k IS NULL", [...]),
    ],
    ids=str,
)
def test_lists_hold_values_and_objects_are_only_there(values: list[Any], where: str, expected: list[Any]) -> None:
    assert of(values, where) == expected
