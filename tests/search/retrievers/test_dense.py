"""The dense retriever at its edges: lengths that hardly differ, all scores below zero, conditions that leave little."""

from __future__ import annotations

import numpy as np
import pytest

import vecsearch.search.retrievers.dense
from tests.helpers.counting import CountingEncoder
from tests.helpers.oracle import assert_answers, brute_force
from vecsearch import Document, Index
from vecsearch.vectors import unit_rows

N = 700


class Nearly(CountingEncoder):
    """Vectors whose lengths differ by less than a hundredth; `spread` is how much."""

    spread = 0.009

    def vector(self, text):
        raw = super().vector(text).astype(np.float64)
        length = 1 + self.spread * (sum(text.encode()) % 97) / 97
        return (raw / np.linalg.norm(raw) * length).astype(np.float32)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        encoder = Nearly()
        index = Index.create(tmp_path_factory.mktemp("dense") / "index", model=encoder)
        texts = {f"{number:03}": f"word{number}" for number in range(N)}
        index.add(Document(*item, {"n": int(item[0])}) for item in texts.items())
        return index, {(name, 0): encoder.vector(text) for name, text in texts.items()}


@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("k", [1, 30, 400, 600, 690])
def test_lengths_that_hardly_differ_still_decide_also_below_zero(shelf, metric, k):
    index, chunks = shelf
    assert vecsearch.search.retrievers.dense._FEW < N
    for seed in range(8):
        query = np.random.default_rng(seed).standard_normal(32).astype(np.float32)
        answers = brute_force(chunks, query, N, metric)
        hits = index.search(query, k=k, metric=metric)
        assert_answers(hits, answers[:k])
        scores = np.array([answer.score for answer in answers])
        assert hits[-1].score >= scores[k - 1] - 1e-6


class Cluster(Nearly):
    """Vectors that all point nearly one way, so that their lengths decide."""

    def vector(self, text):
        raw = np.ones(self.dim) + 1e-4 * super().vector(text)
        length = 1 + self.spread * (sum(text.encode()) % 97) / 97
        return (raw / np.linalg.norm(raw) * length).astype(np.float32)


@pytest.mark.parametrize("direction", [1, -1])
def test_of_vectors_that_point_one_way_the_lengths_decide(tmp_path, direction):
    """Away from the query the shortest has the highest product."""
    encoder = Cluster()
    index = Index.create(tmp_path / "index", model=encoder)
    texts = {f"{number:03}": f"word{number}" for number in range(N)}
    index.add(Document(*item) for item in texts.items())
    vectors = np.stack([encoder.vector(text) for text in texts.values()]).astype(np.float64)
    query = np.concatenate([np.ones(20), -np.ones(12)]).astype(np.float32) * direction
    for k in (5, 350):
        hits = index.search(query, k=k, metric="dot")
        products = np.sort(vectors @ query)[::-1][:k]
        np.testing.assert_allclose([hit.score for hit in hits], products, rtol=2e-6)


@pytest.mark.parametrize("metric", ["cosine", "dot"])
@pytest.mark.parametrize("where", ["n < 1", "n < 300", "n >= 0", "n > 5 AND n <> 20"])
def test_exact_or_not_the_answer_of_small_segments_is_that_of_brute_force(shelf, metric, where):
    index, chunks = shelf
    holds = {
        "n < 1": lambda n: n < 1,
        "n < 300": lambda n: n < 300,
        "n >= 0": lambda n: True,
        "n > 5 AND n <> 20": lambda n: n > 5 and n != 20,
    }[where]
    allowed = {place: vector for place, vector in chunks.items() if holds(int(place[0]))}
    query = np.random.default_rng(9).standard_normal(32).astype(np.float32)
    for exact in (False, True):
        hits = index.search(query, k=20, metric=metric, where=where, exact=exact)
        assert_answers(hits, brute_force(allowed, query, 20, metric))


class Alike(CountingEncoder):
    """Vectors whose cosines differ by less than float32 sums can tell."""

    def vector(self, text):
        return (np.ones(self.dim) + 1e-6 * super().vector(text)).astype(np.float32)


@pytest.mark.parametrize("k", [3, 20])
def test_scores_that_only_exact_sums_tell_apart_decide(tmp_path, k):
    encoder = Alike()
    index = Index.create(tmp_path / "index", model=encoder)
    texts = {f"{number:03}": f"word{number}" for number in range(N)}
    index.add(Document(*item) for item in texts.items())
    units = unit_rows(np.stack([encoder.vector(text) for text in texts.values()]))[0].astype(np.float64)
    for seed in range(8):
        query = np.random.default_rng(seed).random(32).astype(np.float32)
        scores = np.minimum(units @ unit_rows(query[None])[0][0].astype(np.float64), 1)
        found = [int(hit.document_id) for hit in index.search(query, k=k)]
        np.testing.assert_allclose(scores[found], np.sort(scores)[::-1][:k], rtol=0, atol=1e-14)
