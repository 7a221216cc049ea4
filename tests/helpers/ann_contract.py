"""What every approximate structure does, whatever finds its rows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np
import pytest

from tests.helpers.ann_rows import clustered, nearest_scores, questions, recall, uniform, unit
from vecsearch.storage.ann.approximate import Approximate, write_approximate, write_codes
from vecsearch.storage.ann.entry import AnnEntry
from vecsearch.storage.ann.flat import Flat, write_flat

FLOOR = 0.95
FETCHES = (10, 16, 60, 100, 250, 500, 1000, 2000)


class Made:
    """A structure and what it was made of."""

    def __init__(self, folder: Path, rows: np.ndarray, floor: float = FLOOR) -> None:
        write_flat(folder / "vectors.faiss", rows)
        self.rows, self.flat, self.path = rows, Flat(folder / "vectors.faiss"), folder / "codes.faiss"
        self.entry = write_approximate(self.path, self.flat.vectors, floor)

    def opened(self) -> Approximate:
        assert self.entry is not None
        return Approximate(self.path, self.flat, self.entry)

    def holds(self, queries: np.ndarray, floor: float = FLOOR) -> None:
        """Whatever is asked for, at least the floor comes back, on average over the queries."""
        approximate, best = self.opened(), nearest_scores(self.rows, queries, FETCHES[-1])
        for fetch in FETCHES:
            assert recall(self.rows, queries, approximate.search(queries, fetch), best[:, :fetch]) >= floor, fetch


class AnnContract:
    """Subclasses make structures."""

    dim: int

    def make(self, folder: Path, rows: np.ndarray, floor: float = FLOOR) -> Made:
        raise NotImplementedError

    @pytest.fixture
    def made(self) -> Made:
        """A structure of 20,000 rows."""
        raise NotImplementedError

    def test_the_floor_is_held_for_rows_like_those_that_are_there(self, made: Made) -> None:
        made.holds(clustered(200, self.dim, 2))

    def test_the_floor_is_held_for_queries_that_lie_between_rows(self, made: Made) -> None:
        made.holds(questions(made.rows, 200, 3))

    def test_what_is_measured_is_at_least_the_floor_and_says_on_how_many_queries(self, made: Made) -> None:
        assert made.entry is not None
        assert FLOOR <= made.entry.recall <= 1
        assert (made.entry.floor, made.entry.sample) == (FLOOR, 512)
        assert list(made.entry.parameters)[:2] == ["10", "30"]

    def test_fewer_rows_are_scored_than_there_are(self, made: Made) -> None:
        assert made.entry is not None
        assert (made.entry.candidates(10) or 20_000) < 1000

    def test_scores_are_the_inner_products_of_the_rows_best_first(self, made: Made) -> None:
        queries = questions(made.rows, 20, 4)
        for query, (ids, scores) in zip(queries, made.opened().search(queries, 50), strict=True):
            assert (ids.dtype, scores.dtype) == (np.int64, np.float32)
            assert len(set(ids.tolist())) == len(ids) == 50
            np.testing.assert_allclose(scores, made.rows[ids] @ query, atol=1e-6)
            assert np.all(np.diff(scores) <= 0)

    def test_a_row_that_is_there_is_found_as_the_best(self, made: Made) -> None:
        for row, found in zip((0, 7, 19_999), made.opened().search(made.rows[[0, 7, 19_999]], 5), strict=True):
            assert found.rows[0] == row

    def test_a_batch_answers_as_each_query_by_itself(self, made: Made) -> None:
        approximate, queries = made.opened(), questions(made.rows, 40, 5)
        for together, query in zip(approximate.search(queries, 30), queries, strict=True):
            alone = approximate.search(query[None], 30)[0]
            np.testing.assert_array_equal(together.rows, alone.rows)
            np.testing.assert_allclose(together.scores, alone.scores, atol=1e-6)

    def test_no_queries_have_no_answers(self, made: Made) -> None:
        assert made.opened().search(np.empty((0, self.dim), np.float32), 10) == []

    @pytest.mark.parametrize("fetch", [20_000, 30_000])
    def test_who_asks_for_all_rows_or_more_gets_every_row(self, made: Made, fetch: int) -> None:
        found = made.opened().search(questions(made.rows, 2, 6), fetch)
        assert [sorted(ids.tolist()) for ids, _ in found] == [list(range(20_000))] * 2

    def test_threads_that_ask_at_once_get_what_one_gets(self, made: Made) -> None:
        approximate, queries = made.opened(), questions(made.rows, 64, 7)
        expected = [found.rows.tolist() for found in approximate.search(queries, 20)]
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda query: approximate.search(query[None], 20)[0].rows.tolist(), queries)
            assert list(answers) == expected

    @pytest.mark.slow
    def test_the_same_vectors_give_the_same_file_and_the_same_entry(self, made: Made, tmp_path: Path) -> None:
        again = self.make(tmp_path, made.rows)
        assert again.entry == made.entry
        assert again.path.read_bytes() == made.path.read_bytes()

    def test_codes_that_are_written_again_are_the_same_bytes(self, made: Made, tmp_path: Path) -> None:
        write_codes(tmp_path / "again.faiss", made.flat.vectors)
        assert (tmp_path / "again.faiss").read_bytes() == made.path.read_bytes()

    def test_to_find_rows_saves_where_more_would_be_scored_than_are_found(self, made: Made) -> None:
        approximate = made.opened()
        assert approximate.saves(10, 20_000)
        assert not approximate.saves(10, approximate.entry.candidates(10) or 0)
        assert not approximate.saves(2000, 20_000)
        least = next(scored for scored in range(20_000) if approximate.saves(10, scored))
        assert least < next(scored for scored in range(20_001) if approximate.saves(30, scored))

    def test_the_file_is_one_of_plain_faiss(self, made: Made) -> None:
        index = faiss.read_index(str(made.path))
        assert (index.ntotal, index.d, index.metric_type) == (20_000, self.dim, faiss.METRIC_INNER_PRODUCT)

    @pytest.mark.slow
    def test_thousands_of_equal_vectors_leave_the_floor_held(self, tmp_path: Path) -> None:
        rows = clustered(20_000, self.dim, 8)
        rows[5000:9000], rows[9000:12_000] = rows[0], rows[1]
        made = self.make(tmp_path, np.random.default_rng(0).permutation(rows))
        if made.entry is not None:
            made.holds(questions(made.rows, 200, 9))
            made.holds(np.repeat(rows[:1], 3, axis=0))

    @pytest.mark.slow
    def test_one_vector_again_and_again_is_found(self, tmp_path: Path) -> None:
        made = self.make(tmp_path, np.repeat(uniform(1, self.dim, 1), 9000, axis=0))
        made.holds(uniform(5, self.dim, 2))

    @pytest.mark.slow
    @pytest.mark.parametrize("floor", [0.9, 0.99])
    def test_directions_all_alike_hold_the_floor_or_are_searched_exactly(self, tmp_path: Path, floor: float) -> None:
        dim = 7 * self.dim
        made = self.make(tmp_path, uniform(9000, dim, 1), floor)
        if made.entry is not None:
            made.holds(uniform(100, dim, 2), floor)

    @pytest.mark.slow
    def test_a_higher_floor_takes_more_rows(self, made: Made, tmp_path: Path) -> None:
        higher: Callable[[AnnEntry | None], int | None] = lambda entry: entry and entry.candidates(10)  # noqa: E731
        low, high = higher(made.entry), higher(self.make(tmp_path, made.rows, 0.999).entry)
        assert low is not None
        assert high is None or high > low

    @pytest.mark.slow
    def test_what_users_asked_is_measured_besides(self, made: Made, tmp_path: Path) -> None:
        asked = unit(made.rows[:400] + 6 * uniform(400, self.dim, 10))
        entry = write_approximate(tmp_path / "codes.faiss", made.flat.vectors, FLOOR, asked)
        assert made.entry is not None
        assert entry is not None
        assert entry.sample == 768
        assert (entry.candidates(10) or 0) >= (made.entry.candidates(10) or 0)
