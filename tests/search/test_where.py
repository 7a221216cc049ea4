"""What a search with a condition promises: of what matches the k best, as if nothing else were in the index."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vecsearch.ingest.run
import vecsearch.search.retrievers.dense
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.oracle import assert_answers, brute_force
from vecsearch import Document, Index, InvalidFilter
from vecsearch.search.filters import Filters

WORDS = [f"word{i}" for i in range(300)]
Chunks = dict[tuple[str, int], np.ndarray]


class Shelves:
    """An index of random documents of one to three chunks, in segments of very unequal size, some deleted."""

    def __init__(self, path: Path, encoder: CountingEncoder) -> None:
        chooser = random.Random(11)
        self.encoder, self.path = encoder, path
        words = {word: encoder.vector(word) for word in WORDS}
        self.metadata: dict[str, dict[str, Any]] = {}
        documents = []
        for i in range(7_000):
            text = " ".join(chooser.choices(WORDS, k=chooser.choice((3, 8, 16, 24))))
            share = chooser.random()
            metadata: dict[str, Any] = {"share": share, "lang": chooser.choice(("en", "de"))}
            metadata |= {"note": i if i % 2 else f"n{i}"} if i % 3 else {}
            documents.append(Document(f"d{i:05}", text, metadata))
            self.metadata[f"d{i:05}"] = metadata
        self.index = Index.create(path, model=encoder, chunk_tokens=8)
        for first, end in ((0, 6_000), (6_000, 6_900), (6_900, 6_905), (6_905, 7_000)):
            self.index.add(documents[first:end])
        gone = chooser.sample(sorted(self.metadata), 500)
        assert self.index.delete(gone) == 500
        self.chunks: Chunks = {}
        for document in documents:
            parts = document.text.split(" ")
            if document.id in set(gone):
                del self.metadata[document.id]
                continue
            for ordinal, first in enumerate(range(0, len(parts), 8)):
                self.chunks[document.id, ordinal] = np.sum([words[word] for word in parts[first : first + 8]], axis=0)

    def where(self, holds: Any) -> Chunks:
        """The chunks of the documents for whose metadata it holds."""
        return {place: vector for place, vector in self.chunks.items() if holds(self.metadata[place[0]])}


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Shelves:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 2_000)
        patch.setattr(vecsearch.storage.merge_policy, "to_rewrite", lambda sizes, added: [])  # many segments
        return Shelves(tmp_path_factory.mktemp("shelves") / "index", CountingEncoder())


SHARES = [0.5, 0.05, 0.005, 0.0001]


def queries(n: int) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((n, 32)).astype(np.float32) * 3


def test_the_shelves_are_what_the_tests_below_need(shelves: Shelves) -> None:
    info = shelves.index.info()
    assert (info.segments, info.chunks) == (4, len(shelves.chunks))
    assert info.deleted > 500
    shares = [len(shelves.where(lambda m, s=share: m["share"] < s)) for share in SHARES]
    assert shares[0] > 5_000
    assert 1 <= shares[-1] <= 10
    largest = max(part.live for part in shelves.index.session().where("share < 0.5"))
    assert largest > vecsearch.search.retrievers.dense._FEW


@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("share", SHARES)
def test_the_answer_is_that_of_brute_force_over_what_matches(shelves: Shelves, metric: str, share: float) -> None:
    matching = shelves.where(lambda m: m["share"] < share)
    where = f"share < {share}"
    for query in queries(3):
        for k in (1, 10, 300):
            hits = shelves.index.search(query, k=k, metric=metric, where=where)
            assert len(hits) == min(k, len(matching))
            assert_answers(hits, brute_force(matching, query, k, metric))


@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("share", SHARES)
def test_all_other_bounds_hold_among_what_matches(shelves: Shelves, metric: str, share: float) -> None:
    matching = shelves.where(lambda m: m["share"] < share and m["lang"] == "en")
    where = f"share < {share} AND lang = 'en'"
    [query] = queries(1)
    scores = [item.score for item in brute_force(matching, query, 10_000, metric)]
    for options in (
        {"per_document": 1},
        {"per_document": 2},
        {"min_similarity": scores[len(scores) // 3] - 1e-4},
        {"per_document": 1, "min_similarity": scores[len(scores) // 2] - 1e-4},
        {"min_similarity": scores[0] + 1},
    ):
        expected = brute_force(matching, query, 120, metric, **options)  # type: ignore[arg-type]
        assert_answers(shelves.index.search(query, k=120, metric=metric, where=where, **options), expected)  # type: ignore[call-overload]


@pytest.mark.parametrize("share", SHARES)
def test_many_queries_at_once_answer_as_one_by_one(shelves: Shelves, share: float) -> None:
    where = f"share < {share} OR note = 77"
    for options in ({}, {"metric": "dot"}, {"per_document": 1}):
        together = shelves.index.search(queries(7), k=5, where=where, **options)  # type: ignore[call-overload]
        one_by_one = [shelves.index.search(query, k=5, where=where, **options) for query in queries(7)]  # type: ignore[call-overload]
        assert [[hit.chunk_id for hit in hits] for hits in together] == [
            [hit.chunk_id for hit in hits] for hits in one_by_one
        ]


def test_a_key_of_two_types_is_searched_by_either(shelves: Shelves) -> None:
    [query] = queries(1)
    for where, holds in {
        "note < 3000": lambda m: isinstance(m.get("note"), int) and m["note"] < 3_000,
        "note LIKE 'n10%'": lambda m: str(m.get("note")).startswith("n10"),
        "note IS NULL": lambda m: "note" not in m,
        "NOT note < 3000": lambda m: isinstance(m.get("note"), int) and m["note"] >= 3_000,
        "note NOT IN ('n4', 'n8') AND note > 'n5'": lambda m: "n5" < str(m.get("note", "")) != "n8",
    }.items():
        matching = shelves.where(holds)
        assert shelves.index.count(where) == len(matching) > 20
        assert shelves.index.document_ids(where) == sorted({document_id for document_id, _ in matching})
        assert_answers(shelves.index.search(query, k=30, where=where), brute_force(matching, query, 30))


def test_what_matches_nothing_has_no_hits(shelves: Shelves) -> None:
    assert shelves.index.search(queries(1)[0], where="share > 2") == []
    assert shelves.index.search(queries(2), where="share > 2", per_document=1, min_similarity=0.5) == [[], []]
    assert shelves.index.count("share > 2") == 0
    assert shelves.index.document_ids("share > 2") == []


def test_what_can_be_found_is_counted_and_listed(shelves: Shelves) -> None:
    assert shelves.index.count() == len(shelves.index) == len(shelves.chunks)
    assert shelves.index.document_ids() == sorted(shelves.metadata)


WHERES = [
    "share < 0.05",
    "note > 10",
    "note = 'n4'",
    "lang <> 'en'",
    "share < 0.3 AND note IS NULL",
    "text LIKE '%word7 %'",
]


def test_a_compacted_index_answers_the_same(shelves: Shelves, tmp_path: Path) -> None:
    shelves.index.export(tmp_path / "all.parquet")
    compacted = Index.from_export(tmp_path / "all.parquet", tmp_path / "again")
    compacted.compact()
    assert compacted.info().segments == 1
    for where in WHERES:
        assert compacted.document_ids(where) == shelves.index.document_ids(where) != []
        for query in queries(2):
            again = compacted.search(query, k=20, where=where)
            assert [(hit.chunk_id, hit.score) for hit in again] == [
                (hit.chunk_id, hit.score) for hit in shelves.index.search(query, k=20, where=where)
            ]


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    made = Index.create(tmp_path / "index", model=encoder)
    made.add([Document("a", "one cat", {"year": 2019}), Document("b", "one dog", {"year": 2021})])
    return made


def ids(index: Index, where: str | None) -> list[str]:
    return [hit.document_id for hit in index.search("one cat", where=where)]


def test_a_text_is_asked_with_a_condition(index: Index) -> None:
    assert ids(index, None) == ["a", "b"]
    assert ids(index, "year > 2020") == ["b"]
    together = index.search(["one cat", "one dog"], where="year > 2020")
    assert together == [index.search(query, where="year > 2020") for query in ("one cat", "one dog")]


def test_an_answer_is_that_of_the_version_that_reads_see(index: Index, tmp_path: Path) -> None:
    reader = Index.open(tmp_path / "index", model=CountingEncoder())
    follower = Index.open(tmp_path / "index", model=CountingEncoder(), refresh=True)
    assert ids(reader, "year > 2020") == ids(follower, "year > 2020") == ["b"]
    index.add([Document("c", "one bird", {"year": 2022})])
    assert ids(reader, "year > 2020") == ["b"]
    assert sorted(ids(follower, "year > 2020")) == sorted(ids(index, "year > 2020")) == ["b", "c"]
    index.delete("b")
    reader.refresh()
    assert ids(reader, "year > 2020") == ids(follower, "year > 2020") == ids(index, "year > 2020") == ["c"]
    assert ids(Index.open(tmp_path / "index", model=CountingEncoder(), version=2), "year > 2020") == ["b"]


def test_a_condition_is_evaluated_once_for_a_version(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated: list[str] = []
    original = vecsearch.search.filters.restricted
    monkeypatch.setattr(
        vecsearch.search.filters, "restricted", lambda parts, where: evaluated.append(where) or original(parts, where)
    )
    for _ in range(3):
        assert ids(index, "year > 2020") == ["b"]
        assert ids(index, "year < 2020") == ["a"]
    assert evaluated == ["year > 2020", "year < 2020"]
    index.add(["one mouse"])
    assert ids(index, "year > 2020") == ["b"]
    assert evaluated[2:] == ["year > 2020"]


def test_the_latest_eight_conditions_are_remembered(index: Index) -> None:
    parts = index.session().parts
    filters = Filters(parts)
    first = filters.parts("year > 0")
    for year in range(1, 8):
        filters.parts(f"year > {year}")
    assert filters.parts("year > 0") is first
    forgotten = filters.parts("year > 1")
    filters.parts("year > 8")
    assert filters.parts("year > 0") is first
    for year in range(10, 18):
        filters.parts(f"year > {year}")
    assert filters.parts("year > 1") is not forgotten
    assert filters.parts(None) is parts


def test_a_condition_is_checked_before_a_query_is_encoded(index: Index, encoder: CountingEncoder) -> None:
    encoder.encoded.clear()
    for where in ("yaer > 2020", "year > ", "year = 'x'", 5, ""):
        for ask in (lambda w: index.search("never seen", where=w), index.count, index.document_ids):
            with pytest.raises(InvalidFilter):
                ask(where)  # type: ignore[arg-type]
    assert encoder.encoded == []


def test_an_empty_index_answers_any_condition_with_nothing(tmp_path: Path, encoder: CountingEncoder) -> None:
    empty = Index.create(tmp_path / "empty", model=encoder)
    assert empty.search("question", where="year > 2020") == []
    assert (empty.count("year > 2020"), empty.document_ids("year > 2020")) == (0, [])


def test_documents_are_deleted_by_condition(index: Index) -> None:
    assert index.delete(index.document_ids("year < 2020")) == 1
    assert ids(index, None) == ["b"]


def test_files_are_found_by_path_and_heading(index: Index, folder: Path) -> None:
    (folder / "cats.md").write_text("# Cats\n\ncats purr\n")
    (folder / "dogs.md").write_text("# Dogs\n\ndogs bark\n")
    index.sync(folder)
    assert (
        ids(index, "path LIKE 'notes/%'")
        == index.document_ids("path IS NOT NULL")
        == ["notes/cats.md", "notes/dogs.md"]
    )
    assert ids(index, "heading = 'Dogs' AND text ILIKE '%BARK%'") == ["notes/dogs.md"]
