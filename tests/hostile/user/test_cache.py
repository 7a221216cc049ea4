"""What another user of the machine can do through the cache of vectors."""

from __future__ import annotations

import os
import sqlite3
import stat
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.caches import DIM, assert_right, fill, known
from tests.helpers.counting import CountingEncoder
from tests.helpers.other_users import MALLORY, given_to, needs_owners, needs_root, ordinary
from vecsearch import Index
from vecsearch.models import Cache
from vecsearch.models.cached_encoding import encode_cached
from vecsearch.models.encoders.derived_files import read_derived, write_derived
from vecsearch.trust import trust_folder
from vecsearch.types import Role

__all__ = ["ordinary"]
BROKEN = {
    "NaN": np.full(DIM, np.nan),
    "one NaN": np.array([np.nan, *[1.0] * (DIM - 1)]),
    "infinity": np.full(DIM, np.inf),
    "one infinity": np.array([-np.inf, *[1.0] * (DIM - 1)]),
    "zero": np.zeros(DIM),
    "minus zero": np.full(DIM, -0.0),
    "short": np.ones(DIM - 1),
    "long": np.ones(DIM + 1),
    "empty": np.ones(0),
}


def overwrite(path: Path, vector: np.ndarray) -> None:
    """Put a vector in the place of every one in the cache, with the checksum that it ought to have."""
    with closing(sqlite3.connect(path)) as db, db:
        for key in [key for (key,) in db.execute("SELECT key FROM vectors")]:
            stored = vector.astype("<f4").tobytes()
            checksum = zlib.crc32(stored, zlib.crc32(key))
            db.execute("UPDATE vectors SET vector = ?, checksum = ? WHERE key = ?", (stored, checksum, key))


@pytest.mark.parametrize("precision", ["<f4", "<f2"])
@pytest.mark.parametrize("name", BROKEN)
def test_cannot_have_what_is_no_vector_served_from_the_cache(name: str, precision: str) -> None:
    encoder, cache = CountingEncoder(DIM), Cache()
    texts = ["one text", "another text"]
    first = encode_cached(encoder, cache, texts, Role.QUERY, name=str)
    overwrite(cache.path, BROKEN[name].astype(precision))
    again = encode_cached(encoder, cache, texts, Role.QUERY, name=str)
    assert (again.encoded, again.cached) == (2, 0)
    np.testing.assert_array_equal(again.vectors, first.vectors)
    assert encode_cached(encoder, cache, texts, Role.QUERY, name=str).cached == 2  # the right ones are there again


@needs_owners
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_cannot_look_into_what_the_cache_holds(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        cache = Cache(tmp_path / "home" / "cache")
        fill(cache, ["one"])
        derived = cache.path.parent / "models" / "graph"
        assert write_derived(derived, b"derived")
    finally:
        os.umask(before)
    beside = [cache.path.with_name(cache.path.name + end) for end in ("", "-wal", "-shm")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (*beside, derived)] == [0o600] * 4
    assert [stat.S_IMODE(path.stat().st_mode) for path in (cache.path.parent, derived.parent)] == [0o700] * 2


def own_folder(folder: Path) -> Path:
    return given_to(folder)


def own_file(folder: Path) -> Path:
    return given_to(folder / "vectors-2.sqlite")


def own_log(folder: Path) -> Path:
    (folder / "vectors-2.sqlite-wal").write_bytes(b"")
    return given_to(folder / "vectors-2.sqlite-wal")


def own_link(folder: Path) -> Path:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))
    os.chown(folder, MALLORY, -1, follow_symlinks=False)
    return folder


def own_linked_file(folder: Path) -> Path:
    path = folder / "vectors-2.sqlite"
    path.rename(folder.parent / "theirs")
    path.symlink_to(given_to(folder.parent / "theirs"))
    return path


@needs_root
@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
def test_cannot_have_a_file_made_where_their_link_leads(tmp_path: Path, end: str) -> None:
    (tmp_path / "cache").mkdir()
    link = tmp_path / "cache" / f"vectors-2.sqlite{end}"
    link.symlink_to(tmp_path / "made")
    os.chown(link, MALLORY, -1, follow_symlinks=False)
    with pytest.warns(RuntimeWarning, match=f"belongs to user {MALLORY}"):
        fill(Cache(tmp_path / "cache"), ["one"])
    assert not (tmp_path / "made").exists()


@needs_root
@pytest.mark.parametrize("trap", [own_folder, own_file, own_log, own_link, own_linked_file])
def test_cannot_serve_vectors_from_a_cache_of_their_own(tmp_path: Path, trap: Callable[[Path], Path]) -> None:
    folder = tmp_path / "cache"
    theirs = Cache(folder)
    fill(theirs, ["one"])
    theirs.close()
    trap(folder)
    cache = Cache(folder)
    with pytest.warns(RuntimeWarning, match=f"works without its cache.*belongs to user {MALLORY}"):
        assert known(cache, ["one"]) == {}
    fill(cache, ["two"])  # that was said once
    trust_folder(folder)
    assert_right(known(Cache(folder), ["one"]))


@needs_root
def test_cannot_have_their_derived_files_used(tmp_path: Path) -> None:
    path = tmp_path / "models" / "graph"
    assert write_derived(path, b"derived")
    assert read_derived(path) == b"derived"
    given_to(path)
    assert read_derived(path) is None
    given_to(path.parent)
    assert not write_derived(path, b"other")


@needs_owners
@pytest.mark.parametrize("log", [False, True], ids=["closed", "with a log"])
def test_can_share_a_cache_that_is_only_read(ordinary: Path, log: bool) -> None:
    writer = Cache(ordinary)
    fill(writer, ["one", "two"])
    if not log:
        writer.close()
    for path in ordinary.iterdir():
        path.chmod(0o400)
    ordinary.chmod(0o500)
    cache = Cache(ordinary)
    assert_right(known(cache, ["one", "two"]))
    assert log or len(known(cache, ["one", "two"])) == 2
    with pytest.warns(RuntimeWarning, match="keeps no new vectors in its cache"):
        fill(cache, ["three"])
    fill(cache, ["four"])  # that was said once
    assert known(cache, ["three"]) == {}
    assert log or len(known(cache, ["one", "two"])) == 2
    assert cache.info().vectors == 2 or log


def hold_whole(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")


def hold_writing(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hold", "said"), [(hold_whole, "works without its cache"), (hold_writing, "keeps no new vectors")]
)
def test_cannot_stall_an_index_by_holding_the_cache(
    tmp_path: Path, hold: Callable[[sqlite3.Connection], None], said: str, encoder: CountingEncoder
) -> None:
    cache = Cache()
    fill(cache, ["one"])
    cache.close()
    with closing(sqlite3.connect(cache.path, isolation_level=None)) as db:
        hold(db)
        index = Index.create(tmp_path / "index", model=encoder)
        with pytest.warns(RuntimeWarning, match=f"{said}.*locked"):
            index.add(["a first text"])
        index.add(["a second text"])  # that was said once
        assert index.search("a first text", k=1)


@needs_owners
def test_cannot_look_into_a_cache_that_an_earlier_release_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VECSEARCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = Cache().path.parent
    if not folder.is_relative_to(tmp_path):
        pytest.skip("this system has its cache folder elsewhere")
    folder.mkdir(mode=0o755)
    fill(Cache(), ["one"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
