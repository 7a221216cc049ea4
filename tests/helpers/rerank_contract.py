"""What holds for every reranker, whatever runs it: subclass RerankerContract and give it a `made`."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import numpy as np
import pytest

from vecsearch.models.rerank import Reranker, checked_scores

QUERY = "red house"
TEXTS = [
    "a red house, a green tree.",
    "tree",
    "The quick brown fox jumps over the lazy dog.",
    "",
    " \n",
    "green river house " * 12,
    "Grüße, 東京 🌳 e\u0301",
    "house: red",
]


class RerankerContract:
    """A score belongs to a query and a text, whatever the batch, the order or the thread."""

    tolerance = 1e-5  # what the score of a text may differ by in another batch
    opens = "vecsearch.models.rerank.graph_reranker.PairTokenizer"  # called each time that a model is opened

    @pytest.fixture
    def made(self) -> Reranker:
        """The reranker that is tested."""
        raise NotImplementedError

    def test_each_text_has_a_finite_score(self, made):
        scores = made.scores(QUERY, TEXTS)
        assert scores.shape == (len(TEXTS),)
        assert np.isfinite(scores).all()
        assert np.ptp(scores) > 10 * self.tolerance

    def test_no_texts_have_no_scores(self, made):
        assert made.scores(QUERY, []).shape == (0,)

    def test_a_text_has_one_score_in_any_batch_and_order(self, made):
        texts = TEXTS * 20
        alone = [made.scores(QUERY, [text])[0] for text in TEXTS]
        np.testing.assert_allclose(made.scores(QUERY, texts), alone * 20, atol=self.tolerance)
        np.testing.assert_allclose(made.scores(QUERY, texts[::-1])[::-1], alone * 20, atol=self.tolerance)

    def test_query_and_text_have_their_own_sides(self, made):
        assert abs(made.scores("red house", ["tree"])[0] - made.scores("tree", ["red house"])[0]) > self.tolerance

    def test_threads_may_score_at_the_same_time(self, made):
        with ThreadPoolExecutor(4) as workers:
            several = list(workers.map(lambda _: made.scores(QUERY, TEXTS), range(6)))
        np.testing.assert_allclose(several, [several[0]] * 6, atol=self.tolerance)

    def test_threads_that_arrive_together_open_the_model_once(self, made, monkeypatch):
        opened, together, (module, name) = [], threading.Barrier(8), self.opens.rsplit(".", 1)
        original = getattr(import_module(module), name)

        def counting(*arguments):
            opened.append(arguments)
            time.sleep(0.05)  # time for the others to arrive
            return original(*arguments)

        def first_score(_):
            together.wait()
            return made.scores(QUERY, TEXTS)

        monkeypatch.setattr(self.opens, counting)
        with ThreadPoolExecutor(8) as workers:
            first = list(workers.map(first_score, range(8)))
        assert len(opened) == 1
        np.testing.assert_allclose(first, [made.scores(QUERY, TEXTS)] * 8, atol=self.tolerance)

    def test_half_a_surrogate_pair_is_read_as_the_replacement_sign(self, made):
        broken = made.scores("red \udc00", ["red \ud83d tree"])
        np.testing.assert_allclose(broken, made.scores("red \ufffd", ["red \ufffd tree"]), atol=self.tolerance)

    def test_what_follows_the_limit_is_not_read(self, made):
        long = "red house green tree " * 300
        first, second = made.scores(QUERY, [f"{long}river", f"{long}house tree"])
        assert first == pytest.approx(second, abs=self.tolerance)

    def test_a_long_query_leaves_room_for_the_text(self, made):
        first, second = made.scores("red house green tree " * 300, ["river", "house"])
        assert abs(first - second) > self.tolerance

    def test_a_blank_query_has_scores(self, made):
        assert np.isfinite(made.scores("", TEXTS)).all()

    def test_its_scores_pass_the_check_of_any_reranker(self, made):
        np.testing.assert_allclose(checked_scores(made, QUERY, TEXTS), made.scores(QUERY, TEXTS), atol=self.tolerance)
        assert made.name
