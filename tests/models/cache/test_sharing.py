"""One cache for all of a process: shared by indexes, threads and forked children, closed when nobody holds it."""

from __future__ import annotations

import gc
import os
import sqlite3
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.caches import assert_right, assert_whole, fill, known
from vecsearch.errors import CacheUnusable
from vecsearch.models.cache import Cache, shared_cache, tables
from vecsearch.models.cache import forking as forking_module
from vecsearch.models.cache.connections import _MOST

MOST_DESCRIPTORS = 2 * _MOST + 1  # the file and its log for each connection, the log's index once
counted = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are counted in /proc")
forking = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


def descriptors(folder: Path) -> int:
    """How many file descriptors of this process are of files in the folder."""
    gc.collect()
    paths = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            paths.append(os.readlink(descriptor))
        except OSError:  # that of the listing itself
            continue
    return sum(path.startswith(f"{folder}{os.sep}") for path in paths)


def used() -> Cache:
    """The user's cache, which has been read and written."""
    cache = shared_cache()
    fill(cache, ["one"])
    assert len(known(cache, ["one"])) == 1
    return cache


def together(threads: int, work: object, *, times: int = 1) -> None:
    """Run `work(number)` in so many threads, which start at the same moment."""
    start = threading.Barrier(threads)

    def run(number: int) -> None:
        start.wait()
        for _ in range(times):
            work(number)  # type: ignore[operator]

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, range(threads)))


def test_a_folder_with_the_same_options_has_one_cache(cache_folder, tmp_path):
    cache = shared_cache()
    assert shared_cache() is shared_cache(cache_folder) is cache
    assert shared_cache(cache_folder / ".." / cache_folder.name) is cache
    assert shared_cache(size="10GB", precision="float32") is cache
    assert cache.path.parent == cache_folder
    others = [shared_cache(tmp_path), shared_cache(size=0), shared_cache(precision="float16")]
    assert len({id(each) for each in [cache, *others]}) == 4


def test_the_environment_counts_as_it_is_at_the_call(tmp_path, monkeypatch):
    before = shared_cache()
    monkeypatch.setenv("VECSEARCH_CACHE", str(tmp_path / "elsewhere"))
    assert shared_cache().path.parent == tmp_path / "elsewhere"
    monkeypatch.setenv("VECSEARCH_CACHE_SIZE", "1MB")
    assert shared_cache().info().size == 1_000_000
    assert before.path.parent != tmp_path / "elsewhere"


def test_a_relative_folder_stays_where_it_was_when_the_process_moves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VECSEARCH_CACHE", "kept")
    cache = used()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    cache.close()
    assert len(known(cache, ["one"])) == 1
    assert shared_cache() is not cache
    assert cache.path.parent == tmp_path / "kept"


@pytest.mark.slow
@counted
def test_a_thousand_holders_take_the_descriptors_of_one(cache_folder):
    first = used()
    of_one = descriptors(cache_folder)
    held = [shared_cache() for _ in range(1_000)]
    assert all(len(known(cache, ["one"])) == 1 for cache in held)
    assert {id(cache) for cache in held} == {id(first)}
    assert 0 < descriptors(cache_folder) == of_one <= MOST_DESCRIPTORS


@counted
def test_the_file_is_closed_when_nobody_holds_the_cache(cache_folder):
    first, second = used(), used()
    together(8, lambda _: known(shared_cache(), ["one"]), times=20)
    del first
    assert descriptors(cache_folder) > 0
    del second
    assert descriptors(cache_folder) == 0
    assert_right(known(shared_cache(), ["one"]))
    assert descriptors(cache_folder) == 0


@counted
def test_closing_one_holders_cache_leaves_the_others_able_to_use_it(cache_folder):
    first, second = used(), used()
    first.close()
    assert descriptors(cache_folder) == 0
    assert_right(known(second, ["one"]))


@counted
def test_threads_that_come_and_go_leave_no_connection(cache_folder):
    cache = used()
    for _ in range(20):
        together(20, lambda number: fill(cache, [f"{number}"]))
    assert descriptors(cache_folder) <= MOST_DESCRIPTORS
    assert len(known(cache, [f"{number}" for number in range(20)])) == 20


@pytest.mark.slow
def test_every_answer_is_right_while_many_threads_read_and_write(cache_folder):
    cache = shared_cache()

    def work(number: int) -> None:
        for step in range(25):
            own = [f"{number} {step} {i}" for i in range(5)]
            everybodys = [f"{step} {i}" for i in range(5)]
            fill(shared_cache(), [*own, *everybodys])
            found = known(cache, [*own, *everybodys, "never put"])
            assert len(found) == 10
            assert_right(found)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        together(16, work)
    assert cache.info().vectors == 16 * 25 * 5 + 25 * 5
    cache.close()
    assert_whole(cache.path)


def test_threads_that_begin_together_make_one_file(tmp_path):
    for attempt in range(20):
        cache = Cache(tmp_path / str(attempt))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            together(8, lambda number, cache=cache: fill(cache, [f"{number}"]))
        assert cache.info().vectors == 8
        cache.close()


def test_a_file_that_other_processes_are_just_creating_is_waited_for(tmp_path, monkeypatch):
    """Of six processes that create one file at once, one in a thousand gets this error, without any waiting."""
    attempts, connect_once = [], tables._connect_once

    def locked_twice(path):
        attempts.append(path)
        if len(attempts) < 3:
            raise sqlite3.OperationalError("database is locked")
        return connect_once(path)

    monkeypatch.setattr(tables, "_connect_once", locked_twice)
    cache = Cache(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fill(cache, ["one"])
    assert_right(known(cache, ["one"]))
    assert (cache.info().vectors, len(attempts)) == (1, 3)


def test_a_read_does_not_wait_for_a_write_that_waits_for_another_process(cache_folder):
    cache = used()
    other = tables.connect(cache.path)
    other.execute("BEGIN IMMEDIATE")
    writers = [threading.Thread(target=fill, args=(cache, [f"write {number}"])) for number in range(2 * _MOST)]
    for writer in writers:
        writer.start()
    try:
        started = time.monotonic()
        for _ in range(20):
            assert_right(known(cache, ["one"]))
        assert time.monotonic() - started < 10
        assert all(writer.is_alive() for writer in writers)
    finally:
        other.execute("ROLLBACK")
        other.close()
        for writer in writers:
            writer.join()
    assert len(known(cache, [f"write {number}" for number in range(2 * _MOST)])) == 2 * _MOST


@pytest.mark.skipif(sys.version_info < (3, 11), reason="SQLite's errors do not say enough to tell damage from a lock")
def test_damage_that_many_threads_find_is_repaired_once(cache_folder):
    cache = used()
    cache.close()
    for attempt in range(10):
        cache.path.write_bytes(b"not a database" * 1_000)
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            together(8, lambda number: fill(cache, [f"{number}"]))
        assert [warning.category for warning in raised] == [RuntimeWarning], attempt
        fill(cache, ["after"])
        found = known(cache, ["after", *(f"{number}" for number in range(8))])
        assert "after" in found
        assert_right(found)
        cache.close()
        assert_whole(cache.path)


def test_a_cache_that_failed_is_not_given_to_new_holders(cache_folder):
    cache = shared_cache()
    cache.path.mkdir()
    with pytest.warns(RuntimeWarning, match="works without its cache"):
        fill(cache, ["one"])
    assert not cache.usable
    cache.path.rmdir()
    assert used() is not cache
    assert known(cache, ["one"]) == {}


class Child:
    """What a forked child returned: its exit status."""

    def __init__(self, work: object) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks while there are threads
            self.pid = os.fork()
        if not self.pid:
            status = 1
            try:
                work()  # type: ignore[operator]
                status = 0
            finally:
                os._exit(status)

    def status(self) -> int:
        for _ in range(600):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.05)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        return -1


@pytest.fixture
def busy() -> Iterator[Cache]:
    """A cache that a thread writes to all the time."""
    cache, stop = used(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            fill(cache, [f"busy {number % 50} {i}" for i in range(20)])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    yield cache
    stop.set()
    writer.join()


@forking
def test_a_forked_child_uses_the_cache_beside_its_parent(busy):
    def work() -> None:
        for step in range(10):
            fill(shared_cache(), [f"child {os.getpid()} {step}"])
            assert set(known(busy, ["one", f"child {os.getpid()} {step}"])) == {"one", f"child {os.getpid()} {step}"}
        busy.close()

    children = [Child(work) for _ in range(8)]
    assert [child.status() for child in children] == [0] * 8
    made = [f"child {child.pid} {step}" for child in children for step in range(10)]
    found = known(busy, made)
    assert len(found) == 80
    assert_right(found)


@forking
def test_a_child_forked_in_the_middle_of_a_write_works_without_the_cache(cache_folder, monkeypatch):
    monkeypatch.setattr(forking_module, "_PATIENCE", 0.1)
    cache = used()
    other = tables.connect(cache.path)
    other.execute("BEGIN IMMEDIATE")
    writer = threading.Thread(target=fill, args=(cache, ["two"]))
    writer.start()
    while cache._connections._idle:  # until the writer has taken it
        time.sleep(0.01)

    def work() -> None:
        with pytest.raises(CacheUnusable, match="forked while another thread used the cache"):
            cache.info()
        with pytest.warns(RuntimeWarning, match="forked while another thread used the cache"):
            assert known(shared_cache(), ["one"]) == {}

    child = Child(work)
    other.execute("ROLLBACK")
    other.close()
    writer.join()
    assert child.status() == 0
    assert len(known(cache, ["one", "two"])) == 2


@forking
@counted
def test_a_child_opens_connections_of_its_own(cache_folder):
    cache = used()
    inherited = descriptors(cache_folder)

    def work() -> None:
        assert_right(known(cache, ["one"]))
        assert descriptors(cache_folder) > inherited

    assert Child(work).status() == 0
    fill(cache, ["two"])
    assert len(known(cache, ["one", "two"])) == 2
    cache.close()
    assert_whole(cache.path)
