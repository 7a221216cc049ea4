"""What `Index.search` promises for equal scores: document id, then place, whatever segments they lie in."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index


def build(path: Path, encoder: CountingEncoder, batches: list[list[Document]]) -> Index:
    index = Index.create(path, model=encoder, chunk_tokens=8)
    for batch in batches:
        index.add(batch)
    return index


@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("k", [1, 10, 37, 499, 500, 1000])
def test_of_equal_chunks_the_first_by_document_id_are_the_answer(
    tmp_path: Path, encoder: CountingEncoder, metric: str, k: int
) -> None:
    names = [f"{i:03}" for i in range(500)]
    shuffled = random.Random(3).sample(names, 500)
    index = build(tmp_path / "index", encoder, [[Document(name, "the same words") for name in shuffled]])
    hits = index.search("the same question", k=k, metric=metric)
    assert [hit.document_id for hit in hits] == names[:k]
    assert len({hit.score for hit in hits}) == 1


def test_equal_chunks_of_one_document_stand_in_their_order(tmp_path: Path, encoder: CountingEncoder) -> None:
    text = " ".join(["one two three four five six seven eight"] * 40)
    index = build(tmp_path / "index", encoder, [[Document("a", text)]])
    assert len(index) == 40
    assert [hit.start for hit in index.search("one", k=12)] == [i * 40 for i in range(12)]


def test_equal_chunks_of_several_documents_stand_document_by_document(tmp_path: Path, encoder: CountingEncoder) -> None:
    text = " ".join(["one two three four five six seven eight"] * 3)
    index = build(tmp_path / "index", encoder, [[Document("b", text)], [Document("a", text)]])
    found = [hit.chunk_id for hit in index.search("one", k=5)]
    assert found == ["a#0", "a#1", "a#2", "b#0", "b#1"]
    assert [hit.chunk_id for hit in index.search("one", k=5, per_document=2)] == ["a#0", "a#1", "b#0", "b#1"]


@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_the_answer_does_not_depend_on_segments_or_order(
    tmp_path: Path, encoder: CountingEncoder, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vecsearch.storage.merge_policy, "to_rewrite", lambda sizes, added: [])
    chooser = random.Random(5)
    texts = ["red green", "green red", "red", "blue", "blue blue", "green blue red"]
    documents = [Document(f"{i:03}", chooser.choice(texts)) for i in range(240)]
    shuffled = chooser.sample(documents, len(documents))
    extra = [Document(f"x{i:03}", chooser.choice(texts)) for i in range(60)]
    one = build(tmp_path / "one", encoder, [documents])
    many = build(
        tmp_path / "many", encoder, [shuffled[i : i + 40] + extra[i // 4 : i // 4 + 10] for i in range(0, 240, 40)]
    )
    many.delete(document.id for document in extra)
    assert many.info().segments == 6
    assert one.info().segments == 1
    for query in ("red", "blue green", "something else"):
        for k in (1, 5, 20, 120, 240):
            for per_document in (None, 1):
                answers = [index.search(query, k=k, metric=metric, per_document=per_document) for index in (one, many)]
                assert answers[0] == answers[1]
                assert len(answers[0]) == k


def test_deleted_twins_make_no_answer_shorter(tmp_path: Path, encoder: CountingEncoder) -> None:
    documents = [Document(f"{i:03}", "the same words") for i in range(300)]
    index = build(tmp_path / "index", encoder, [documents[:150], documents[150:]])
    index.delete(f"{i:03}" for i in range(0, 290))
    assert [hit.document_id for hit in index.search("the same words", k=20)] == [f"{i:03}" for i in range(290, 300)]
