"""Values of metadata as programs have them become plain values, without loss, or are refused in one line."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, IntEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index
from vecsearch.errors import InvalidDocument
from vecsearch.storage.metadata_values import check_metadata


class Colour(Enum):
    RED = "red"
    RGB = (255, 0, 0)


class Word(str, Enum):
    YES = "yes"


class Number(IntEnum):
    ONE = 1


class Access(Flag):
    READ = 4


class Text(str):
    __slots__ = ()


class Day(date):
    pass


class Moment(datetime):
    pass


MOMENT = datetime(2024, 5, 31, 12, 30, 15, 123456)
ZONE = timezone(timedelta(hours=2))
KINDS = [
    (np.int64(-7), -7),
    (np.uint8(200), 200),
    (np.float32(0.1), float(np.float32(0.1))),
    (np.float64(0.5), 0.5),
    (np.bool_(True), True),
    (np.str_("a"), "a"),
    (np.datetime64("2024-05-31"), date(2024, 5, 31)),
    (np.datetime64("2024-05"), date(2024, 5, 1)),
    (np.datetime64("2024-05-31T12:30:15.123456"), MOMENT),
    (np.datetime64("2024-05-31T12:30:15.123456000"), MOMENT),
    (np.datetime64("2024-05-31T12"), datetime(2024, 5, 31, 12)),
    (np.array([1, 2]), [1, 2]),
    (np.array([[1.5], [2.5]]), [[1.5], [2.5]]),
    (np.array(["a", "b"]), ["a", "b"]),
    (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (Decimal("19.90"), Decimal("19.90")),
    (Colour.RED, "red"),
    (Colour.RGB, [255, 0, 0]),
    (Word.YES, "yes"),
    (Number.ONE, 1),
    (Access.READ, 4),
    (Text("text"), "text"),
    (Day(2024, 5, 31), date(2024, 5, 31)),
    (Moment(2024, 5, 31, 12, 30, 15, 123456, ZONE), MOMENT.replace(tzinfo=ZONE)),
    ((1, ("a", Number.ONE)), [1, ["a", 1]]),
    (MappingProxyType({"n": np.int8(1), "d": [Decimal("0.10")]}), {"n": 1, "d": [Decimal("0.10")]}),
]


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types inside too."""
    if isinstance(one, (list, dict)):
        return repr(one) == repr(other)
    return type(one) is type(other) and one == other and str(one) == str(other)


@pytest.mark.parametrize(("value", "plain"), KINDS)
def test_a_value_becomes_plain_and_comes_back_from_an_index(value: Any, plain: Any, tmp_path: Any) -> None:
    assert same(check_metadata({"k": value})["k"], plain)
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    documents = [Document("a", "text", {"k": value}), Document("b", "text", {"k": "another type"})]
    assert index.add(documents[:1]).added == 1
    [hit] = index.search("text", mode="lexical")
    assert same(hit.metadata["k"], plain)
    index.add(documents)  # now the key has two types
    assert same(next(hit for hit in index.search("text") if hit.document_id == "a").metadata["k"], plain)


def test_what_pandas_has_in_its_rows_is_stored(tmp_path: Any) -> None:
    pandas = pytest.importorskip("pandas")
    values = {
        "time": pandas.Timestamp("2024-05-31 12:30:15.123456", tz="UTC"),
        "none": pandas.NaT,
        "missing": pandas.NA,
        "number": pandas.Series([1, 2]).iloc[0],
    }
    plain = check_metadata(values)
    assert plain == {"time": MOMENT.replace(tzinfo=timezone.utc), "none": None, "missing": None, "number": 1}
    assert [type(value) for value in plain.values()] == [datetime, type(None), type(None), int]


@pytest.mark.parametrize("value", [np.datetime64("NaT"), None])
def test_what_is_no_value_is_absent(value: Any) -> None:
    assert check_metadata({"k": value}) == {"k": None}


NESTED: list[Any] = []
NESTED.append(NESTED)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.datetime64("2024-05-31T12:30:15.123456789"), "'k' is .*, with nanoseconds: round it to microseconds"),
        (np.datetime64("12024-05-31"), "outside the years 1 to 9999"),
        (np.complex64(1), "'k' is complex64, expected str"),
        (np.bytes_(b"a"), "'k' is bytes"),
        (np.timedelta64(1), "'k' is timedelta64"),
        (np.array(1), "'k' is ndarray"),
        (np.array([b"a"]), "'k' is bytes"),
        (timedelta(1), "'k' is timedelta, expected str, int"),
        (object(), "'k' is object, expected .* UUID, Enum, a numpy scalar, or a list or dict of these"),
        ({"inner": {1, 2}}, "'inner' is set"),
        (NESTED, "nested too deep"),
    ],
)
def test_what_would_lose_something_is_refused_in_one_line(value: Any, said: str) -> None:
    with pytest.raises(InvalidDocument, match=said) as raised:
        check_metadata({"k": value})
    assert "\n" not in str(raised.value)


def test_timestamps_of_pandas_with_nanoseconds_are_refused() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InvalidDocument, match="with nanoseconds: round it"):
        check_metadata({"k": pandas.Timestamp(1)})


def test_the_digest_of_plain_metadata_is_what_it_was(tmp_path: Any, encoder: CountingEncoder) -> None:
    """Nothing is encoded again because values of other types are taken too."""
    index = Index.create(tmp_path / "index", model=encoder)
    metadata = {"a": 1, "b": [1, "x"], "c": {"d": date(2024, 1, 1)}, "e": (1, 2)}
    index.add([Document("a", "text", metadata)])
    [digest] = index.session().parts[0].segment.table.column("content").to_pylist()
    assert digest.hex() == "7ae700964d3277be96a12090c62bef56"
