"""Hits: a list, and a table of Arrow or pandas."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, ExtraMissing, Hits, Index


@pytest.fixture
def hits(tmp_path: Path, encoder: CountingEncoder) -> Hits:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add(
        [
            Document("a", "one text", {"n": 1, "day": date(2024, 1, 31), "mixed": [1, "x"], "tags": ["x"]}, source="s"),
            Document("b", "another text", {"n": 2, "mixed": {"k": 1}}),
            Document("c", "a third text"),
        ]
    )
    return index.search("one text", k=3)


def test_they_are_a_list(hits: Hits) -> None:
    assert isinstance(hits, list)
    assert len(hits) == 3
    assert hits[0].document_id == "a"
    assert isinstance(hits[:2], Hits)
    assert hits[:2] == list(hits)[:2]
    assert json.loads(json.dumps(hits.to_dicts())) == [json.loads(json.dumps(hit.to_dict())) for hit in hits]


def test_a_batch_has_hits_for_each_query(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "other", model=encoder)
    assert index.search("x").to_arrow().num_rows == 0
    assert [type(each) for each in index.search(["x", "y"])] == [Hits, Hits]


def test_a_table_of_arrow_has_every_field_and_each_key_of_metadata(hits: Hits) -> None:
    table = hits.to_arrow()
    rows = table.to_pylist()
    fields = [name for name in table.column_names if not name.startswith("metadata.")]
    assert {*fields} == {*hits[0].__slots__} - {"metadata", "explanation", "index"}
    for row, hit in zip(rows, hits, strict=True):
        assert {name: row[name] for name in fields} == {name: getattr(hit, name) for name in fields}
    assert table.column("metadata.n").to_pylist() == [hit.metadata.get("n") for hit in hits]
    assert table.column("metadata.day").to_pylist() == [hit.metadata.get("day") for hit in hits]


def test_a_frame_of_pandas_has_nested_values_as_they_are(hits: Hits) -> None:
    pandas = pytest.importorskip("pandas")
    frame = hits.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["document_id"]) == [hit.document_id for hit in hits]
    assert list(frame["metadata.mixed"])[:1] == [[1, "x"]]
    assert {"k": 1} in list(frame["metadata.mixed"])
    assert list(frame.columns) == hits.to_arrow().column_names


def test_without_pandas_the_command_that_installs_it_is_named(hits: Hits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ExtraMissing, match=r"^to_pandas needs pandas: pip install pandas$"):
        hits.to_pandas()
