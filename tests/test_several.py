"""A search of several indexes finds what one index with all their chunks would, and says where each hit is from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Document, Index, InvalidFilter, InvalidOption, ModelMismatch, search_many

WORDS = ["battery", "camera", "lamp", "reset", "device", "button", "light", "power", "solar", "cell"]


def documents() -> list[Document]:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, rng.integers(2, 30))) for _ in range(120)]
    return [Document(f"d{n:03}", f"{text}\n\n{text[::-1]}", {"n": n, "third": n % 3}) for n, text in enumerate(texts)]


@pytest.fixture
def three(tmp_path: Path, encoder: CountingEncoder) -> list[Index]:
    """Three indexes of unequal size, one with deleted rows."""
    indexes = [Index.create(tmp_path / name, model=encoder) for name in ("a", "b", "c")]
    for document in documents():
        indexes[(document.metadata["n"] % 10) // 4].add([document])
    indexes[1].delete(where={"third": 2})
    return indexes


@pytest.fixture
def whole(three: list[Index], tmp_path: Path, encoder: CountingEncoder) -> Index:
    index = Index.create(tmp_path / "whole", model=encoder)
    for each in three:
        index.add(each)
    return index


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "dense"},
        {"mode": "lexical"},
        {"mode": "dense", "metric": "dot"},
        {"where": {"third": 1}},
        {"per_document": 1, "k": 20},
        {"min_similarity": 0.3},
        {"diversity": 0.4, "collapse": 0.95},
        {"k": 500},
    ],
    ids=str,
)
def test_the_hits_are_those_of_one_index_with_all_chunks(three: list[Index], whole: Index, options: Any) -> None:
    for query in ("solar battery", "reset the device", "lamp"):
        hits = search_many(three, query, **options)
        assert [replace(hit, index=None) for hit in hits] == whole.search(query, **options)
        for hit in hits:
            [index] = [each for each in three if hit.document_id in each]
            assert hit.index == str(index.path)
            assert hit.to_dict()["index"] == hit.index
    assert len(search_many(three, ["a", "b"], 3)) == 2


def test_equal_ids_in_two_indexes_are_two_documents(tmp_path: Path, encoder: CountingEncoder) -> None:
    indexes = [Index.create(tmp_path / name / "index", model=encoder) for name in ("a", "b")]
    for name, index in zip("ab", indexes, strict=True):
        path = write(tmp_path / name / "notes.md", f"the battery of {name}")
        index.sync(path)
    hits = search_many(indexes, "battery", per_document=1)
    assert [hit.document_id for hit in hits] == ["notes.md", "notes.md"]
    assert {hit.source for hit in hits} == {str(tmp_path / name / "notes.md") for name in "ab"}


def test_one_index_is_searched_as_it_is(three: list[Index]) -> None:
    assert search_many(three[:1], "battery") == three[0].search("battery")


def test_indexes_that_cannot_be_searched_as_one_are_refused(three: list[Index], tmp_path: Path) -> None:
    other = Index.create(tmp_path / "other", model=CountingEncoder("another"))
    with pytest.raises(
        ModelMismatch, match=r"holds vectors of counting \(.*other of another .*: search them one by one"
    ):
        search_many([*three, other], "battery")
    dot = Index.create(tmp_path / "dot", model=CountingEncoder(), metric="dot")
    with pytest.raises(InvalidOption, match=r"compares by cosine, .*dot by dot: search them one by one"):
        search_many([*three, dot], "battery")
    with pytest.raises(InvalidOption, match="is given twice: name each index once"):
        search_many([*three, Index.open(three[0].path)], "battery")
    for wrong in ([], three[0], ["a"]):
        with pytest.raises(InvalidOption, match="takes a list of at least one Index"):
            search_many(wrong, "battery")  # type: ignore[arg-type]
    with pytest.raises(InvalidFilter, match="no chunk has"):
        search_many(three, "battery", where="nothing = 1")
