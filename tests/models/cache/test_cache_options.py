"""How large a cache may be and how exactly it keeps: said in the environment, as an argument, or not at all."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.helpers.caches import DIM, assert_right, fill, known, vector_of
from vecsearch import Index
from vecsearch.errors import InvalidOption
from vecsearch.models.cache import Cache
from vecsearch.models.cache.options import bytes_in
from vecsearch.types import FloatArray, Role


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("500MB", 500_000_000),
        (" 4 gb ", 4_000_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("12", 12),
        ("12B", 12),
        ("2k", 2_000),
        ("3KiB", 3_072),
        ("1TB", 10**12),
        ("0", 0),
        (0, 0),
        (123_456, 123_456),
    ],
)
def test_a_size_is_a_number_and_a_unit(written, size):
    assert bytes_in(written) == size


@given(st.integers(0, 10**6), st.integers(0, 9), st.sampled_from(["", "K", "M", "G", "T"]), st.booleans())
def test_a_size_is_what_decimal_arithmetic_makes_of_it(whole, tenths, unit, binary):
    factor = (1024 if binary and unit else 1000) ** " KMGT".index(unit or " ")
    written = f"{whole}.{tenths}{unit}{'i' if binary and unit else ''}B"
    assert bytes_in(written) == pytest.approx(int(Decimal(f"{whole}.{tenths}") * factor), abs=1, rel=1e-12)


@pytest.mark.parametrize("written", ["", "MB", "-1", -1, "4 gigabytes", "1e9", "nan", "inf", "1iB", "4GB!", "٤GB"])
def test_what_is_no_size_is_refused_with_an_example(written):
    with pytest.raises(InvalidOption, match="500MB") as refused:
        bytes_in(written)
    assert "\n" not in str(refused.value)


def test_a_cache_has_ten_gigabytes_unless_it_is_told(tmp_path, monkeypatch):
    assert Cache(tmp_path).info().size == 10_000_000_000
    monkeypatch.setenv("VECSEARCH_CACHE_SIZE", "500MB")
    assert Cache(tmp_path).info().size == 500_000_000
    assert Cache(tmp_path, size="1GB").info().size == 1_000_000_000
    monkeypatch.setenv("VECSEARCH_CACHE_SIZE", "")
    assert Cache(tmp_path).info().size == 10_000_000_000


@pytest.mark.parametrize("name", ["VECSEARCH_CACHE_SIZE", "VECSEARCH_CACHE_PRECISION"])
def test_a_bad_value_in_the_environment_is_named_when_an_index_is_made(tmp_path, monkeypatch, encoder, name):
    monkeypatch.setenv(name, "plenty")
    with pytest.raises(InvalidOption, match=rf"\${name}: .*'plenty'") as refused:
        Index.create(tmp_path / "index", model=encoder)
    assert "\n" not in str(refused.value)


def test_a_precision_that_is_none_is_refused(tmp_path):
    with pytest.raises(InvalidOption, match="'int8'; one of: float32, float16"):
        Cache(tmp_path, precision="int8")


def test_with_size_0_nothing_is_kept_or_read_and_no_file_is_made(tmp_path):
    cache = Cache(tmp_path / "none", size=0)
    fill(cache, ["one"])
    assert known(cache, ["one"]) == {}
    assert list(tmp_path.iterdir()) == []
    full = Cache(tmp_path)
    fill(full, ["one"])
    full.close()
    assert known(Cache(tmp_path, size="0"), ["one"]) == {}
    assert_right(known(Cache(tmp_path), ["one"]))


def half(vectors: FloatArray) -> FloatArray:
    return vectors.astype(np.float16).astype(np.float32)


def kept(folder, vectors: FloatArray, precision: str) -> FloatArray:
    """What a cache of this precision gives back of vectors."""
    texts = [str(row) for row in range(len(vectors))]
    cache = Cache(folder, precision=precision)
    cache.put("f", Role.DOCUMENT, texts, vectors)
    cache.close()
    found = Cache(folder).get("f", Role.DOCUMENT, texts, vectors.shape[1])
    return np.stack([found[text] for text in texts])


def test_a_cache_of_float16_gives_back_float32_rounded_to_it(tmp_path):
    vectors = np.random.default_rng(0).standard_normal((200, 384)).astype(np.float32)
    found = kept(tmp_path, vectors, "float16")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, half(vectors))
    cosines = (found * vectors).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(vectors, axis=1)
    assert cosines.min() > 0.999999


def test_float16_is_chosen_in_the_environment(tmp_path, monkeypatch):
    vectors = np.random.default_rng(0).standard_normal((2, DIM)).astype(np.float32)
    monkeypatch.setenv("VECSEARCH_CACHE_PRECISION", "float16")
    np.testing.assert_array_equal(kept(tmp_path / "half", vectors, None), half(vectors))
    np.testing.assert_array_equal(kept(tmp_path / "full", vectors, "float32"), vectors)


def test_float16_takes_half_the_bytes(tmp_path):
    sizes = {}
    for precision in ("float32", "float16"):
        cache = Cache(tmp_path / precision, precision=precision)
        fill(cache, [f"{number}" for number in range(1_000)], dim=384)
        [model] = cache.info().models
        cache.close()
        sizes[precision] = cache.info().bytes
        assert model.bytes == 1_000 * 384 * (4 if precision == "float32" else 2)
    assert sizes["float16"] < 0.56 * sizes["float32"]


def test_what_was_put_as_float32_and_as_float16_is_read_from_one_cache(tmp_path):
    full, small = Cache(tmp_path), Cache(tmp_path, precision="float16")
    fill(full, ["one", "two"])
    fill(small, ["two", "three"])
    for reader in (full, small):
        found = known(reader, ["one", "two", "three"])
        assert_right({"one": found["one"]})
        for text in ("two", "three"):
            np.testing.assert_array_equal(found[text], half(vector_of(text)))
    fill(full, ["three"])
    assert_right(known(small, ["three"]))
    full.close()
    small.close()


@pytest.mark.parametrize("value", [65_520.0, 1e30, -1e38, 1e-7, 1e-30, 1e-45])
def test_a_vector_that_float16_would_spoil_is_kept_as_it_is(tmp_path, value):
    vectors = np.full((2, DIM), value, np.float32)
    vectors[0] = 1.0
    assert kept(tmp_path, vectors, "float16").tobytes() == vectors.tobytes()


NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(hnp.arrays(np.float32, (3, 5), elements=NUMBERS).filter(lambda vectors: vectors.any(axis=1).all()))
def test_float16_never_moves_a_vector_by_more_than_a_thousandth(tmp_path_factory, vectors):
    found = kept(tmp_path_factory.mktemp("half"), vectors, "float16")
    for stored, vector in zip(found, vectors, strict=True):
        if stored.tobytes() != vector.tobytes():
            exact = vector.astype(np.float64)
            assert np.linalg.norm(stored - exact) < 1.001e-3 * np.linalg.norm(exact)
