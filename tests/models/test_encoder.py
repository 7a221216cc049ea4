from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from vecsearch.errors import InvalidVector
from vecsearch.models.cache import Cache
from vecsearch.models.cached_encoding import encode_cached
from vecsearch.models.capabilities import fertility_of
from vecsearch.models.encoder import Fertility
from vecsearch.types import FloatArray, Role


class Remembered:
    """A cache in memory."""

    def __init__(self) -> None:
        self.vectors: dict[tuple[str, Role, str], FloatArray] = {}
        self.names: dict[str, str] = {}

    def get(self, fingerprint: str, role: Role, texts: Sequence[str], dim: int) -> dict[str, FloatArray]:
        keys = {text: (fingerprint, role, text) for text in texts}
        return {text: self.vectors[key] for text, key in keys.items() if key in self.vectors}

    def put(self, fingerprint: str, role: Role, texts: Sequence[str], vectors: FloatArray, model: str = "") -> None:
        self.names[fingerprint] = model
        self.vectors |= {(fingerprint, role, text): vector for text, vector in zip(texts, vectors, strict=True)}


class Spoiling:
    """The encoder it wraps, whose answers are changed."""

    def __init__(self, encoder, spoil) -> None:
        self._encoder, self._spoil = encoder, spoil
        self.name, self.dim, self.fingerprint = encoder.name, encoder.dim, encoder.fingerprint

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


def test_the_cache_is_told_the_name_of_the_model(encoder):
    cache = Remembered()
    encode_cached(encoder, cache, ["one"], Role.DOCUMENT, name=by_number)
    assert cache.names == {encoder.fingerprint: encoder.name}


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
        name, dim, fingerprint = "hashing", 4, "f"

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


class Partwise:
    """The encoder it wraps, whose vectors come in the parts that `plan` yields; `closed` when nobody listens."""

    def __init__(self, encoder, plan) -> None:
        self._encoder, self._plan = encoder, plan
        self.name, self.dim, self.fingerprint = encoder.name, encoder.dim, encoder.fingerprint
        self.closed = False

    def encode_parts(self, texts: Sequence[str], role: Role) -> Iterator[tuple[range, FloatArray]]:
        try:
            for rows in self._plan(len(texts)):
                batch = texts[rows.start : rows.stop]
                yield rows, self._encoder.encode(batch, role) if batch else np.empty((0, self.dim), np.float32)
        finally:
            self.closed = True


def by_four(n: int) -> Iterator[range]:
    """Parts of four, the last first, and between them nothing."""
    for first in reversed(range(0, n, 4)):
        yield range(0)
        yield range(first, min(first + 4, n))


def test_parts_may_come_in_any_order_and_each_is_cached_before_the_next(encoder, cache):
    texts = [f"text {i}" for i in range(10)]
    cached = []

    def done(n: int) -> None:
        cached.append(len(cache.get(encoder.fingerprint, Role.DOCUMENT, texts, encoder.dim)))

    result = encode_cached(Partwise(encoder, by_four), cache, texts, Role.DOCUMENT, name=by_number, done=done)
    np.testing.assert_array_equal(result.vectors, [encoder.vector(text) for text in texts])
    assert (result.encoded, result.cached) == (10, 0)
    assert cached == [0, 0, 2, 2, 6, 6, 10]


def test_parts_that_came_before_an_error_stay_in_the_cache(encoder, cache):
    def breaks(n: int) -> Iterator[range]:
        yield range(3)
        raise ConnectionError("it is gone")

    texts = ["one", "two", "four", "three"]
    with pytest.raises(ConnectionError, match="it is gone"):
        encode_cached(Partwise(encoder, breaks), cache, texts, Role.DOCUMENT, name=by_number)
    assert len(cache.get(encoder.fingerprint, Role.DOCUMENT, texts, encoder.dim)) == 3


def test_who_is_told_of_the_waiting_can_end_it(encoder, cache):
    partwise = Partwise(encoder, by_four)

    def done(n: int) -> None:
        if n == 0 and encoder.encoded:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode_cached(partwise, cache, list("abcdefghij"), Role.DOCUMENT, name=by_number, done=done)
    assert partwise.closed
    assert len(encoder.encoded) == 2


def test_a_text_that_no_part_has_is_missed(encoder, cache):
    partwise = Partwise(encoder, lambda n: [range(n - 1)])
    with pytest.raises(InvalidVector, match="counting returned vectors of 2 texts, expected 3"):
        encode_cached(partwise, cache, ["a", "b", "c"], Role.DOCUMENT, name=by_number)


def test_a_part_of_another_size_than_it_says_is_refused(encoder, cache):
    class Short(Partwise):
        def encode_parts(self, texts: Sequence[str], role: Role) -> Iterator[tuple[range, FloatArray]]:
            yield range(len(texts)), encoder.encode(texts[1:], role)

    with pytest.raises(InvalidVector, match=r"shape \(2, 32\), expected \(3, 32\)"):
        encode_cached(Short(encoder, by_four), cache, ["a", "b", "c"], Role.DOCUMENT, name=by_number)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ([], "the fertility of 0 texts, expected 1"),
        ([Fertility(float("nan"), contextual=True)], "returned nan characters per token"),
        ([Fertility(-1.0, contextual=True)], "returned -1.0 characters per token"),
    ],
)
def test_a_fertility_that_cannot_be_is_refused(told, message):
    class Telling(CountingEncoder):
        def fertility(self, texts):
            return told

    with pytest.raises(InvalidVector, match=message):
        fertility_of(Telling(), ["text"])
