from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.storage.ann.entry import PQ4, AnnEntry, parse_ann_entry

ENTRY = AnnEntry(kind=PQ4, floor=0.99, recall=0.993, sample=512, parameters={"10": 80, "30": 150, "100": 400})


def test_an_entry_comes_back_from_json_as_it_was():
    assert parse_ann_entry(json.loads(json.dumps(asdict(ENTRY)))) == ENTRY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "hnsw"),
        ("kind", None),
        ("floor", 1),
        ("floor", 0.0),
        ("floor", 1.5),
        ("floor", float("nan")),
        ("recall", "high"),
        ("recall", -0.1),
        ("recall", float("inf")),
        ("sample", 0),
        ("sample", True),
        ("sample", 2.0),
        ("parameters", {}),
        ("parameters", [10]),
        ("parameters", None),
        ("parameters", {"10": 9}),
        ("parameters", {"10": -80}),
        ("parameters", {"10": 80.0}),
        ("parameters", {"10": None}),
        ("parameters", {"": 80}),
        ("parameters", {"0": 80}),
        ("parameters", {"-5": 80}),
        ("parameters", {"1e3": 8000}),
        ("parameters", {"٣": 80}),
        ("parameters", {"²": 80}),
        ("parameters", {"9" * 5000: 80}),
    ],
)
def test_what_was_never_written_is_refused(name, value):
    with pytest.raises((TypeError, ValueError), match=r"AnnEntry\."):
        parse_ann_entry({**asdict(ENTRY), name: value})


@pytest.mark.parametrize("name", ["kind", "floor", "recall", "sample", "parameters"])
def test_a_field_that_is_missing_is_refused(name):
    with pytest.raises(KeyError, match=name):
        parse_ann_entry({key: value for key, value in asdict(ENTRY).items() if key != name})


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.fixed_dictionaries(dict.fromkeys(asdict(ENTRY), JSON)) | JSON)
def test_any_json_is_an_entry_or_an_error_that_is_expected(content):
    with pytest.raises((KeyError, TypeError, ValueError)):
        parse_ann_entry(content)


@pytest.mark.parametrize(
    ("fetch", "candidates"),
    [(1, 80), (10, 80), (11, 88), (29, 232), (30, 150), (31, 155), (100, 400), (101, None), (10**9, None)],
)
def test_between_measured_numbers_the_one_that_needs_more_decides(fetch, candidates):
    assert ENTRY.candidates(fetch) == candidates


@given(st.dictionaries(st.integers(1, 2000).map(str), st.integers(1, 50), min_size=1, max_size=5), st.integers(1, 2500))
def test_no_fewer_rows_are_found_than_are_asked_for(times, fetch):
    entry = AnnEntry(kind=PQ4, floor=0.9, recall=0.9, sample=1, parameters={n: int(n) * times[n] for n in times})
    found = entry.candidates(fetch)
    assert (found is None) == (fetch > max(map(int, times)))
    assert found is None or found >= fetch
