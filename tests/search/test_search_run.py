"""What `Index.search` promises: the k best by exact score, the same answer however the index came to be."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vecsearch.ingest.run
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.oracle import assert_answers, brute_force
from vecsearch import Document, Index, InvalidOption, InvalidQuery, InvalidVector

WORDS = [f"word{i}" for i in range(60)]


class Library:
    """An index of random documents in many segments, some deleted, with what is in it."""

    def __init__(self, path: Path, encoder: CountingEncoder) -> None:
        chooser = random.Random(7)
        self.encoder = encoder
        self.index = Index.create(path, model=encoder, chunk_tokens=8)
        self.documents = {
            f"d{i:03}": " ".join(chooser.choice(WORDS) for _ in range(chooser.randint(1, 40))) for i in range(160)
        }
        self.index.add(Document(*item) for item in self.documents.items())
        for identifier in chooser.sample(sorted(self.documents), 60):
            del self.documents[identifier]
        self.index.delete(f"d{i:03}" for i in range(160) if f"d{i:03}" not in self.documents)
        hits = self.index.search(encoder.vector("any"), k=100_000)
        self.chunks = {
            (hit.document_id, int(hit.chunk_id.rpartition("#")[2])): encoder.vector(hit.text) for hit in hits
        }
        self.pieces = {(hit.document_id, hit.start, hit.end): hit.text for hit in hits}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 10)
        patch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 30)
        patch.setattr(vecsearch.storage.merge_policy, "to_rewrite", lambda sizes, added: [])  # many segments
        return Library(tmp_path_factory.mktemp("library") / "index", CountingEncoder())


def test_the_library_is_what_the_tests_below_need(library: Library) -> None:
    assert library.index.info().segments >= 8
    assert library.index.info().deleted > 50
    for (identifier, start, end), text in library.pieces.items():
        assert library.documents[identifier][start:end] == text
    for identifier, text in library.documents.items():
        found = " ".join(piece for (owner, *_), piece in sorted(library.pieces.items()) if owner == identifier)
        assert found == text


@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("k", [1, 3, 10, 77, 200, 100_000])
def test_the_answer_is_that_of_brute_force(library: Library, metric: str, k: int) -> None:
    for seed in range(6):
        query = np.random.default_rng(seed).standard_normal(32).astype(np.float32) * 3
        expected = brute_force(library.chunks, query, k, metric)
        assert_answers(library.index.search(query, k=k, metric=metric), expected)


@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_min_similarity_leaves_out_exactly_what_scores_less(library: Library, metric: str) -> None:
    query = library.encoder.vector("word1 word2 word3")
    scores = [item.score for item in brute_force(library.chunks, query, 1000, metric)]
    for floor in (scores[4] - 1e-4, scores[50] - 1e-4, 0.0, -1e6, scores[0] + 1):
        expected = brute_force(library.chunks, query, 60, metric, min_similarity=floor)
        assert_answers(library.index.search(query, k=60, metric=metric, min_similarity=floor), expected)


@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("per_document", [1, 2, 100])
@pytest.mark.parametrize("k", [1, 5, 60, 1000])
def test_per_document_bounds_the_hits_of_a_document_and_k_still_means_k(
    library: Library, metric: str, per_document: int, k: int
) -> None:
    query = library.encoder.vector("word4 word5")
    expected = brute_force(library.chunks, query, k, metric, per_document=per_document)
    assert_answers(library.index.search(query, k=k, metric=metric, per_document=per_document), expected)


def test_many_queries_at_once_answer_as_one_by_one(library: Library) -> None:
    queries = [f"{word} {word}" for word in WORDS[:20]]
    for options in ({}, {"metric": "dot"}, {"per_document": 1}, {"min_similarity": 0.5}):
        together = library.index.search(queries, k=7, **options)  # type: ignore[call-overload]
        assert together == [library.index.search(query, k=7, **options) for query in queries]  # type: ignore[call-overload]


def test_a_vector_answers_as_the_text_it_was_made_from(library: Library) -> None:
    vector = library.encoder.vector("word1 word9")
    expected = library.index.search("word1 word9", mode="dense")
    assert library.index.search(vector) == expected
    assert library.index.search(vector[None]) == [expected]
    assert library.index.search(np.stack([vector, vector])) == [expected, expected]
    assert library.index.search(vector.astype(np.float64)) == expected


def test_cosine_does_not_depend_on_the_length_of_the_query_and_dot_does(library: Library) -> None:
    vector = library.encoder.vector("word1 word9")
    short, long = library.index.search(vector), library.index.search(vector * 8)
    assert [(hit.chunk_id, hit.score) for hit in short] == [(hit.chunk_id, hit.score) for hit in long]
    short, long = library.index.search(vector, metric="dot"), library.index.search(vector * 8, metric="dot")
    np.testing.assert_allclose([hit.score * 8 for hit in short], [hit.score for hit in long], rtol=1e-6)


def test_scores_are_cosines_and_stand_in_descending_order(library: Library) -> None:
    for word in WORDS[:10]:
        hits = library.index.search(word, k=1000, mode="dense")
        assert len(hits) == len(library.chunks)
        assert all(-1 <= hit.score <= 1 and hit.similarity == hit.score for hit in hits)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_text_is_nearest_to_itself_with_a_cosine_of_one(library: Library) -> None:
    for (identifier, start, _), text in list(library.pieces.items())[:20]:
        best = library.index.search(text, k=1)[0]
        assert best.score == pytest.approx(1, abs=1e-6)
        assert sorted(best.text.split()) == sorted(text.split()), (identifier, start)


@pytest.fixture
def empty(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return Index.create(tmp_path / "index", model=encoder)


def test_an_empty_index_answers_with_nothing(empty: Index) -> None:
    assert empty.search("question") == []
    assert empty.search(["one", "two"]) == [[], []]
    assert empty.search(np.ones(32, np.float32), metric="dot", per_document=1, min_similarity=0.5) == []


def test_no_query_has_no_answer(library: Library) -> None:
    assert library.index.search([]) == []
    assert library.index.search(np.empty((0, 32), np.float32)) == []


@pytest.mark.parametrize(
    "query", ["", "  \n", ["fine", " "], "half a pair \ud83d", None, 5, [1.0, 2.0], [None], b"bytes"]
)
def test_what_is_no_query_is_refused(library: Library, query: Any) -> None:
    with pytest.raises(InvalidQuery):
        library.index.search(query)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (np.ones(31, np.float32), "32"),
        (np.ones((2, 33), np.float32), "32"),
        (np.ones((1, 1, 32), np.float32), "shape"),
        (np.array(1.0), "shape"),
        (np.full(32, np.nan, np.float32), "query 0 holds NaN"),
        (np.stack([np.ones(32), np.full(32, np.inf)]), "query 1 holds NaN or infinity"),
        (np.zeros(32, np.float32), "query 0 is zero"),
        (np.array(["a"] * 32), "numbers"),
    ],
)
def test_what_is_no_vector_is_refused(library: Library, query: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidVector, match=message):
        library.index.search(query)


@pytest.mark.parametrize(
    "options",
    [
        {"k": 0},
        {"k": -1},
        {"k": 2.5},
        {"k": "3"},
        {"k": None},
        {"per_document": 0},
        {"per_document": 1.5},
        {"min_similarity": float("nan")},
        {"min_similarity": "0.5"},
        {"mode": "magic"},
        {"mode": 5},
        {"metric": "euclid"},
        {"metric": 5},
    ],
    ids=str,
)
def test_an_option_outside_its_range_is_refused_by_name(library: Library, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match=f"{next(iter(options))} is"):
        library.index.search("word1", **options)


def test_a_number_of_numpy_is_a_number(library: Library) -> None:
    expected = library.index.search("word1", k=3, per_document=2)
    assert library.index.search("word1", k=np.int64(3), per_document=np.int32(2)) == expected  # type: ignore[call-overload]


def test_a_query_longer_than_the_model_reads_is_answered_and_said(library: Library) -> None:
    with pytest.warns(RuntimeWarning, match="vecsearch: the query is longer than the 64 tokens counting reads"):
        assert len(library.index.search("word1 word2 " * 5_000, k=5)) == 5
    with pytest.warns(RuntimeWarning, match="vecsearch: 1 of 2 queries are longer"):
        library.index.search(["word1 word2 " * 5_000, "word1"], k=5)


def test_the_metric_of_an_index_is_what_it_ranks_by_when_not_told(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder, metric="dot")
    index.add(["a b c d e f", "a"])
    assert index.search("a", mode="dense") == index.search("a", mode="dense", metric="dot")
    products = [float(encoder.vector("a") @ encoder.vector(text)) for text in ("a b c d e f", "a")]
    assert [hit.score for hit in index.search("a", mode="dense")] == pytest.approx(
        sorted(products, reverse=True), rel=1e-5
    )
    assert index.search("a", metric="cosine")[0].text == "a"


def test_a_hit_says_all_about_its_chunk(tmp_path: Path, encoder: CountingEncoder) -> None:
    text = "# Guide\n\nopening words that say little about it\n\n## Install\n\nzebra giraffe okapi one two three four\n"
    path = tmp_path / "guide.md"
    path.write_text(text, newline="")
    index = Index.create(tmp_path / "index", model=encoder, chunk_tokens=14)
    index.sync(path)
    hit = index.search("zebra giraffe", k=1, mode="dense")[0]
    assert (hit.document_id, hit.source, hit.page) == ("guide.md", str(path), None)
    assert (hit.metadata["type"], hit.metadata["name"], hit.metadata["size"]) == ("markdown", "guide.md", len(text))
    assert hit.chunk_id == "guide.md#1"
    assert hit.heading == "Guide > Install"
    assert text[hit.start : hit.end] == hit.text
    assert hit.line == text[: hit.start].count("\n") + 1 == 5
    assert hit.score == hit.similarity > 0.4
