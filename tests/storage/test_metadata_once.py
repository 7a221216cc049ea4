"""The metadata of a document is stored once; whatever is done to an index, it is that of all its chunks."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.examples import examples
from tests.test_golden import GOLDEN, GoldenEncoder
from vecsearch import Document, Index
from vecsearch.analysis import find_clusters
from vecsearch.errors import IndexDamaged, InvalidFilter, InvalidOption
from vecsearch.storage.columns import join_tables
from vecsearch.storage.document_values import Documents, alone, for_each_document, marked, of_documents
from vecsearch.storage.typed_columns import from_json, to_json

WORDS = "cat dog bird ship lamp button battery morning night fire ball ten".split()  # noqa: SIM905
VALUES: dict[str, list[Any]] = {
    "year": [1999, 2020, 2021, 2.5, "old"],
    "tags": [["a"], ["a", "b"], [], [1, "x"]],
    "lang": ["en", "de", ""],
    "deep": [{"a": 1}, {"a": {"b": "x"}}],
}
CONDITIONS = [
    ("year >= 2020", lambda m: isinstance(m.get("year"), (int, float)) and m["year"] >= 2020),
    ("year = 'old' OR lang = 'en'", lambda m: m.get("year") == "old" or m.get("lang") == "en"),
    ("NOT lang = 'en'", lambda m: "lang" in m and m["lang"] != "en"),
    ("lang IS NULL AND line = 1", lambda m: "lang" not in m),
    ("'a' = ANY(tags)", lambda m: "a" in m.get("tags", [])),
    ("deep.a = 1", lambda m: m.get("deep") == {"a": 1}),
    ("lang = 'de' AND text LIKE '%cat%'", None),
]
METADATA = st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in VALUES.items()})
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=40).map(" ".join)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.tuples(st.integers(0, 6), TEXT, METADATA), min_size=1, max_size=3)),
        st.tuples(st.just("delete"), st.integers(0, 6)),
        st.tuples(st.just("update"), st.dictionaries(st.integers(0, 6).map(str), METADATA, min_size=1, max_size=2)),
        st.tuples(st.just("compact"), st.none()),
        st.tuples(st.just("export"), st.none()),
    ),
    min_size=2,
    max_size=7,
)


def run(index: Index, held: dict[str, Document], step: tuple[str, Any]) -> Index:
    """Do a step to an index, and to a dict of what it is to hold."""
    match step:
        case "add", rows:
            documents = {str(n): Document(str(n), text, metadata) for n, text, metadata in rows}
            index.add(list(documents.values()))
            held.update(documents)
        case "delete", n:
            index.delete([str(n)])
            held.pop(str(n), None)
        case "update", changes:
            index.update_metadata(changes)
            for name in changes.keys() & held.keys():
                old = held[name]
                held[name] = Document(name, old.text, {**old.metadata, **changes[name]})
        case "compact", _:
            index.compact()
        case "export", _ if held:
            file = index.path.with_suffix(".parquet")
            index.export(file)
            shutil.rmtree(index.path)
            Index.from_export(file, index.path)
            return Index.open(index.path, model=GoldenEncoder())
    return index


def check(index: Index, held: dict[str, Document]) -> None:
    everything = index.search("cat", k=10_000, mode="dense")
    chunks = dict.fromkeys(held, 0)
    for hit in everything:
        chunks[hit.document_id] += 1
        assert hit.metadata == held[hit.document_id].metadata
    assert all(chunks.values())
    for where, expected in CONDITIONS:
        names = set().union(*(document.metadata for document in held.values()))
        if not {"year", "tags", "lang", "deep"} <= names:
            break
        found = {hit.chunk_id for hit in index.search("cat", k=10_000, mode="dense", where=where)}
        matching = {
            hit.chunk_id
            for hit in everything
            if (expected(hit.metadata) if expected else hit.metadata.get("lang") == "de" and "cat" in hit.text)
        }
        if "line" in where:
            matching = {hit.chunk_id for hit in everything if hit.chunk_id in matching and hit.line == 1}
        assert found == matching, where
    assert index.verify().ok


BASE = [
    Document("base", "cat dog bird ship lamp button battery cat " * 3, {"year": 2020, "tags": ["a"], "lang": "en"}),
    Document("deep", "cat night fire", {"deep": {"a": 1}, "lang": "de"}),
    Document("odd", "morning cat ten", {"deep": {"a": {"b": "x"}}, "year": "old", "tags": [1, "x"]}),
]


@pytest.mark.parametrize("most", [0, 2, 256], ids="{} columns".format)
@settings(deadline=None, max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_metadata_is_that_of_a_dict_after_any_steps(
    tmp_path_factory: pytest.TempPathFactory, most: int, steps: list[Any]
) -> None:
    with patch("vecsearch.storage.columns.MOST_COLUMNS", most):
        check_steps(tmp_path_factory, steps)


def check_steps(tmp_path_factory: pytest.TempPathFactory, steps: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("steps")
    index = Index.create(folder / "index", model=GoldenEncoder(), chunk_tokens=8, overlap=1)
    held = {document.id: document for document in BASE}
    index.add(BASE)
    for step in steps:
        index = run(index, held, step)
    check(index, held)


def test_an_index_of_format_1_is_merged_with_what_is_added(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "format-1" / "index", tmp_path / "index")
    index = Index.open(tmp_path / "index", model=GoldenEncoder())
    before = {hit.chunk_id: hit.metadata for hit in index.search("cat", k=100)}
    index.add([Document("new", "A new document of several words that are more than one chunk.", {"legs": "many"})])
    after = {hit.chunk_id: hit.metadata for hit in index.search("cat", k=100)}
    assert {name: after[name] for name in before} == before
    assert {hit.document_id for hit in index.search("cat", where="legs = 4", k=100)} == {"cats", "dogs"}
    assert {hit.document_id for hit in index.search("cat", where="legs = 'many'", k=100)} == {"new"}
    index.compact()
    assert {hit.chunk_id: hit.metadata for hit in index.search("cat", k=100)} == after
    [part] = index.session().parts
    assert part.segment.is_of_documents("metadata.legs")


@pytest.mark.parametrize("most", [0, 256], ids="{} columns".format)
def test_clusters_are_of_chunks_and_stay_so_when_metadata_changes(
    tmp_path: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vecsearch.storage.columns.MOST_COLUMNS", most)
    index = Index.create(tmp_path / "index", model=GoldenEncoder(), chunk_tokens=8, overlap=0)
    index.add([Document(str(n), " ".join((WORDS[n:] + WORDS[:n]) * 3), {"n": n}) for n in range(8)])
    find_clusters(index, n=3, write_to="group")
    before = {hit.chunk_id: hit.metadata for hit in index.search("cat", k=100)}
    assert len({metadata["group"] for name, metadata in before.items() if name.startswith("0#")}) > 1
    index.update_metadata({"0": {"n": 100}, "1": {"group": 7}})
    after = {hit.chunk_id: hit.metadata for hit in index.search("cat", k=100)}
    expected = {
        name: {**metadata, **({"n": 100} if name[0] == "0" else {"group": 7} if name[0] == "1" else {})}
        for name, metadata in before.items()
    }
    assert after == expected
    version = index.info().version
    index.update_metadata({"1": {"group": 7}})
    assert index.info().version == version
    index.compact()
    assert {hit.chunk_id: hit.metadata for hit in index.search("cat", k=100)} == expected


def test_an_export_has_the_metadata_of_its_document_in_each_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vecsearch.upkeep.exporting._BYTES_AT_ONCE", 40)
    index = Index.create(tmp_path / "index", model=GoldenEncoder(), chunk_tokens=8, overlap=1)
    index.add([Document(str(n), " ".join(WORDS * 3), {"name": f"name {n}", "tags": [f"tag {n}"]}) for n in range(3)])
    index.delete(["1"])
    index.export(tmp_path / "out.parquet")
    assert pq.ParquetFile(tmp_path / "out.parquet").num_row_groups > 2
    table = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert len(table) == len(index) > 4
    assert all(row["metadata.name"] == f"name {row['document_id']}" for row in table)
    assert all(row["metadata.tags"] == [f"tag {row['document_id']}"] for row in table)


def rows(ordinals: list[int], **columns: Any) -> pa.Table:
    return pa.table({"ordinal": pa.array(ordinals, pa.int32()), **columns})


@pytest.mark.parametrize(
    ("values", "once"),
    [
        ([1, 1, 2, 2, 2], True),
        ([1, 1, 2, 2, 3], False),
        (["a", None, None, None, None], False),
        ([None, None, "x", "x", "x"], True),
        ([[1], [1], [2], [2], [2]], True),
        ([[1], [1], [2], [2], None], False),
        ([float("nan"), float("nan"), 1.0, 1.0, 1.0], True),
        ([float("nan"), None, 1.0, 1.0, 1.0], False),
        ([True, True, False, False, False], True),
        ([None] * 5, True),
    ],
    ids=str,
)
def test_a_column_is_of_documents_where_their_chunks_do_not_differ(values: list[Any], once: bool) -> None:
    table = rows([0, 1, 0, 1, 2], **{"metadata.k": pa.array(values)})
    stored = for_each_document(table)
    assert of_documents(stored.schema.field("metadata.k")) is once
    back = alone(stored, Documents.of(stored), np.arange(5)).column("metadata.k").to_pylist()
    assert list(map(repr, back)) == list(map(repr, values))


def test_a_column_of_documents_joins_one_of_chunks_as_one_of_chunks() -> None:
    once = rows([0, 1], **{"metadata.k": pa.array([5, None])})
    once = pa.table(once.columns, schema=pa.schema([once.schema.field(0), marked(once.schema.field(1))]))
    each = rows([0, 1, 0], **{"metadata.k": pa.array([1, 2, 3])})
    joined = join_tables([once, each])
    assert joined.column("metadata.k").to_pylist() == [5, 5, 1, 2, 3]
    assert not of_documents(joined.schema.field("metadata.k"))


@pytest.mark.parametrize("ordinals", [[1, 2], [1, 0], [5]])
def test_rows_that_begin_within_a_document_are_damaged(ordinals: list[int]) -> None:
    with pytest.raises(IndexDamaged, match="first chunk"):
        Documents.of(rows(ordinals))


def test_the_rarer_keys_of_many_are_found_shown_changed_and_replaced(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=GoldenEncoder())
    documents = [Document(str(n), f"cat {n}", {f"key {n}": n, "all": n, "o": {f"in {n}": [n]}}) for n in range(600)]
    index.add(documents[:300])
    index.add(documents[300:])
    [part] = index.session().parts
    assert len(part.segment.table.column_names) < 300
    hits = index.search("cat", k=1000)
    assert {hit.document_id: hit.metadata for hit in hits} == {each.id: each.metadata for each in documents}
    for n in (0, 1, 299, 300, 599):
        assert [hit.document_id for hit in index.search("cat", where=f'"key {n}" >= {n}')] == [str(n)]
        assert [hit.document_id for hit in index.search("cat", where=f'"key {n}" IS NOT NULL AND "all" = {n}')] == [
            str(n)
        ]
        assert [hit.document_id for hit in index.search("cat", where=f'{n} = ANY(o."in {n}")')] == [str(n)]
    with pytest.raises(InvalidFilter, match="did you mean"):
        index.search("cat", where='"key_599" = 1')
    index.update_metadata({"599": {"key 599": None, "key 0": "x"}, "0": {"key 0": 5}})
    [changed] = index.get(["599"])
    assert changed.metadata == {"all": 599, "o": {"in 599": [599]}, "key 0": "x"}
    with pytest.raises(InvalidOption, match="already have metadata under key 598"):
        find_clusters(index, n=3, write_to="key 598")
    find_clusters(index, n=3, write_to="key 598", overwrite=True)
    assert all(hit.metadata["key 598"] in (1, 2, 3) for hit in index.search("cat", k=1000))
    assert index.verify().ok


@pytest.mark.parametrize(
    "value",
    [
        {"vecsearch:date": "2020-01-01"},
        {"vecsearch:date": "soon"},
        {"vecsearch:time": "x"},
        {"vecsearch:decimal": "1"},
        {"vecsearch:object": [["a", 1]]},
        [{"vecsearch:date": {"vecsearch:date": "x"}}, "vecsearch:date"],
        {"vecsearch:date": "x", "b": 1},
        {"a": [date(2020, 1, 1), {"vecsearch:date": date(2020, 1, 1)}]},
    ],
    ids=str,
)
def test_objects_that_look_like_our_own_marks_come_back_as_they_are(value: Any) -> None:
    assert from_json(to_json(value)) == value
