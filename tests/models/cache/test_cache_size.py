"""A cache stays within its size, keeps what is of use, says what it holds, and gives up what it is told to."""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import pytest

from tests.helpers.caches import assert_right, assert_whole, fill, fill_wide, known, known_wide, texts_of
from vecsearch.errors import CacheUnusable, InvalidOption
from vecsearch.models.cache import Cache, tables
from vecsearch.models.cache.folder import DERIVED
from vecsearch.reports import CachedModel

DAY = 24 * 3600
SMALL = 2_000_000  # bytes of a cache with room for about eleven hundred of them
ONE_PUT = 200_000  # bytes that a hundred vectors can add before others go


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path, clock):
    with closing(Cache(tmp_path / "kept", clock=clock)) as kept:
        yield kept


@pytest.fixture
def small(tmp_path, clock):
    with closing(Cache(tmp_path / "small", size=SMALL, clock=clock)) as kept:
        yield kept


@pytest.mark.slow
def test_the_file_never_grows_beyond_the_size_and_what_was_put_last_is_there(small, clock):
    for step in range(60):
        clock.now += 60
        fill_wide(small, step)
        assert small.path.stat().st_size <= SMALL + ONE_PUT
        assert known_wide(small, step) == 100
        assert known_wide(small, step - 4) == (100 if step >= 4 else 0)
    assert known_wide(small, 0) == 0
    assert small.info().vectors > 900
    small.close()
    assert_whole(small.path)
    assert small.path.stat().st_size <= SMALL


def test_what_was_used_least_recently_goes_first(small, clock):
    for step in range(8):
        clock.now += DAY
        fill_wide(small, step)
    clock.now += DAY
    assert known_wide(small, 0) == known_wide(small, 3) == 100
    for step in range(8, 14):
        clock.now += DAY
        fill_wide(small, step)
    gone = [step for step in range(14) if not known_wide(small, step)]
    assert gone == [1, 2, 4, 5, 6][: len(gone)]
    assert len(gone) > 2


def log_of(cache: Cache) -> Path:
    return Path(f"{cache.path}-wal")


def test_a_use_is_noted_once_in_six_hours_and_else_a_read_writes_nothing(cache, clock):
    fill(cache, ["one"])
    fill(cache, ["two"])
    first, size = cache.info(), log_of(cache).stat().st_size
    clock.now += 6 * 3600 - 1
    known(cache, ["one", "two"])
    assert (cache.info(), log_of(cache).stat().st_size) == (first, size)
    clock.now += 1
    known(cache, ["two"])
    noted = cache.info()
    assert noted.oldest_use == first.oldest_use < noted.models[0].last_use == "2023-11-15T04:13:20+00:00"
    size = log_of(cache).stat().st_size
    known(cache, ["two"])
    assert log_of(cache).stat().st_size == size


def test_a_reader_does_not_wait_for_a_writer_to_note_a_use(cache, clock):
    fill(cache, ["one"])
    first = cache.info()
    clock.now += DAY
    with closing(tables.connect(cache.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert_right(known(cache, ["one"]))
        other.execute("ROLLBACK")
    assert cache.info() == first
    assert len(known(cache, ["one"])) == 1
    assert cache.info().oldest_use > first.oldest_use


def test_a_vector_put_again_stays_where_it_was_and_is_counted_once(cache):
    fill(cache, ["one", "two"])
    fill(cache, ["two", "three"])
    fill(cache, ["one", "two", "three"])
    assert cache.info().vectors == 3
    cache.close()
    assert_whole(cache.path)


def test_a_vector_put_again_is_of_use_again(cache, clock):
    fill(cache, texts_of("old", 10))
    clock.now += 10 * DAY
    fill(cache, texts_of("old", 1))
    assert cache.prune(older_than=5) == 0
    assert cache.info().vectors == 10


def test_a_put_larger_than_the_size_leaves_a_cache_that_works(tmp_path):
    with closing(Cache(tmp_path, size="300KB")) as cache:
        fill_wide(cache, "large", 1_000)
        assert known_wide(cache, "large", 1_000) == 0
        fill_wide(cache, "small", 20)
        assert known_wide(cache, "small", 20) == 20
    assert cache.path.stat().st_size <= 300_000


def test_a_size_of_less_than_an_empty_file_keeps_nothing_and_harms_nothing(tmp_path):
    with closing(Cache(tmp_path, size=1)) as cache:
        for step in range(3):
            fill(cache, [f"{step}"])
        assert cache.info().vectors == 0


def test_a_smaller_size_holds_from_the_next_write_on(cache):
    for step in range(10):
        fill_wide(cache, step)
    cache.close()
    with closing(Cache(cache.path.parent, size="500KB")) as smaller:
        assert known_wide(smaller, 0) == 100
        fill_wide(smaller, "new", 10)
        assert known_wide(smaller, "new", 10) == 10
    assert smaller.path.stat().st_size <= 500_000
    assert_whole(smaller.path)


@pytest.mark.parametrize("lost", [5, 11])
def test_vectors_that_no_batch_names_do_not_make_the_cache_useless(small, lost):
    for step in range(lost):
        fill_wide(small, step)
    small.close()
    with closing(sqlite3.connect(small.path)) as db, db:
        assert db.execute("DELETE FROM batches").rowcount == lost
    for step in range(lost, lost + 15):
        fill_wide(small, step)
        assert small.path.stat().st_size <= SMALL + ONE_PUT
    assert known_wide(small, lost + 14) == 100


def test_info_says_what_is_kept_of_which_model_and_since_when(cache, clock):
    fill(cache, texts_of("a", 3), "abc", dim=8, model="small")
    clock.now += DAY
    fill(cache, texts_of("b", 2), "abd", dim=32, model="large")
    derived = cache.path.parent / DERIVED / "deeper"
    derived.mkdir(parents=True)
    (derived / "graph").write_bytes(b"0" * 1_000)
    found = cache.info()
    assert found.models == (
        CachedModel("large", "abd", 2, 2 * 32 * 4, "2023-11-15T22:13:20+00:00"),
        CachedModel("small", "abc", 3, 3 * 8 * 4, "2023-11-14T22:13:20+00:00"),
    )
    assert (found.path, found.vectors, found.size) == (str(cache.path), 5, 10**10)
    assert (found.oldest_use, found.derived_bytes) == ("2023-11-14T22:13:20+00:00", 1_000)
    files = [file for file in cache.path.parent.iterdir() if file.is_file()]
    assert found.bytes == sum(file.stat().st_size for file in files)


def test_a_model_is_called_what_it_was_called_last(cache):
    fill(cache, ["one"], "abc", model="old name")
    fill(cache, ["two"], "abc", model="new name")
    assert [(model.name, model.vectors) for model in cache.info().models] == [("new name", 2)]


def test_derived_files_lie_where_the_encoders_put_them(cache_folder):
    from vecsearch.models.encoders.derived_files import model_cache

    assert model_cache() == cache_folder / DERIVED


def test_of_a_cache_that_is_not_there_nothing_is_said_removed_or_made(tmp_path):
    cache = Cache(tmp_path / "nothing")
    found = cache.info()
    assert (found.vectors, found.bytes, found.derived_bytes, found.models, found.oldest_use) == (0, 0, 0, (), None)
    assert cache.clear() == cache.clear_derived() == cache.prune(older_than=0, max_size=0) == 0
    with pytest.raises(InvalidOption, match="its models: none"):
        cache.clear("small")
    assert list(tmp_path.iterdir()) == []


def test_clearing_removes_every_vector_and_gives_the_bytes_back(cache):
    for step in range(10):
        fill_wide(cache, step)
    assert cache.clear() == 1_000
    assert cache.info().bytes < ONE_PUT
    assert cache.info().models == ()
    assert known_wide(cache, 0) == 0
    fill_wide(cache, 0)
    assert known_wide(cache, 0) == 100


@pytest.mark.parametrize("named", ["small", "abc", "abcdef"])
def test_a_model_is_cleared_by_its_name_or_the_start_of_its_fingerprint(cache, named):
    fill(cache, ["one"], "abcdef", model="small")
    fill(cache, ["one", "two"], "fedcba", model="large")
    fill(cache, ["three"], "abcdef", model="small")
    assert cache.clear(named) == 2
    assert known(cache, ["one", "three"], "abcdef") == {}
    assert_right(known(cache, ["one", "two"], "fedcba"))
    assert cache.info().vectors == len(known(cache, ["one", "two"], "fedcba")) == 2


@pytest.mark.parametrize("named", ["", "smal", "bcd", "%", "abcdefg"])
def test_a_model_that_is_not_there_is_refused_with_those_that_are(cache, named):
    fill(cache, ["one"], "abcdef", model="small")
    with pytest.raises(InvalidOption, match=r"small \(abcdef\)"):
        cache.clear(named)
    assert len(known(cache, ["one"], "abcdef")) == 1


def test_the_derived_files_are_cleared_and_nothing_else(cache):
    fill(cache, ["one"])
    derived = cache.path.parent / DERIVED / "deeper"
    derived.mkdir(parents=True)
    (derived / "graph").write_bytes(b"0" * 1_000)
    (cache.path.parent / "someone else's").write_text("stays")
    assert cache.clear_derived() == 1_000
    assert sorted(path.name for path in cache.path.parent.iterdir() if "sqlite" not in path.name) == ["someone else's"]
    assert_right(known(cache, ["one"]))
    assert cache.clear_derived() == 0


def test_pruning_removes_what_was_not_used_for_so_many_days(cache, clock):
    for name in ("old", "used", "new"):
        fill(cache, texts_of(name, 10))
        clock.now += 10 * DAY
    known(cache, texts_of("used", 1))
    assert cache.prune(older_than=40) == 0
    assert cache.prune(older_than=30) == 10
    assert [len(known(cache, texts_of(name, 10))) for name in ("old", "used", "new")] == [0, 10, 10]
    assert cache.prune(older_than=0) == 20
    assert cache.info().vectors == 0


def test_pruning_to_a_size_removes_the_oldest_and_gives_the_bytes_back(cache, clock):
    for step in range(20):
        fill_wide(cache, step)
        clock.now += DAY
    removed = cache.prune(max_size="1MB")
    assert cache.info().bytes <= 1_000_000
    assert removed % 100 == 0
    assert removed < 1_700
    held = [step for step in range(20) if known_wide(cache, step)]
    assert held == list(range(removed // 100, 20))
    assert cache.prune(max_size="1MB") == 0
    assert cache.prune(max_size=0) == 2_000 - removed
    cache.close()
    assert_whole(cache.path)


def test_pruning_without_a_word_brings_a_cache_down_to_its_own_size(cache):
    for step in range(10):
        fill_wide(cache, step)
    assert cache.prune() == 0
    cache.close()
    with closing(Cache(cache.path.parent, size="500KB")) as smaller:
        assert 0 < smaller.prune() < 1_000
        assert smaller.info().bytes <= 500_000


@pytest.mark.parametrize("days", [-1, float("nan")])
def test_a_number_of_days_that_cannot_be_is_refused(cache, days):
    with pytest.raises(InvalidOption, match="older_than is"):
        cache.prune(older_than=days)


def test_a_size_to_prune_to_that_is_none_is_refused_before_anything_goes(cache):
    fill(cache, ["one"])
    with pytest.raises(InvalidOption, match="500MB"):
        cache.prune(older_than=0, max_size="small")
    assert cache.info().vectors == 1


def test_a_cache_that_cannot_be_used_is_an_error_for_who_asks_for_it(cache):
    cache.path.mkdir(parents=True)
    for asked in (cache.info, cache.clear, cache.prune, lambda: cache.clear("small")):
        with pytest.raises(CacheUnusable, match=r"vectors-2\.sqlite.*check its permissions") as said:
            asked()
        assert "\n" not in str(said.value)


def test_a_damaged_cache_that_is_asked_for_is_renewed_with_a_warning(cache):
    cache.path.parent.mkdir()
    cache.path.write_bytes(b"no database, but a letter to my aunt" * 1_000)
    with pytest.warns(RuntimeWarning, match="damaged"):
        assert cache.info().vectors == 0
    fill(cache, ["one"])
    assert cache.clear() == 1


def test_a_time_that_cannot_be_is_damage(cache):
    fill(cache, ["one"])
    cache.close()
    with closing(sqlite3.connect(cache.path)) as db, db:
        db.execute("UPDATE batches SET used = 1 << 62")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert cache.info().vectors == 0
    assert [warning.category for warning in said] == [RuntimeWarning]


def test_a_file_of_another_format_is_left_alone(cache):
    cache.path.parent.mkdir()
    other = cache.path.parent / "vectors.sqlite"
    other.write_bytes(b"of an earlier release")
    fill(cache, ["one"])
    assert cache.clear() == 1
    assert other.read_bytes() == b"of an earlier release"
