"""Batches: every row once, within the limits, padded behind; and who has the cores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.models.batching import Batching, batches_by_length, longest_first, pad, run_batches, token_mask


@given(
    lengths=st.lists(st.integers(1, 60), max_size=40),
    texts=st.integers(1, 9),
    tokens=st.integers(60, 300),
    threads=st.integers(0, 4),
)
def test_batches_hold_each_row_once_within_their_limits(lengths, texts, tokens, threads):
    batches = list(batches_by_length(lengths, Batching(texts=texts, tokens=tokens), threads))
    assert sorted(row for rows in batches for row in rows.tolist()) == list(range(len(lengths)))
    for rows in batches:
        padded, found = pad([[row + 1] * lengths[row] for row in rows.tolist()], multiple=16, most=64)
        assert len(rows) <= texts
        assert len(rows) * found.max() <= tokens
        assert padded.shape[1] in (16, 32, 48, 64)
        for row, ids, length in zip(rows.tolist(), padded, found.tolist(), strict=True):
            assert length == lengths[row]
            assert ids.tolist() == [row + 1] * length + [0] * (len(ids) - length)
        np.testing.assert_array_equal(token_mask(found, padded.shape[1]).sum(axis=1), found)


def test_a_row_larger_than_a_batch_may_be_is_a_batch_of_its_own():
    batches = list(batches_by_length([500, 2, 400], Batching(texts=8, tokens=100), 1))
    assert [rows.tolist() for rows in batches] == [[0], [2], [1]]


def test_the_longest_rows_come_first_and_equal_ones_in_their_order():
    assert longest_first([2, 9, 2, 9]).tolist() == [1, 3, 0, 2]
    assert longest_first([]).tolist() == []


def test_the_width_is_never_more_than_the_model_reads():
    padded, _ = pad([[1] * 20, [2]], multiple=16, most=24)
    assert padded.shape == (2, 24)


def test_the_last_batches_are_small_where_several_threads_share_them():
    batches = list(batches_by_length([5] * 32, Batching(texts=32, tokens=1000), 4))
    assert [len(rows) for rows in batches] == [4, 4, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]
    assert [len(rows) for rows in batches_by_length([5] * 32, Batching(texts=32, tokens=1000), 0)] == [32]


@pytest.mark.parametrize(("n", "threads", "expected"), [(2, 3, True), (3, 3, False), (9, 1, True)])
def test_cores_share_a_batch_where_there_are_too_few_for_all(n, threads, expected):
    batches = [np.array([row]) for row in range(n)]
    with ThreadPoolExecutor(threads) as workers:
        results = list(run_batches(batches, lambda rows, *, alone: (int(rows[0]), alone), workers, threads))
    assert results == [(row, expected) for row in range(n)]
