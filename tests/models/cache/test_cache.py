from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.helpers.caches import DIM, assert_right, fill, known, vector_of
from tests.helpers.examples import examples
from vecsearch.models.cache import Cache, cache_folder
from vecsearch.types import Role


@pytest.fixture
def cache(tmp_path):
    kept = Cache(tmp_path / "kept")
    yield kept
    kept.close()


def reopened(cache: Cache) -> Cache:
    cache.close()
    return Cache(cache.path.parent)


def test_a_vector_comes_back_for_its_text_and_no_other(cache):
    fill(cache, ["one", "two"])
    found = known(cache, ["one", "three", "two"])
    assert set(found) == {"one", "two"}
    assert_right(found)


@settings(deadline=None, max_examples=examples(30))
@given(
    hnp.arrays(np.float32, (3, 5), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),
    st.lists(st.text(st.characters(exclude_categories=())), min_size=3, max_size=3, unique=True),
)
def test_vectors_are_kept_bit_by_bit(tmp_path_factory, vectors, texts):
    cache = Cache(tmp_path_factory.mktemp("bits"))
    cache.put("f", Role.QUERY, texts, vectors)
    cache.close()
    found = cache.get("f", Role.QUERY, texts, 5)
    cache.close()
    kept = [(text, vector) for text, vector in zip(texts, vectors, strict=True) if vector.any()]  # zero is no vector
    assert {text: vector.tobytes() for text, vector in found.items()} == {text: each.tobytes() for text, each in kept}
    assert all(vector.dtype == np.float32 for vector in found.values())


def test_fingerprint_role_and_dimension_are_kept_apart(cache):
    fill(cache, ["one"])
    assert cache.get("g", Role.DOCUMENT, ["one"], DIM) == {}
    assert cache.get("f", Role.QUERY, ["one"], DIM) == {}
    assert cache.get("f", Role.DOCUMENT, ["one"], DIM + 1) == {}


def test_the_last_vector_put_counts(cache):
    fill(cache, ["one"])
    cache.put("f", Role.DOCUMENT, ["one"], np.ones((1, DIM), np.float32))
    np.testing.assert_array_equal(known(cache, ["one"])["one"], np.ones(DIM))


def test_thousands_are_asked_for_at_once(cache):
    texts = [str(i) for i in range(2_500)]
    fill(cache, texts)
    found = known(reopened(cache), texts)
    assert len(found) == len(texts)
    assert_right(found)


def test_reading_a_cache_that_is_not_there_makes_nothing(tmp_path):
    cache = Cache(tmp_path / "nothing")
    assert known(cache, ["one"]) == {}
    assert known(cache, []) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_closed_cache_opens_again(cache):
    fill(cache, ["one"])
    cache.close()
    cache.close()
    assert_right(known(cache, ["one"]))


def test_threads_share_one_cache(cache):
    def work(number: int) -> None:
        for step in range(20):
            texts = [f"{number} {step} {i}" for i in range(5)]
            fill(cache, texts)
            found = known(cache, texts)
            assert len(found) == 5
            assert_right(found)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


def write_forever(folder: Path, number: int, started) -> None:
    cache = Cache(folder)
    for step in range(1_000_000):
        fill(cache, [f"{number} {step} {i}" for i in range(20)])
        started.set()


def write_and_read(folder: Path, number: int) -> None:
    cache = Cache(folder)
    for step in range(30):
        mine, shared = [f"{number} {step} {i}" for i in range(10)], [f"shared {step} {i}" for i in range(10)]
        fill(cache, mine + shared)
        found = known(cache, mine + shared)
        assert len(found) == 20
        assert_right(found)
    cache.close()


@pytest.mark.slow
def test_two_processes_write_and_read_at_once(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=write_and_read, args=(tmp_path, number)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    cache = Cache(tmp_path)
    texts = [f"{number} {step} {i}" for number in (0, 1, "shared") for step in range(30) for i in range(10)]
    assert len(known(cache, texts)) == len(texts)
    cache.close()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_a_killed_writer_leaves_the_cache_whole(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    for round_number in range(3):
        started = spawn.Event()
        process = spawn.Process(target=write_forever, args=(tmp_path, round_number, started))
        process.start()
        assert started.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        process.close()
        cache = Cache(tmp_path)
        first = [f"{round_number} 0 {i}" for i in range(20)]
        assert len(known(cache, first)) == 20
        assert_right(known(cache, [f"{round_number} {step} {i}" for step in range(500) for i in range(20)]))
        fill(cache, ["after"])
        assert_right(known(cache, ["after"]))
        cache.close()


TEXTS = [f"text {i}" for i in range(200)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a cache of 200 vectors of two models."""
    cache = Cache(tmp_path_factory.mktemp("whole"))
    fill(cache, TEXTS)
    fill(cache, TEXTS[:50], "g")
    cache.close()
    return cache.path.read_bytes()


def use_damaged(folder: Path, content: bytes) -> None:
    """Never a wrong vector, never an exception; what is put is found again, or the cache says that it cannot be."""
    folder.mkdir(exist_ok=True)
    for leftover in folder.iterdir():
        leftover.unlink()
    cache = Cache(folder)
    cache.path.write_bytes(content)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert_right(known(cache, TEXTS))
        fill(cache, ["new", *TEXTS[:20]])
        found = known(cache, ["new", *TEXTS])
        cache.close()
        again = Cache(folder)
        fill(again, ["new"])
        later = known(again, ["new", *TEXTS])
        again.close()
    assert_right(found)
    assert_right(later)
    assert "new" in found or said
    if sys.version_info >= (3, 11):  # before, SQLite's errors do not say enough to tell damage from a lock
        assert "new" in later, [str(warning.message) for warning in said]
    assert all(str(warning.message).startswith("vecsearch ") for warning in said)


def test_a_file_that_is_no_cache_is_replaced_with_a_warning(tmp_path):
    cache = Cache(tmp_path)
    cache.path.write_bytes(b"this is not a database, it is a letter to my aunt" * 100)
    with pytest.warns(RuntimeWarning, match=r"damaged.*vectors-2\.sqlite"):
        assert known(cache, ["one"]) == {}
    fill(cache, ["one"])
    assert_right(known(cache, ["one"]))
    cache.close()


def test_a_header_written_over_costs_no_more_than_the_vectors(tmp_path, whole):
    use_damaged(tmp_path / "c", b"\xff" * 100 + whole[100:])
    use_damaged(tmp_path / "c", b"\0" * 4096 + whole[4096:])


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_gives_no_wrong_vector(tmp_path, whole, share):
    use_damaged(tmp_path / "c", whole[: int(len(whole) * share)])


def test_an_empty_file_is_an_empty_cache(tmp_path):
    use_damaged(tmp_path / "c", b"")


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_flipped_bit_in_the_first_bytes_gives_no_wrong_vector(tmp_path, whole):
    for bit in random.Random(1).sample(range(8 * 110), examples(60)):
        use_damaged(tmp_path / "c", flipped(whole, bit))


@pytest.mark.slow
def test_a_flipped_bit_anywhere_gives_no_wrong_vector(tmp_path, whole):
    chance = random.Random(2)
    pages = range(0, len(whole), 4096)
    bits = [8 * (page + chance.randrange(48)) + chance.randrange(8) for page in pages for _ in range(8)]
    bits += [chance.randrange(8 * len(whole)) for _ in range(80)] + list(range(8 * 3900, 8 * 4096, 17))
    for bit in bits:
        use_damaged(tmp_path / "c", flipped(whole, bit))


def test_bits_swapped_between_vectors_are_not_believed(cache):
    fill(cache, ["one", "two"])
    cache.close()
    content = bytearray(cache.path.read_bytes())
    one, two = (content.index(vector_of(text).tobytes()) for text in ("one", "two"))
    content[one : one + 4 * DIM], content[two : two + 4 * DIM] = (
        content[two : two + 4 * DIM],
        content[one : one + 4 * DIM],
    )
    cache.path.write_bytes(content)
    assert known(cache, ["one", "two"]) == {}


def test_a_folder_that_is_a_file_is_said_once_and_work_goes_on(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    cache = Cache(tmp_path / "file")
    with pytest.warns(RuntimeWarning, match="works without its cache") as said:
        fill(cache, ["one"])
    fill(cache, ["two"])
    assert known(cache, ["one"]) == {}
    assert len(said) == 1


def test_a_cache_that_is_a_folder_is_said_and_work_goes_on(tmp_path):
    cache = Cache(tmp_path)
    cache.path.mkdir()
    with pytest.warns(RuntimeWarning, match="works without its cache"):
        assert known(cache, ["one"]) == {}
    fill(cache, ["one"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_is_said_and_work_goes_on(tmp_path):
    tmp_path.chmod(0o500)
    cache = Cache(tmp_path / "below")
    with pytest.warns(RuntimeWarning, match="works without its cache"):
        fill(cache, ["one"])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_file_that_cannot_be_written_is_said_and_work_goes_on(cache):
    fill(cache, ["one"])
    cache.close()
    cache.path.chmod(0o400)
    cache.path.parent.chmod(0o500)
    with pytest.warns(RuntimeWarning, match="works without its cache"):
        fill(cache, ["two"])


def test_a_write_waits_for_one_that_is_going_on(cache):
    fill(cache, ["one"])
    other = Cache(cache.path.parent)
    fill(other, ["two"])
    [held] = other._connections._idle
    held.execute("BEGIN IMMEDIATE")
    writer = threading.Thread(target=fill, args=(cache, ["three"]))
    writer.start()
    held.execute("COMMIT")
    writer.join()
    assert_right(known(other, ["one", "two", "three"]))
    assert len(known(other, ["one", "two", "three"])) == 3
    other.close()


def test_a_failing_write_keeps_nothing_of_itself(cache):
    fill(cache, ["one"])
    with pytest.raises(ValueError, match="zip"):
        cache.put("f", Role.DOCUMENT, ["two", "three"], np.ones((1, DIM), np.float32))
    assert set(known(cache, ["one", "two", "three"])) == {"one"}


def test_the_users_cache_is_where_the_environment_says(cache_folder, monkeypatch):
    from vecsearch.models.cache import cache_folder as place

    assert place() == cache_folder
    monkeypatch.delenv("VECSEARCH_CACHE")
    assert place().name == "vecsearch"


assert cache_folder  # the fixture of this name shadows it inside tests
