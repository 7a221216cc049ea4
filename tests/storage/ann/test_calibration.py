from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.ann_rows import clustered, uniform
from vecsearch.storage.ann.calibration import calibrate

ROWS = clustered(4000, 16, 1)


def finds(rows, losing=0.0, seed=0):
    """A search that is exact but for a share of the rows, which it never finds, and that are replaced by the worst."""
    lost = np.random.default_rng(seed).random(len(rows)) < losing

    def search(queries, k):
        scores = queries.astype(np.float64) @ rows.T.astype(np.float64)
        scores[:, lost] = -2
        return np.argsort(-scores, axis=1)[:, :k]

    return search


def finds_late(rows, late):
    """An exact search whose answer begins with `late` rows that are the farthest."""
    exact = finds(rows)

    def search(queries, k):
        return np.concatenate([exact(-queries, late), exact(queries, len(rows) - late)], axis=1)[:, :k]

    return search


def test_a_search_that_is_exact_needs_little_more_than_is_asked_for():
    found = calibrate(ROWS, finds(ROWS), 0.99, None)
    assert found is not None
    for fetch, needed in found.parameters.items():
        assert int(fetch) <= needed <= int(fetch) * 1.1 + 2
    assert found.recall >= 0.99
    assert found.sample == 512


def test_the_rows_needed_are_those_that_the_search_finds_too_early():
    found = calibrate(ROWS, finds_late(ROWS, 200), 0.99, None)
    assert found is not None
    assert 209 <= found.parameters["10"] <= 209 * 1.1 + 2


def test_a_search_that_never_finds_enough_is_not_worth_its_floor():
    assert calibrate(ROWS, finds(ROWS, losing=0.1), 0.95, None) is None


def test_the_floor_is_reached_with_certainty_and_not_only_on_average():
    """With one row in twenty lost, recall is .95 on average: the lower end of its interval is below that."""
    search = finds(ROWS, losing=0.05)
    assert calibrate(ROWS, search, 0.95, None) is None
    found = calibrate(ROWS, search, 0.92, None)
    assert found is not None
    assert 0.93 < found.recall < 0.97


def test_numbers_asked_for_that_would_cost_more_than_a_scan_are_left_out():
    found = calibrate(ROWS, finds(ROWS), 0.9, None)
    assert found is not None
    assert list(found.parameters) == ["10", "30", "100", "300", "1000"]
    late = calibrate(ROWS, finds_late(ROWS, 900), 0.9, None)
    assert late is not None
    assert list(late.parameters) == ["10", "30", "100"]


def test_as_many_rows_come_back_as_are_asked_for_however_low_the_floor_is():
    found = calibrate(ROWS, finds(ROWS), 0.5, None)
    assert found is not None
    assert all(needed >= int(fetch) for fetch, needed in found.parameters.items())


@pytest.mark.slow
def test_what_was_asked_has_to_reach_the_floor_by_itself():
    asked = uniform(300, 16, 3)
    hard = finds_late(ROWS, 0)

    def search(queries, k):
        """Exact, but what was asked is found only behind 500 other rows."""
        late = finds_late(ROWS, 500)(queries, k)
        was_asked = (queries[:, None] == asked[None]).all(axis=2).any(axis=1)
        return np.where(was_asked[:, None], late, hard(queries, k))

    alone, both = calibrate(ROWS, search, 0.95, None), calibrate(ROWS, search, 0.95, asked)
    assert alone is not None
    assert both is not None
    assert (alone.sample, both.sample) == (512, 768)
    assert alone.parameters["10"] < 20
    assert both.parameters["10"] > 500


@pytest.mark.parametrize(("asked", "sample"), [(29, 512), (30, 542), (256, 768), (1000, 768)])
def test_too_few_questions_say_nothing_and_many_are_drawn_from(asked, sample):
    found = calibrate(ROWS, finds(ROWS), 0.9, uniform(asked, 16, 4))
    assert found is not None
    assert found.sample == sample


def test_of_rows_that_score_alike_any_is_right():
    """Every row is there ten times, and the search prefers those that come last."""
    rows = np.tile(clustered(400, 16, 5), (10, 1))

    def search(queries, k):
        scores = queries.astype(np.float64) @ rows[:400].T.astype(np.float64)
        order = np.argsort(-scores, axis=1)  # (q, 400)
        return (order[:, :, None] + 400 * np.arange(9, -1, -1)).reshape(len(queries), -1)[:, :k]

    found = calibrate(rows, search, 0.99, None)
    assert found is not None
    assert found.parameters["10"] <= 12


def test_the_row_that_a_query_was_made_of_does_not_count():
    """A search that finds, of a cluster, only the row itself finds nothing."""
    rows = uniform(4000, 64, 6)

    def search(queries, k):
        best = np.argmax(queries @ rows.T, axis=1)
        worst = np.argsort(queries @ rows.T, axis=1)[:, : k - 1]
        return np.concatenate([best[:, None], worst], axis=1)

    assert calibrate(rows, search, 0.05, None) is None


def test_what_a_search_did_not_find_counts_as_not_found():
    """FAISS fills up with -1, which is no row, and not the last one either."""

    def search(queries, k):
        found = finds(ROWS)(queries, k)
        found[:, 5:] = -1
        return found

    assert calibrate(ROWS, search, 0.51, None) is None


@pytest.mark.slow
def test_vectors_are_scored_in_pieces_with_the_same_result(monkeypatch):
    whole = calibrate(ROWS, finds_late(ROWS, 50), 0.95, uniform(100, 16, 7))
    monkeypatch.setattr("vecsearch.storage.ann.calibration.SCORES_AT_ONCE", 50_000)
    assert calibrate(ROWS, finds_late(ROWS, 50), 0.95, uniform(100, 16, 7)) == whole
