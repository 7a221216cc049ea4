"""A cache that is interrupted while it writes or makes room, or is used by many at once, stays whole."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import warnings
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.helpers.caches import assert_whole, fill_wide, known_wide
from vecsearch.errors import CacheUnusable
from vecsearch.models.cache import Cache, tables

SMALL = 2_000_000
LESS = 1_500_000
ONE_PUT = 200_000
STEPS = 12  # puts that are more than a small cache has room for


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Path:
    """The folder of a cache of twelve hundred vectors, those of the first hundreds used least recently."""
    folder = tmp_path_factory.mktemp("full")
    hours = iter(range(100))
    with closing(Cache(folder, clock=lambda: 3600.0 * next(hours))) as cache:
        for step in range(STEPS):
            fill_wide(cache, step)
    return folder


def prune(cache: Cache) -> None:
    cache.prune(max_size="1MB")


def put(cache: Cache) -> None:
    fill_wide(cache, "new")


def interrupted(change, cache: Cache, at: int) -> bool:
    """Whether SQLite had so many hundreds of steps to do that it gave up."""
    signs = iter(range(1, at + 1))
    assert known_wide(cache, STEPS - 1) == 100
    [connection] = cache._connections._idle
    connection.set_progress_handler(lambda: next(signs, at) == at, 200)
    with warnings.catch_warnings(record=True) as said, suppress(CacheUnusable):
        warnings.simplefilter("always")
        change(cache)
        assert not said or "interrupted" in str(said[0].message)
    cache.close()
    return next(signs, None) is None


@pytest.mark.slow
@pytest.mark.parametrize("change", [prune, put])
def test_wherever_a_change_is_interrupted_whole_puts_are_left_and_it_can_be_made_again(tmp_path, full, change):
    at = 1
    while interrupted(change, cache := Cache(shutil.copytree(full, tmp_path / str(at)), size=LESS), at):
        assert_whole(cache.path)
        with closing(Cache(cache.path.parent, size=LESS)) as after:
            counts = [known_wide(after, step) for step in range(STEPS)]
            assert counts == sorted(counts)
            assert set(counts) <= {0, 100}
            assert known_wide(after, "new") in (0, 100)
            change(after)
            assert known_wide(after, "new") == (100 if change is put else 0)
        assert_whole(cache.path)
        assert cache.path.stat().st_size <= LESS
        at += 1
    assert at > 10


def write_without_end(folder: Path, started) -> None:
    cache = Cache(folder, size=SMALL)
    for step in range(1_000_000):
        fill_wide(cache, f"killed {step}")
        if step == STEPS:
            started.set()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_a_process_killed_while_it_makes_room_leaves_the_cache_whole(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    for _ in range(4):
        started = spawn.Event()
        process = spawn.Process(target=write_without_end, args=(tmp_path, started))
        process.start()
        assert started.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        process.close()
        with closing(Cache(tmp_path, size=SMALL)) as cache:
            fill_wide(cache, "after")
            assert known_wide(cache, "after") == 100
        assert_whole(cache.path)
        assert cache.path.stat().st_size <= SMALL + ONE_PUT


def write_much(folder: Path, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with closing(Cache(folder, size=SMALL)) as cache:
            for step in range(40):
                fill_wide(cache, f"{name} {step}")
                assert known_wide(cache, f"{name} {step}") in (0, 100)


def prune_much(folder: Path) -> None:
    with closing(Cache(folder, size=SMALL)) as cache:
        for step in range(40):
            cache.prune(max_size=SMALL * (step % 5) // 5)
            assert cache.info().vectors % 100 == 0


@pytest.mark.slow
def test_two_processes_write_while_one_prunes(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=write_much, args=(tmp_path, name)) for name in ("one", "two")]
    processes.append(spawn.Process(target=prune_much, args=(tmp_path,)))
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with closing(Cache(tmp_path, size=SMALL)) as cache:
        fill_wide(cache, "after")
        assert known_wide(cache, "after") == 100
    assert_whole(cache.path)
    assert cache.path.stat().st_size <= SMALL + ONE_PUT


def test_a_batch_that_went_while_its_use_was_noted_is_no_error(tmp_path, full):
    shutil.copytree(full, tmp_path / "kept")
    with closing(Cache(tmp_path / "kept")) as cache:
        assert known_wide(cache, 0) == 100
        with closing(tables.connect(cache.path)) as other:
            tables.drop(other, "1")
            tables.note_use(other, {1, 101}, 10**9)
        assert known_wide(cache, 0) == cache.info().vectors == 0
