from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vecsearch.cache import Cache
from vecsearch.encoding import encode_cached
from vecsearch.errors import InvalidVector
from vecsearch.types import FloatArray, Role


class Remembered:
    """A cache in memory."""

    def __init__(self) -> None:
        self.vectors: dict[tuple[str, Role, str], FloatArray] = {}

    def get(self, fingerprint: str, role: Role, texts: Sequence[str], dim: int) -> dict[str, FloatArray]:
        keys = {text: (fingerprint, role, text) for text in texts}
        return {text: self.vectors[key] for text, key in keys.items() if key in self.vectors}

    def put(self, fingerprint: str, role: Role, texts: Sequence[str], vectors: FloatArray) -> None:
        self.vectors |= {(fingerprint, role, text): vector for text, vector in zip(texts, vectors, strict=True)}


class Spoiling:
    """The encoder it wraps, whose answers are changed."""

    def __init__(self, encoder, spoil) -> None:
        self._encoder, self._spoil = encoder, spoil
        self.dim, self.fingerprint = encoder.dim, encoder.fingerprint

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        return self._spoil(texts, self._encoder.encode(texts, role))


@pytest.fixture(params=["memory", "file"])
def cache(request, tmp_path):
    if request.param == "memory":
        yield Remembered()
        return
    kept = Cache(tmp_path)
    yield kept
    kept.close()


def by_number(i: int) -> str:
    return f"text {i}"


@pytest.fixture
def make(encoder):
    """A maker of encoders like `encoder`."""
    return lambda *args: type(encoder)(*args)


def test_vectors_are_in_the_order_of_the_texts(encoder, cache):
    texts = ["short", "a text that is longer", "mid size text", "x"]
    result = encode_cached(encoder, cache, texts, Role.DOCUMENT, name=by_number)
    np.testing.assert_array_equal(result.vectors, [encoder.vector(text) for text in texts])
    assert (result.encoded, result.cached) == (4, 0)


def test_equal_texts_are_encoded_once_and_have_a_vector_each(encoder, cache):
    result = encode_cached(encoder, cache, ["one", "two", "one", "one"], Role.DOCUMENT, name=by_number)
    assert sorted(encoder.encoded) == ["one", "two"]
    np.testing.assert_array_equal(result.vectors[[0, 2, 3]], [encoder.vector("one")] * 3)
    assert (result.encoded, result.cached) == (2, 2)


def test_what_was_encoded_once_is_not_encoded_again(encoder, cache):
    first = encode_cached(encoder, cache, ["one", "two"], Role.DOCUMENT, name=by_number)
    encoder.encoded.clear()
    second = encode_cached(encoder, cache, ["two", "three", "one"], Role.DOCUMENT, name=by_number)
    assert encoder.encoded == ["three"]
    np.testing.assert_array_equal(second.vectors[[2, 0]], first.vectors)
    assert (second.encoded, second.cached) == (1, 2)


def test_roles_are_kept_apart(encoder, cache):
    encode_cached(encoder, cache, ["one"], Role.DOCUMENT, name=by_number)
    assert encode_cached(encoder, cache, ["one"], Role.QUERY, name=by_number).encoded == 1


def test_models_are_kept_apart(make, cache):
    encode_cached(make("a"), cache, ["one"], Role.DOCUMENT, name=by_number)
    assert encode_cached(make("b"), cache, ["one"], Role.DOCUMENT, name=by_number).encoded == 1
    assert encode_cached(make("a"), cache, ["one"], Role.DOCUMENT, name=by_number).encoded == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_a_bad_vector_is_named_by_its_text_and_not_cached(encoder, cache, value):
    texts = ["good one here", "bad", "other good one"]

    def spoil(batch: Sequence[str], vectors: FloatArray) -> FloatArray:
        vectors[list(batch).index("bad")] = value
        return vectors

    with pytest.raises(InvalidVector, match="text 1 "):
        encode_cached(Spoiling(encoder, spoil), cache, texts, Role.DOCUMENT, name=by_number)
    assert "bad" not in cache.get(encoder.fingerprint, Role.DOCUMENT, texts, encoder.dim)


@pytest.mark.parametrize(
    "spoil", [lambda _, v: v[:, :-1], lambda _, v: v[:-1], lambda _, v: v[0], lambda *_: None], ids=range(4)
)
def test_an_answer_of_another_shape_is_refused(encoder, cache, spoil):
    with pytest.raises(InvalidVector, match=r"shape|numbers"):
        encode_cached(Spoiling(encoder, spoil), cache, ["one", "two"], Role.DOCUMENT, name=by_number)


def test_what_was_encoded_before_an_error_stays_in_the_cache(encoder, cache):
    texts = [f"text {'x' * i}" for i in range(300)]
    shortest = min(texts, key=len)

    def fail(batch: Sequence[str], vectors: FloatArray) -> FloatArray:
        if shortest in batch:
            raise RuntimeError("the model broke")
        return vectors

    with pytest.raises(RuntimeError, match="the model broke"):
        encode_cached(Spoiling(encoder, fail), cache, texts, Role.DOCUMENT, name=by_number)
    encoder.encoded.clear()
    result = encode_cached(encoder, cache, texts, Role.DOCUMENT, name=by_number)
    assert 0 < result.encoded == len(encoder.encoded) < 150
    np.testing.assert_array_equal(result.vectors, [encoder.vector(text) for text in texts])


@settings(deadline=None)
@given(st.lists(st.text("ab", min_size=1, max_size=6), max_size=400), st.lists(st.text("ab", min_size=1), max_size=20))
def test_done_and_counts_sum_to_the_number_of_texts(texts, before):
    from_hash = np.random.default_rng(0).standard_normal((1000, 4)).astype(np.float32)

    class Encoder:
        dim, fingerprint = 4, "f"

        def encode(self, batch: Sequence[str], role: Role) -> FloatArray:
            return from_hash[[hash(text) % 1000 for text in batch]]

    cache, told = Remembered(), []
    encode_cached(Encoder(), cache, before, Role.DOCUMENT, name=by_number)
    result = encode_cached(Encoder(), cache, texts, Role.DOCUMENT, name=by_number, done=told.append)
    assert sum(told) == len(texts) == result.encoded + result.cached
    assert result.encoded == len(set(texts) - set(before))
    np.testing.assert_array_equal(result.vectors, from_hash[[hash(text) % 1000 for text in texts]].reshape(-1, 4))


def test_a_long_text_is_encoded_before_a_short_one(encoder, cache):
    encode_cached(encoder, cache, ["a", "aaa", "aa"], Role.DOCUMENT, name=by_number)
    assert encoder.encoded == ["aaa", "aa", "a"]


def test_no_texts_need_no_model(encoder, cache):
    result = encode_cached(encoder, cache, [], Role.QUERY, name=by_number)
    assert result.vectors.shape == (0, encoder.dim)
    assert encoder.encoded == []
