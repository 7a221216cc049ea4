"""time_searches(): what it asks, what it finds out, and that it leaves no trace. No time is asserted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import content_of, write, write_records
from vecsearch import Index, InvalidOption, InvalidQuery, PathNotFound
from vecsearch.analysis import Latency, time_searches
from vecsearch.analysis.evaluation import exact
from vecsearch.analysis.evaluation.exact import recall_of
from vecsearch.analysis.evaluation.latency import latency_of
from vecsearch.search.options import SearchOptions
from vecsearch.session import Models, Session

WORDS = ["red", "green", "blue", "house", "tree", "river", "cloud", "stone", "bread", "water"]


def random_texts(n: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, int(rng.integers(4, 40)))) + f" {number}" for number in range(n)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two segments, of which some rows are deleted."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(folder / "cache"))
        index = Index.create(folder / "index", model=CountingEncoder())
        index.add({"id": f"d{number}", "text": text} for number, text in enumerate(random_texts(400)))
        index.add(random_texts(30, seed=1))
        index.delete(f"d{number}" for number in range(0, 60, 3))
    assert index.info().segments == 2
    assert index.info().deleted == 20
    return index.path


@pytest.fixture
def index(built: Path, tmp_path: Path, encoder: CountingEncoder) -> Index:
    """A copy of the index that was built, for each test."""
    return Index.open(shutil.copytree(built, tmp_path / "index"), model=encoder)


def recall(session: Session, k: int = 10, n: int = 20) -> float:
    queries = np.random.default_rng(5).standard_normal((n, 32)).astype(np.float32)
    return recall_of(session, queries, k)


class Forgetful(Session):
    """A session that does not find the best chunk; what it finds beyond the k-th makes up for the number."""

    def rank(self, query: Any, options: SearchOptions | None = None) -> Any:
        options = options or SearchOptions()
        return [ranked[1:] for ranked in super().rank(query, replace(options, k=options.k + 1))]


def as_kind(kind: type[Session], index: Index) -> Session:
    session = index.session()
    return kind(session.store, session.snapshot, Models(session.store.name, None), session.cache)


def test_what_is_found_out_adds_up(index: Index) -> None:
    found = time_searches(index, n=30, k=7)
    assert (found.model, found.chunks, found.dim, found.k) == ("counting", 410, 32, 7)
    assert (found.queries, found.texts, found.seed, found.recall_queries) == (30, 30, 0, 30)
    assert found.recall == 1.0
    assert 4 * 32 * 430 / 410 <= found.bytes_per_vector < found.bytes_per_chunk
    for latency in (found.by_vector, found.by_known_text, found.by_new_text):
        assert 0 < latency.p50_ms <= latency.p95_ms <= latency.p99_ms
        assert latency.per_second > 0
    assert found.batch_per_second > 0
    assert found.open_ms > 0


def test_a_text_is_encoded_at_every_search_but_those_that_know_it(index: Index, encoder: CountingEncoder) -> None:
    encoder.encoded.clear()
    time_searches(index, ["one red house", "two green trees"], n=10)
    to_vectors, to_know, warming, timed = 2, 2, 2, 2
    assert len(encoder.encoded) == to_vectors + to_know + warming + timed


def test_it_leaves_no_trace_in_the_index_or_the_cache(index: Index, cache_folder: Path) -> None:
    before, cached = content_of(index.path), content_of(cache_folder)
    time_searches(index, n=20)
    time_searches(index, ["never asked before"], n=20)
    assert (content_of(index.path), content_of(cache_folder)) == (before, cached)


def test_the_same_seed_asks_the_same_and_another_seed_something_else(index: Index, encoder: CountingEncoder) -> None:
    asked = []
    for seed in (3, 3, 4):
        encoder.encoded.clear()
        assert time_searches(index, n=15, seed=seed).seed == seed
        asked.append(list(encoder.encoded))
    assert asked[0] == asked[1] != asked[2]


def test_its_own_questions_are_beginnings_of_chunks_that_are_there(index: Index, encoder: CountingEncoder) -> None:
    encoder.encoded.clear()
    time_searches(index, n=60)
    chunks = [hit.text for hit in index.search(np.ones(32, np.float32), k=1000)]
    for text in encoder.encoded:
        assert len(text.split()) <= 12
        assert any(chunk.startswith(text) for chunk in chunks)


@pytest.mark.slow
def test_no_more_texts_than_a_hundred_are_encoded(index: Index) -> None:
    found = time_searches(index, n=150)
    assert (found.queries, found.texts, found.recall_queries) == (150, 100, 50)


@pytest.mark.parametrize("kind", ["list", "lines", "records"])
def test_queries_of_ones_own_are_a_list_or_a_file_without_its_blank_lines(
    index: Index, encoder: CountingEncoder, tmp_path: Path, kind: str
) -> None:
    texts = ["one red house", "two green trees", "three blue rivers"]
    given: Any = {
        "list": texts,
        "lines": write(tmp_path / "queries.txt", "one red house\n\n two green trees \nthree blue rivers\n"),
        "records": write_records(tmp_path / "queries.jsonl", dict(zip("abc", texts, strict=True))),
    }[kind]
    assert time_searches(index, given).queries == 3
    encoder.encoded.clear()
    assert time_searches(index, given, n=2).queries == 2
    assert set(encoder.encoded) == set(texts[:2])


def test_an_index_of_two_chunks_and_one_by_dot_product_can_be_timed(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "small", model=encoder, metric="dot")
    index.add(["one red house", "two green trees"])
    found = time_searches(index, n=5)
    assert (found.recall, found.chunks, found.queries) == (1.0, 2, 5)


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"k": 0}, InvalidOption, "k is 0, expected a whole number of at least 1"),
        ({"n": 0}, InvalidOption, "n is 0, expected a whole number of at least 1"),
        ({"n": 1.5}, InvalidOption, "n is 1.5, expected a whole number of at least 1"),
        ({"seed": -1}, InvalidOption, "seed is -1, expected a whole number of at least 0"),
        ({"seed": None}, InvalidOption, "seed is None, expected a whole number of at least 0"),
        ({"queries": []}, InvalidQuery, r"no queries to time in \[\]"),
        ({"queries": "one red house"}, InvalidQuery, "no queries to time in 'one red house'"),
        ({"queries": ["red", " "]}, InvalidQuery, "the query is empty"),
        ({"queries": Path("no such file")}, PathNotFound, "no file at no such file: check the path"),
    ],
)
def test_what_cannot_be_timed_is_refused(index: Index, how: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        time_searches(index, **how)


def test_an_empty_index_and_an_empty_file_of_queries_are_refused(
    tmp_path: Path, encoder: CountingEncoder, index: Index
) -> None:
    empty = Index.create(tmp_path / "empty", model=encoder)
    with pytest.raises(InvalidOption, match="empty is empty: index something first"):
        time_searches(empty)
    with pytest.raises(InvalidQuery, match="no queries to time"):
        time_searches(index, write(tmp_path / "queries.txt", "\n\n"))


@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_exact_search_finds_all_that_brute_force_finds(
    tmp_path: Path, encoder: CountingEncoder, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact, "_BLOCK", 64)  # so that several blocks are joined
    index = Index.create(tmp_path / metric, model=encoder, metric=metric)
    index.add(random_texts(300))
    index.add(random_texts(20, seed=2))
    session = index.session()
    assert recall(session) == recall(session, k=1) == recall(session, k=1000) == 1.0


def test_a_search_that_misses_the_best_chunk_is_found_out(index: Index) -> None:
    assert recall(as_kind(Forgetful, index), k=10) == pytest.approx(0.9)
    assert recall(as_kind(Forgetful, index), k=1) == 0.0


def test_the_other_metric_finds_other_chunks(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add(random_texts(300))

    class ByDot(Session):
        def rank(self, query: Any, options: SearchOptions | None = None) -> Any:
            return super().rank(query, replace(options or SearchOptions(), metric="dot"))

    assert recall(as_kind(ByDot, index)) < 1.0


def test_of_chunks_that_tie_with_the_last_any_will_do(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add({"id": f"same {number}", "text": "one red house"} for number in range(30))
    assert recall(as_kind(Forgetful, index), k=5) == 1.0


def test_calls_are_timed_one_by_one_after_some_that_do_not_count() -> None:
    called: list[int] = []
    append: Callable[[int], None] = called.append
    found = latency_of(append, range(10))
    assert called == [0, 1, 2, *range(10)]
    assert isinstance(found, Latency)
