"""What holds for every encoder, whatever runs it: subclass EncoderContract and give it a `make`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from threading import Barrier

import numpy as np
import pytest

from vecsearch.models.capabilities import fertility_of, token_vectors_of
from vecsearch.models.encoder import Encoder
from vecsearch.types import Role

TEXTS = [
    "red house",
    "a green tree, a blue river.",
    "The quick brown fox jumps over the lazy dog.",
    "tree",
    "the house: red",
    "green river house " * 12,
    "",
    "Grüße, 東京 🌳 e\u0301",
]


def unit_vectors(encoder: Encoder, texts: list[str]) -> list[np.ndarray]:
    vectors = encoder.encode(texts, Role.QUERY)
    return list(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def token_vectors(encoder: Encoder, texts: list[str]) -> list[np.ndarray]:
    shown = token_vectors_of(encoder, texts, Role.DOCUMENT)
    return [values for tokens in shown for values in (tokens.spans, tokens.vectors)]


ANSWERS = (unit_vectors, token_vectors, lambda encoder, texts: encoder.token_spans(texts), fertility_of)


class EncoderContract:
    """Vectors are the model's, whatever the batch, the order or the thread."""

    tolerance = 1e-5  # of each number of a vector of length 1; vectors of another batch may differ by so much

    @pytest.fixture
    def made(self) -> Encoder:
        """The encoder that is tested."""
        raise NotImplementedError

    def unit(self, made: Encoder, texts: list[str], role: Role = Role.DOCUMENT) -> np.ndarray:
        vectors = made.encode(texts, role)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def test_vectors_are_finite_float32_rows_of_the_dimension_it_names(self, made):
        vectors = made.encode(TEXTS, Role.DOCUMENT)
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(TEXTS), made.dim)
        assert np.isfinite(vectors).all()
        assert (np.linalg.norm(vectors, axis=1) > 0).all()

    def test_no_texts_make_an_array_of_no_rows(self, made):
        assert made.encode([], Role.QUERY).shape == (0, made.dim)

    def test_a_text_has_one_vector_in_any_batch_and_order(self, made):
        texts = TEXTS * 20
        together = self.unit(made, texts)
        backwards = self.unit(made, texts[::-1])[::-1]
        alone = np.concatenate([self.unit(made, [text]) for text in TEXTS])
        np.testing.assert_allclose(together, np.tile(alone, (20, 1)), atol=self.tolerance)
        np.testing.assert_allclose(together, backwards, atol=self.tolerance)

    def test_different_texts_have_different_vectors(self, made):
        vectors = self.unit(made, ["red house", "green tree"])
        assert np.abs(vectors[0] - vectors[1]).max() > 3 * self.tolerance

    def test_threads_that_use_it_at_once_from_the_first_call_on_get_the_answers_of_one_thread(self, made):
        """All calls at once, on an encoder that nobody has used: what is opened late is opened amid the others."""
        batches = [TEXTS, TEXTS[:3] * 7]
        calls = [partial(answer, made, texts) for texts in batches for answer in ANSWERS] * 2
        barrier = Barrier(len(calls))

        def run(call):
            barrier.wait()
            return call()

        with ThreadPoolExecutor(len(calls)) as workers:
            together = list(workers.map(run, calls))
        for call, answers in zip(calls, together, strict=True):
            self.assert_alike(answers, call())

    def assert_alike(self, answers, expected):
        assert len(answers) == len(expected)
        for answer, other in zip(answers, expected, strict=True):
            assert np.shape(answer) == np.shape(other)
            np.testing.assert_allclose(answer, other, atol=self.tolerance)

    def test_half_a_surrogate_pair_is_read_as_the_replacement_sign(self, made):
        broken, whole = self.unit(made, ["red \ud83d tree", "red \ufffd tree"])
        np.testing.assert_allclose(broken, whole, atol=self.tolerance)

    def test_spans_are_places_in_the_text_in_order(self, made):
        for text, spans in zip(TEXTS, made.token_spans(TEXTS), strict=True):
            assert spans.dtype == np.int64
            assert spans.shape[1] == 2
            assert (spans[:, 0] <= spans[:, 1]).all()
            assert all(before[0] <= after[0] for before, after in pairwise(spans.tolist()))
            assert spans.max(initial=0) <= len(text)
            covered = {position for start, end in spans for position in range(start, end)}
            assert all(position in covered for position, sign in enumerate(text) if sign.isascii() and sign.isalpha())

    def test_no_more_of_a_text_is_read_than_it_says(self, made):
        if made.max_tokens > 10_000:
            pytest.skip("it reads texts of any length")
        words = "red house green tree " * made.max_tokens
        cut = made.token_spans([words])[0][made.max_tokens - 1, 1]
        whole, longer = self.unit(made, [words[:cut], words])
        np.testing.assert_allclose(whole, longer, atol=self.tolerance)

    def test_how_well_it_reads_a_text_does_not_depend_on_the_texts_beside_it(self, made):
        together = fertility_of(made, TEXTS)
        assert together == [fertility_of(made, [text])[0] for text in TEXTS]
        assert fertility_of(made, []) == []
        assert all(letters >= 0 for letters, _ in together)
        assert len({contextual for _, contextual in together}) == 1

    def test_half_a_surrogate_pair_is_no_hindrance_to_saying_how_well_it_reads(self, made):
        broken, whole = fertility_of(made, ["red \ud83d tree", "red \ufffd tree"])
        assert broken == whole

    def test_its_facts_are_those_of_any_encoder(self, made):
        assert made.name
        assert made.dim > 0
        assert made.max_tokens > 0
        assert len(made.fingerprint) == 64
        assert int(made.fingerprint, 16) >= 0
