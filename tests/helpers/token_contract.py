"""What holds for every encoder that shows its tokens: subclass TokenVectorsContract and give it a `made`."""

from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.encoder_contract import TEXTS
from vecsearch.models.encoder import Encoder, TokenVectors, TokenwiseEncoder
from vecsearch.types import Role


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def pieces(text: str, tokens: TokenVectors) -> list[str]:
    return [text[start:end] for start, end in tokens.spans.tolist()]


def shown(text: str, tokens: TokenVectors) -> str:
    """The characters that tokens stand for, without blanks."""
    covered = {place for start, end in tokens.spans.tolist() for place in range(start, end)}
    return "".join(sign for place, sign in enumerate(text) if place in covered and not sign.isspace())


class TokenVectorsContract:
    """Tokens stand in the text in their order, and have the vectors they have alone."""

    tolerance = 1e-5

    @pytest.fixture
    def made(self) -> Encoder:
        """The encoder that is tested."""
        raise NotImplementedError

    def test_it_says_that_it_shows_them(self, made):
        assert isinstance(made, TokenwiseEncoder)
        assert made.token_vectors([], Role.QUERY) == []

    def test_spans_are_places_in_the_text_in_order(self, made):
        for text, tokens in zip(TEXTS, made.token_vectors(TEXTS, Role.DOCUMENT), strict=True):
            assert tokens.spans.dtype == np.int64
            assert tokens.spans.shape == (len(tokens.vectors), 2)
            assert (tokens.spans[:, 0] < tokens.spans[:, 1]).all()
            assert (np.diff(tokens.spans[:, 0]) >= 0).all()
            assert tokens.spans.max(initial=0) <= len(text)

    def test_vectors_are_float32_rows_of_length_1(self, made):
        found = made.token_vectors(TEXTS, Role.QUERY)
        assert {tokens.vectors.dtype for tokens in found} == {np.dtype(np.float32)}
        assert len({tokens.vectors.shape[1] for tokens in found if len(tokens.spans)}) == 1
        lengths = np.concatenate([np.linalg.norm(tokens.vectors, axis=1) for tokens in found if len(tokens.spans)])
        np.testing.assert_allclose(lengths, 1, atol=1e-6)

    def test_a_text_has_the_same_tokens_alone_and_among_others(self, made):
        together = made.token_vectors(TEXTS * 5, Role.DOCUMENT)
        alone = [made.token_vectors([text], Role.DOCUMENT)[0] for text in TEXTS] * 5
        for first, second in zip(together, alone, strict=True):
            np.testing.assert_array_equal(first.spans, second.spans)
            np.testing.assert_allclose(first.vectors, second.vectors, atol=self.tolerance)

    def test_different_words_have_different_vectors(self, made):
        [tokens] = made.token_vectors(["red tree"], Role.DOCUMENT)
        assert pieces("red tree", tokens) == ["red", "tree"]
        assert np.abs(tokens.vectors[0] - tokens.vectors[1]).max() > 10 * self.tolerance

    def test_a_blank_text_has_none(self, made):
        assert [len(tokens.spans) for tokens in made.token_vectors(["", " \n\t"], Role.QUERY)] == [0, 0]

    def test_half_a_surrogate_pair_keeps_the_places(self, made):
        [tokens] = made.token_vectors(["\ud83d red tree"], Role.DOCUMENT)
        assert pieces("? red tree", tokens)[-2:] == ["red", "tree"]
