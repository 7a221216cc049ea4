"""Hits as JSON: whatever metadata holds, any parser reads it."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index
from vecsearch.types import json_safe

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    max_leaves=8,
)


def strict(value: object) -> object:
    """The value after a way through JSON as RFC 8259 has it, without NaN."""
    return json.loads(json.dumps(value, allow_nan=False))


@given(VALUES)
def test_what_is_json_safe_comes_back_from_json_as_it_was(value: object) -> None:
    safe = json_safe(value)
    assert strict(safe) == safe


def test_dates_and_numbers_that_json_lacks_are_written_as_people_expect() -> None:
    moment = datetime(2024, 5, 1, 12, 30, tzinfo=timezone.utc)
    assert json_safe([float("nan"), float("-inf"), 0.5, date(2024, 5, 1), moment, (1, True), {2: None}]) == [
        *(None, None, 0.5, "2024-05-01", "2024-05-01T12:30:00+00:00"),
        *([1, True], {"2": None}),
    ]


def test_a_hit_is_json_with_the_keys_of_its_fields(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document("a", "red house", {"when": date(2024, 5, 1), "size": float("nan"), "tags": ["x"]})])
    [hit] = index.search("red")
    shown = hit.to_dict()
    assert strict(shown) == shown
    assert shown["metadata"] == {"when": "2024-05-01", "size": None, "tags": ["x"]}
    assert {name: shown[name] for name in ("text", "document_id", "chunk_id", "start", "end", "page")} == {
        **{"text": "red house", "document_id": "a", "chunk_id": "a#0"},
        **{"start": 0, "end": 9, "page": None},
    }
    assert "explanation" not in shown
    [explained] = index.search("red", explain=True)
    assert strict(explained.to_dict()["explanation"])["words"] == [[0, 3]]
    [ranked] = index.rank("red")
    assert ranked.to_dict() == {name: shown[name] for name in ("score", "similarity", "document_id", "chunk_id")}
