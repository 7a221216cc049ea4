"""Shortened vectors: the first numbers of the model's, of length 1 again, and told apart from the whole ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.helpers.counting import CountingEncoder
from tests.helpers.encoder_contract import TEXTS, EncoderContract
from vecsearch import Index
from vecsearch.errors import InvalidOption, InvalidVector
from vecsearch.models.cache import Cache
from vecsearch.models.cached_encoding import encode_cached
from vecsearch.models.encoder import Encoder, PartwiseEncoder
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.shortened import Shortened, cut
from vecsearch.types import FloatArray, Role

ROWS = arrays.arrays(
    np.float32,
    st.tuples(st.integers(0, 6), st.integers(2, 12)),
    elements=st.floats(-(2.0**100), 2.0**100, width=32),
)


class TestShortened(EncoderContract):
    @pytest.fixture
    def made(self, tiny: Path) -> Encoder:
        return Shortened(load_encoder(str(tiny)), 12)

    def test_a_vector_is_the_models_first_numbers_of_length_1(self, made):
        whole = made.inner.encode(TEXTS, Role.QUERY)
        expected = whole[:, :12] / np.linalg.norm(whole[:, :12], axis=1, keepdims=True)
        np.testing.assert_allclose(made.encode(TEXTS, Role.QUERY), expected, atol=1e-5)

    def test_name_limit_and_spans_are_the_models(self, made):
        assert (made.name, made.max_tokens) == (made.inner.name, made.inner.max_tokens)
        for spans, expected in zip(made.token_spans(TEXTS), made.inner.token_spans(TEXTS), strict=True):
            np.testing.assert_array_equal(spans, expected)


class Normalised(CountingEncoder):
    """Its vectors have length 1."""

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        vectors = super().encode(texts, role)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class InParts(Normalised):
    """Gives two texts at a time, as an endpoint does."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def encode_parts(self, texts: Sequence[str], role: Role) -> Iterator[tuple[range, FloatArray]]:
        try:
            yield range(0), np.empty((0, self.dim), np.float32)
            for first in range(0, len(texts), 2):
                rows = range(first, min(first + 2, len(texts)))
                yield rows, self.encode(texts[rows.start : rows.stop], role)
        finally:
            self.closed = True


@given(ROWS, st.data())
def test_cut_rows_are_what_float64_makes_of_them(rows: FloatArray, data: st.DataObject) -> None:
    dim = data.draw(st.integers(1, rows.shape[1]))
    short = cut(rows, dim)
    assert short.dtype == np.float32
    assert short.shape == (len(rows), dim)
    for row, found in zip(rows.astype(np.float64), short, strict=True):
        length, left = np.linalg.norm(row), np.linalg.norm(row[:dim])
        renormalised = dim < len(row) and abs(length - 1) <= 0.01 and left > 0
        np.testing.assert_allclose(found, row[:dim] / left if renormalised else row[:dim], rtol=1e-6)


@given(ROWS, st.data())
def test_unit_rows_stay_unit_rows_and_point_the_same_way(rows: FloatArray, data: st.DataObject) -> None:
    wide = rows.astype(np.float64)
    units = (wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-300)).astype(np.float32)
    dim = data.draw(st.integers(1, rows.shape[1] - 1))
    kept = np.linalg.norm(units[:, :dim].astype(np.float64), axis=1) > 0
    short = cut(units, dim)[kept].astype(np.float64)
    np.testing.assert_allclose(np.linalg.norm(short, axis=1), 1, atol=1e-6)
    cosines = (short * units[kept, :dim]).sum(axis=1) / np.linalg.norm(units[kept, :dim].astype(np.float64), axis=1)
    np.testing.assert_allclose(cosines, 1, atol=1e-6)


def test_lengths_that_half_precision_left_near_1_are_lengths_of_1():
    units = np.array([[0.6, 0.8, 0.0], [0.0, 0.6, 0.8]], np.float32) * np.float32(1.004)
    np.testing.assert_allclose(np.linalg.norm(cut(units, 2), axis=1), 1, atol=1e-6)


def test_vectors_of_other_lengths_keep_the_numbers_they_have():
    counting = CountingEncoder()
    whole = counting.encode(["red house", "green tree"], Role.DOCUMENT)
    np.testing.assert_array_equal(
        Shortened(counting, 5).encode(["red house", "green tree"], Role.DOCUMENT), whole[:, :5]
    )


def test_a_row_of_which_nothing_is_left_is_zero_and_said_to_be(tmp_path):
    class Sparse(CountingEncoder):
        def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
            return np.tile(np.eye(self.dim, dtype=np.float32)[-1], (len(texts), 1))

    short = Shortened(Sparse(), 4)
    np.testing.assert_array_equal(short.encode(["a"], Role.QUERY), np.zeros((1, 4), np.float32))
    with pytest.raises(InvalidVector, match="the vector of notes is zero"):
        encode_cached(short, Cache(tmp_path), ["a"], Role.DOCUMENT, name=lambda _: "notes")


@pytest.mark.parametrize("dim", [0, -1, 33, 1000])
def test_a_dimension_that_the_model_does_not_have_is_refused_naming_both(dim: int) -> None:
    with pytest.raises(InvalidOption, match=f"dim is {dim}, expected 1 to 32: counting has 32 dimensions"):
        Shortened(CountingEncoder(), dim)


def test_an_answer_of_another_dimension_than_the_model_says_is_not_cut_to_fit():
    class Wrong(CountingEncoder):
        def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
            return np.ones((len(texts), 40), np.float32)

    with pytest.raises(InvalidVector, match=r"counting gave vectors of shape \(2, 40\), expected \(n, 32\)"):
        Shortened(Wrong(), 8).encode(["a", "b"], Role.QUERY)


def test_a_fingerprint_is_equal_exactly_where_vectors_can_be_compared():
    counting = CountingEncoder()
    prints = {Shortened(counting, dim).fingerprint for dim in range(1, 33)}
    assert len(prints) == 32
    assert Shortened(counting, 32).fingerprint == counting.fingerprint
    assert Shortened(counting, 8).fingerprint == Shortened(CountingEncoder(), 8).fingerprint
    assert Shortened(counting, 8).fingerprint != Shortened(CountingEncoder("other"), 8).fingerprint
    expected = hashlib.sha256(f"{counting.fingerprint} first 8".encode()).hexdigest()
    assert Shortened(counting, 8).fingerprint == expected  # it is in people's indexes


def test_shortened_twice_is_shortened_once():
    encoder = Normalised()
    twice, once = Shortened(Shortened(encoder, 16), 8), Shortened(encoder, 8)
    assert twice.fingerprint == once.fingerprint
    np.testing.assert_array_equal(twice.encode(["red"], Role.QUERY), once.encode(["red"], Role.QUERY))
    with pytest.raises(InvalidOption, match="expected 1 to 16"):
        Shortened(Shortened(encoder, 16), 17)


@pytest.mark.parametrize("encoder", [Normalised(), InParts()], ids=["whole", "in parts"])
def test_parts_come_as_the_models_do_and_are_the_same_vectors(encoder: CountingEncoder) -> None:
    short = Shortened(encoder, 6)
    assert isinstance(short, PartwiseEncoder)
    texts = [f"text {n}" for n in range(300)]
    parts = list(short.encode_parts(texts, Role.DOCUMENT))
    assert [row for rows, _ in parts for row in rows] == list(range(300))
    assert all(part.shape == (len(rows), 6) for rows, part in parts)
    np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), short.encode(texts, Role.DOCUMENT))


def test_closing_the_parts_ends_the_models_work():
    encoder = InParts()
    parts = Shortened(encoder, 6).encode_parts(["a", "b", "c"], Role.DOCUMENT)
    next(parts)
    parts.close()
    assert encoder.closed


def test_an_index_of_shortened_vectors_finds_what_the_whole_ones_find_and_has_their_dimension(tmp_path):
    index = Index.create(tmp_path / "index", model=Shortened(Normalised(), 24))
    index.add(["cats purr and sleep", "dogs bark at night", "birds sing at dawn"])
    assert index.info().dim == 24
    [hit] = index.search("dogs bark", k=1)
    assert (hit.text, -1 <= hit.similarity <= 1) == ("dogs bark at night", True)
