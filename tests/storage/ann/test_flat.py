from __future__ import annotations

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.examples import examples
from vecsearch.errors import IndexDamaged
from vecsearch.storage.ann.flat import Flat, copy_rows, write_flat
from vecsearch.vectors import unit_rows


def random_rows(n: int, dim: int, seed: int, spread: int | None = None) -> np.ndarray:
    """Unit rows; with `spread` only so many different ones, so that scores tie."""
    random = np.random.default_rng(seed)
    rows = unit_rows(random.standard_normal((spread or n, dim)).astype(np.float32))[0]
    return rows if spread is None else rows[random.integers(0, spread, n)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("flat") / "vectors.faiss"


CASES = {
    "n": st.integers(1, 80),
    "dim": st.sampled_from([1, 3, 8, 33]),
    "q": st.integers(1, 5),
    "k": st.integers(1, 100),
    "spread": st.one_of(st.none(), st.integers(1, 5)),
    "share": st.one_of(st.none(), st.sampled_from([0.0, 0.1, 0.5, 1.0])),
    "scaled": st.booleans(),
    "seed": st.integers(0, 1000),
}


@settings(deadline=None, max_examples=examples(200))
@given(**CASES)
def test_the_rows_found_are_those_of_brute_force(place, n, dim, q, k, spread, share, scaled, seed):
    rows, queries = random_rows(n, dim, seed, spread), random_rows(q, dim, seed + 1)
    allowed = None if share is None else np.random.default_rng(seed).random(n) < share
    scale = np.random.default_rng(seed).uniform(0.1, 9, n).astype(np.float32) if scaled else None
    write_flat(place, rows)
    flat = Flat(place)
    exact = queries.astype(np.float64) @ rows.T.astype(np.float64)  # (q, n)
    answers = [(exact * (1 if scale is None else scale), flat.scan(queries, k, allowed, scale))]
    if scale is None:
        answers.append((exact, flat.search(queries, k, allowed)))
    there = np.arange(n) if allowed is None else np.flatnonzero(allowed)
    for expected, found in answers:
        assert len(found) == q
        for scores, (ids, values) in zip(expected, found, strict=True):
            assert len(ids) == len(set(ids.tolist())) == min(k, len(there))
            assert set(ids.tolist()) <= set(there.tolist())
            assert np.all(np.diff(values) <= 0)
            np.testing.assert_allclose(values, scores[ids], atol=1e-5)
            best = np.sort(scores[there])[::-1][: len(ids)]
            np.testing.assert_allclose(np.sort(scores[ids])[::-1], best, atol=1e-5)


def test_queries_are_scanned_in_pieces_with_the_same_answer(place, monkeypatch):
    write_flat(place, random_rows(50, 8, 1))
    queries = random_rows(7, 8, 2)
    whole = Flat(place).scan(queries, 5)
    monkeypatch.setattr("vecsearch.storage.ann.flat.SCORES_AT_ONCE", 120)
    for (ids, _), (expected, _) in zip(Flat(place).scan(queries, 5), whole, strict=True):
        np.testing.assert_array_equal(ids, expected)


@pytest.mark.parametrize("values", [1, 8, 56, 400, 10_000])
def test_rows_are_scanned_in_blocks_with_the_same_answer(place, monkeypatch, values):
    rows, queries = random_rows(50, 8, 1), random_rows(3, 8, 2)
    write_flat(place, rows)
    monkeypatch.setattr("vecsearch.storage.ann.flat._BLOCK", values)
    for query, (ids, scores) in zip(queries, Flat(place).scan(queries, 50), strict=True):
        np.testing.assert_array_equal(ids, np.argsort(-(rows @ query), kind="stable"))
        np.testing.assert_allclose(scores, rows[ids] @ query, atol=1e-6)


@pytest.mark.parametrize("values", [8, 56, 10_000])
def test_of_some_rows_the_best_are_found(place, monkeypatch, values):
    rows, query = random_rows(50, 8, 1), random_rows(1, 8, 2)[0]
    write_flat(place, rows)
    monkeypatch.setattr("vecsearch.storage.ann.flat._BLOCK", values)
    some = np.array([3, 49, 7, 0, 21, 22, 23, 40])
    ids, scores = Flat(place).among(query, some, 3)
    assert ids.tolist() == sorted(some.tolist(), key=lambda row: -(rows[row] @ query))[:3]
    np.testing.assert_allclose(scores, rows[ids] @ query, atol=1e-6)
    assert len(Flat(place).among(query, some, 99).rows) == 8
    assert len(Flat(place).among(query, some[:0], 3).rows) == 0


@pytest.mark.parametrize("q", [1, 3])
def test_a_search_leaves_the_number_of_threads_as_it_was_also_when_it_fails(place, q):
    rows = random_rows(50, 8, 0)
    write_flat(place, rows)
    flat, threads = Flat(place), faiss.omp_get_max_threads()
    flat.search(rows[:q], 3)
    assert faiss.omp_get_max_threads() == threads
    with pytest.raises(AssertionError):
        flat.search(rows[:q, :4], 3)
    assert faiss.omp_get_max_threads() == threads


def test_rows_are_copied_from_where_they_are_mapped_bit_by_bit(place):
    rows = random_rows(50, 5, 0)
    write_flat(place, rows)
    vectors, chosen = Flat(place).vectors, np.array([3, 0, 49, 3])
    copied = copy_rows(vectors, chosen)
    assert copied.flags.aligned
    np.testing.assert_array_equal(copied, rows[chosen])
    assert copy_rows(vectors, chosen[:0]).shape == (0, 5)


def test_the_vectors_are_mapped_and_cannot_be_changed(place):
    rows = random_rows(20, 8, 1)
    write_flat(place, rows)
    vectors = Flat(place).vectors  # outlives the object that opened the file
    np.testing.assert_array_equal(vectors, rows)
    with pytest.raises(ValueError, match="read-only"):
        vectors[0, 0] = 1


def test_the_file_is_one_of_plain_faiss(place):
    rows = random_rows(20, 8, 1)
    write_flat(place, rows)
    index = faiss.read_index(str(place))
    assert (type(index), index.ntotal, index.d) == (faiss.IndexFlatIP, 20, 8)
    np.testing.assert_array_equal(index.reconstruct_n(0, 20), rows)


def test_a_folder_that_is_not_there_is_an_os_error_that_names_the_file(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        write_flat(tmp_path / "nowhere" / "vectors.faiss", random_rows(2, 4, 1))


@pytest.mark.parametrize(
    "content", [b"", b"IxFI", b"this is no index of vectors at all" * 9], ids=["empty", "cut", "text"]
)
def test_a_file_that_faiss_cannot_read_is_damaged(place, content):
    place.write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss (is a file of the kind|holds .* expected)"):
        Flat(place)


@pytest.mark.parametrize("kept", [0.01, 0.5, 0.99])
def test_a_truncated_file_is_damaged(place, kept):
    write_flat(place, random_rows(200, 8, 1))
    content = place.read_bytes()
    place.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss"):
        Flat(place)


@pytest.mark.parametrize(
    "index", [faiss.IndexFlatL2(4), faiss.IndexHNSWFlat(4, 8, faiss.METRIC_INNER_PRODUCT)], ids=["l2", "hnsw"]
)
def test_an_index_of_another_kind_is_damaged(place, index):
    index.add(random_rows(3, 4, 1))
    faiss.write_index(index, str(place))
    with pytest.raises(IndexDamaged, match="expected b'IxFI'"):
        Flat(place)


def test_a_missing_file_is_damaged(tmp_path):
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss"):
        Flat(tmp_path / "vectors.faiss")
