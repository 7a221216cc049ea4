"""What a document says about itself: many keys, much of it, or names that look like ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.test_golden import GoldenEncoder
from vecsearch import Document, Index

CHUNKS = " ".join(f"word{n}" for n in range(400))  # 50 chunks or more


def index_of(folder: Path, documents: list[Document]) -> Index:
    index = Index.create(folder / "index", model=GoldenEncoder(), chunk_tokens=8, overlap=0)
    index.add(documents)
    return index


@pytest.mark.parametrize(
    "metadata",
    [
        {"text": "é€x" * 100_000},
        {f"key {n}": "x" * 10_000 for n in range(300)},
        {"list": [f"element {n}" for n in range(30_000)]},
        {"nested": {f"k{n}": {"v": [n, "x" * 20]} for n in range(8_000)}},
    ],
    ids=["text", "keys", "list", "nested"],
)
def test_cannot_make_an_index_many_times_as_large_as_its_metadata(tmp_path: Path, metadata: dict[str, Any]) -> None:
    plain = index_of(tmp_path / "plain", [Document("a", CHUNKS)]).info().bytes
    index = index_of(tmp_path / "full", [Document("a", CHUNKS, metadata)])
    assert len(index) >= 50
    assert index.info().bytes < plain + 5 * len(repr(metadata).encode())
    [hit] = index.search("word7", k=1)
    assert hit.metadata == metadata


@pytest.mark.parametrize("of_one", [True, False], ids=["of one document", "of one key each"])
def test_cannot_add_a_column_for_each_of_its_keys(tmp_path: Path, *, of_one: bool) -> None:
    n = 2_000
    many: list[dict[str, Any]] = [{f"key {i}": i for i in range(n)}] if of_one else [{f"key {i}": i} for i in range(n)]
    index = index_of(tmp_path, [Document(str(i), f"text {i}", metadata) for i, metadata in enumerate(many)])
    [part] = index.session().parts
    assert len(part.segment.table.column_names) < 300
    assert index.info().bytes < 7_000_000  # each a column: 30 MB
    for i in (0, 700, n - 1):
        [hit] = index.search("text", where=f'"key {i}" = {i}')
        assert hit.metadata[f"key {i}"] == i


@pytest.mark.parametrize(
    "value",
    [
        {"vecsearch:date": "not a date"},
        {"vecsearch:time": "9999999"},
        {"vecsearch:decimal": "x"},
        {"vecsearch:date": "2020-01-01", "other": 1},
        [{"vecsearch:object": [["a", 1]]}],
    ],
    ids=str,
)
def test_cannot_break_searches_by_keys_that_look_like_those_of_an_index(tmp_path: Path, value: Any) -> None:
    index = index_of(tmp_path, [Document("a", "a cat", {"k": value}), Document("b", "a dog", {"k": 1})])
    assert [hit.metadata["k"] for hit in sorted(index.search("cat"), key=lambda hit: hit.document_id)] == [value, 1]
    assert [hit.document_id for hit in index.search("cat", where="k = 1")] == ["b"]
    index.compact()
    assert index.get(["a"])[0].metadata == {"k": value}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (Document("i" * 10_001, "a cat"), r"its id has 10,001 characters, expected at most 10,000"),
        (
            Document("a", "a cat", source="s" * 1_000_000),
            r"its source has 1,000,000 characters, expected at most 10,000",
        ),
        (Document("a", "a cat", {"k": "x" * 16_000_000}), r"its metadata has 16,0.* characters .* at most 16,000,000"),
        (Document("a", "a cat", {f"k{n}": ["y" * 1_000] * 10 for n in range(1_600)}), r"its metadata has 16,0"),
    ],
    ids=["id", "source", "text", "lists"],
)
def test_cannot_have_a_name_or_metadata_of_any_size(tmp_path: Path, document: Document, reason: str) -> None:
    index = Index.create(tmp_path / "index", model=GoldenEncoder())
    report = index.add([document, Document("b", "a dog", source="s" * 10_000)])
    [failure] = report.failed
    assert re.search(reason, failure.reason)
    assert len(failure.source) < 300
    assert index.document_ids() == ["b"]
