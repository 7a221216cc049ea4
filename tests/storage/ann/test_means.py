"""K-means of unit vectors: centres that plain numpy agrees with, the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest

from vecsearch.storage.ann.means import assign_centres, find_centres, sum_by_label
from vecsearch.types import FloatArray


def blobs(k: int, each: int, dim: int = 16, seed: int = 0) -> FloatArray:
    """Unit vectors around k directions, those of one direction together."""
    rng = np.random.default_rng(seed)
    middles = np.eye(dim)[:k]
    found = np.repeat(middles, each, axis=0) + rng.normal(0, 0.05, (k * each, dim))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def test_each_of_well_separated_groups_gets_a_centre_which_is_the_direction_of_its_mean() -> None:
    vectors = blobs(7, 30)
    centres = find_centres(vectors, 7, seed=3)
    labels, cosines = assign_centres(vectors, centres)
    assert sorted(np.bincount(labels).tolist()) == [30] * 7
    for number in range(7):
        assert len(set(labels[30 * number : 30 * number + 30].tolist())) == 1
        mean = vectors[labels == number].mean(axis=0)
        np.testing.assert_allclose(centres[number], mean / np.linalg.norm(mean), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(cosines, (vectors * centres[labels]).sum(axis=1), atol=1e-6)


def test_equal_seeds_give_equal_centres() -> None:
    vectors = blobs(5, 40, seed=1)
    np.testing.assert_array_equal(
        find_centres(vectors, 9, seed=4, starts=2), find_centres(vectors, 9, seed=4, starts=2)
    )


def test_no_start_of_several_is_better_than_the_one_that_is_kept() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((300, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    kept = assign_centres(vectors, find_centres(vectors, 12, seed=0, starts=4))[1].sum()
    assert kept >= assign_centres(vectors, find_centres(vectors, 12, seed=0))[1].sum() - 1e-3


def test_the_nearest_centre_is_the_one_of_the_highest_cosine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vecsearch.storage.ann.means._AT_ONCE", 7)  # several blocks, the last one not full
    vectors, centres = blobs(6, 5, seed=2), blobs(6, 1, seed=3)
    labels, cosines = assign_centres(vectors, centres)
    np.testing.assert_array_equal(labels, (vectors @ centres.T).argmax(axis=1))
    np.testing.assert_allclose(cosines, (vectors @ centres.T).max(axis=1), atol=1e-6)


def test_sums_are_those_of_the_vectors_of_each_label() -> None:
    vectors, labels = blobs(3, 4), np.array([2, 0, 1, 1, 2, 0, 0, 0, 2, 1, 1, 2])
    expected = [vectors[labels == number].sum(axis=0, dtype=np.float64) for number in range(3)]
    np.testing.assert_allclose(sum_by_label(vectors, labels), expected)


def test_vectors_that_are_all_equal_have_centres_too() -> None:
    vectors = np.repeat(blobs(1, 1), 20, axis=0)
    centres = find_centres(vectors, 3, seed=0)
    assert np.isfinite(centres).all()
    assert assign_centres(vectors, centres)[1] == pytest.approx(1, abs=1e-3)


def test_nothing_is_said_about_few_vectors_for_many_centres(capfd: pytest.CaptureFixture[str]) -> None:
    find_centres(blobs(4, 3), 6, seed=0)
    assert capfd.readouterr() == ("", "")
