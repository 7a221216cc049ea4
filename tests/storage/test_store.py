from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.failing import Failing
from vecsearch import files
from vecsearch.chunking import Chunking
from vecsearch.errors import FormatTooNew, IndexDamaged, IndexExists, IndexLocked, IndexNotFound, InvalidOption
from vecsearch.storage.file_stamps import Stamp
from vecsearch.storage.garbage import collect
from vecsearch.storage.manifest import Manifest, ModelEntry, SegmentEntry, first_manifest, to_json
from vecsearch.storage.rows import Origin, chunk_table
from vecsearch.storage.segment import Content, write_segment
from vecsearch.storage.store import MANIFESTS, SEGMENTS, SOURCES, TOMBSTONES, Store
from vecsearch.types import Chunk, Metric

FIRST = first_manifest(ModelEntry("counting", "ab", 4), Metric.COSINE, Chunking(max_tokens=64), 2, "auto", 0.99)
STAMPS = {"a.md": Stamp(1, 2, "r", 1)}


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "index")
    made.create(FIRST)
    return made


def write_rows(store: Store, n: int) -> SegmentEntry:
    """A new segment of so many rows, which no manifest names yet."""
    chunks = [Chunk(f"d{number}", 0, 0, 4, "text", 1) for number in range(n)]
    rows = chunk_table(chunks, [Origin(None, None, bytes(16), {})] * n, np.ones(n, np.float32))
    return write_segment(store.new_segment_folder(), Content.of(rows, np.full((n, 4), 0.5, np.float32), "auto"))


def commit(store: Store, *segments: SegmentEntry, **changed) -> Manifest:
    """The next version, with these segments."""
    base = store.manifest()
    manifest = replace(base, version=base.version + 1, segments=segments, **changed)
    store.publish(manifest)
    return manifest


def names_in(store: Store, folder: str) -> set[str]:
    place = store.path / folder
    return {entry.name for entry in place.iterdir()} if place.is_dir() else set()


def test_a_new_index_has_its_first_version(store):
    assert store.exists()
    assert store.manifest() == FIRST
    assert store.snapshot().parts == ()
    assert names_in(store, MANIFESTS) == {"00000001.json"}


def test_an_index_is_not_made_over_another(store):
    with pytest.raises(IndexExists, match="there is an index at"):
        Store(store.path).create(replace(FIRST, documents=5))
    assert store.manifest() == FIRST


def test_an_index_can_be_made_in_an_empty_folder_and_below_new_ones(tmp_path):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "a" / "b" / "c"):
        Store(path).create(FIRST)
        assert Store(path).manifest() == FIRST


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(InvalidOption, match="holds other files"):
        Store(tmp_path).create(FIRST)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_path_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("keep me")
    store = Store(tmp_path / "file")
    assert not store.exists()
    with pytest.raises(InvalidOption, match="is a file"):
        store.create(FIRST)
    with pytest.raises(IndexNotFound):
        store.manifest()
    assert (tmp_path / "file").read_text() == "keep me"


def test_where_no_index_is_the_message_says_how_to_make_one(tmp_path):
    with pytest.raises(IndexNotFound, match=r"no index at .*nowhere: run vecsearch index FOLDER -i"):
        Store(tmp_path / "nowhere").snapshot()


@pytest.mark.parametrize("name", ["1.json", "000000001.json", "00000002.json.bak", ".tmp-1", "0000000a.json"])
def test_a_file_of_another_name_is_no_version(store, name):
    (store.path / MANIFESTS / name).write_bytes(b"{}")
    assert store.manifest() == FIRST


def test_the_highest_number_is_the_current_version_and_older_ones_can_be_opened(store):
    made = [FIRST, *(commit(store, documents=number) for number in range(2, 12))]
    assert store.manifest() == made[-1]
    assert [store.manifest(number) for number in range(1, 12)] == made
    assert store.snapshot(3).manifest == made[2]


def test_a_version_that_is_not_there_is_named_with_those_that_are(store):
    commit(store)
    for ask in (store.manifest, store.snapshot):
        with pytest.raises(IndexNotFound, match=r"no version 9 at .*it has 1 to 2"):
            ask(9)


def test_a_version_is_never_replaced(store):
    second = commit(store)
    with pytest.raises(FileExistsError):
        store.publish(replace(second, documents=99))
    assert store.manifest() == second
    assert store.landed(second) is True
    assert store.landed(replace(second, documents=99)) is False
    assert store.landed(replace(second, version=3)) is False


def test_a_manifest_under_another_number_is_damaged(store):
    (store.path / MANIFESTS / "00000002.json").write_bytes(to_json(FIRST))
    with pytest.raises(IndexDamaged, match=r"00000002\.json holds version 1"):
        store.manifest()


def test_a_manifest_that_is_damaged_or_too_new_is_named(store):
    path = store.path / MANIFESTS / "00000001.json"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(IndexDamaged, match=r"00000001\.json"):
        store.snapshot()
    path.write_bytes(b'{"format": 77, "checksum": ""}')
    with pytest.raises(FormatTooNew, match=r"00000001\.json"):
        store.snapshot()


def test_deleted_rows_are_not_alive(store):
    entry = write_rows(store, 5)
    commit(store, entry)
    [part] = store.snapshot().parts
    assert (part.alive, part.live) == (None, 5)
    commit(store, replace(entry, tombstones=store.write_tombstones(np.array([1, 4]))))
    [part] = store.snapshot().parts
    assert part.alive.tolist() == [True, False, True, True, False]
    assert part.live == 3


def test_a_snapshot_stays_as_it_is_and_shares_segments_with_the_next(store):
    entry = write_rows(store, 3)
    commit(store, entry)
    before = store.snapshot()
    commit(store, entry, write_rows(store, 2))
    after = store.snapshot(reuse=before)
    assert [len(before.parts), len(after.parts)] == [1, 2]
    assert after.parts[0].segment is before.parts[0].segment


@pytest.mark.parametrize("change", ["missing", "cut", "foreign", "other rows", "out of range", "fewer"])
def test_tombstones_that_are_not_what_was_written_are_named(store, change):
    entry = write_rows(store, 5)
    dead = store.write_tombstones(np.array([1, 4] if change != "out of range" else [1, 9]))
    path = store.path / TOMBSTONES / dead.id
    content = path.read_bytes()
    match change:
        case "missing":
            path.unlink()
        case "cut":
            path.write_bytes(content[:-4])
        case "foreign":
            path.write_bytes(b"not numpy's")
            dead = replace(dead, sha256=files.sha256(path))
        case "other rows":  # a single flipped bit: another row would be deleted
            path.write_bytes(content[:-4] + bytes([content[-4] ^ 1]) + content[-3:])
        case "fewer":
            dead = replace(dead, rows=3)
    commit(store, replace(entry, tombstones=dead))
    with pytest.raises(IndexDamaged, match=dead.id):
        store.snapshot()


def test_what_is_known_of_files_comes_back(store):
    assert store.read_stamps(store.manifest()) == {}
    commit(store, sources=store.write_stamps(STAMPS))
    assert store.read_stamps(store.manifest()) == STAMPS


@pytest.mark.parametrize("content", [None, b"", b"foreign" * 99])
def test_what_is_known_of_files_is_a_hint_that_may_be_lost(store, content):
    manifest = commit(store, sources=store.write_stamps(STAMPS))
    path = store.path / SOURCES / manifest.sources.id
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert store.read_stamps(manifest) == {}


def test_keys_move_with_the_index_and_its_files(tmp_path):
    for place in ("here", "there"):
        store = Store(tmp_path / place / "index")
        assert store.key(tmp_path / place / "notes" / "a.md") == "notes/a.md"
        assert store.key(tmp_path / "else.md") == "../else.md"
        assert store.resolve("notes/a.md") == tmp_path / place / "notes" / "a.md"
        assert store.resolve("../else.md") == tmp_path / "else.md"


def test_what_kept_versions_name_is_kept_and_nothing_else(store):
    chance = random.Random(1)
    entries, versions = [], []
    for _ in range(12):
        entries = [entry for entry in entries if chance.random() < 0.7]
        entries = [
            replace(entry, tombstones=store.write_tombstones(np.array([chance.randrange(2)])))
            if chance.random() < 0.3
            else entry
            for entry in entries
        ]
        entries.append(write_rows(store, 2))
        write_rows(store, 1)  # of a writer that was killed before its commit
        (store.path / MANIFESTS / f".tmp-{chance.random()}").write_bytes(b"half")
        versions.append(commit(store, *entries, sources=store.write_stamps(STAMPS)))
        if chance.random() < 0.6:
            continue
        with store.locked():
            collect(store)
        kept = versions[-2:] if len(versions) > 1 else [FIRST, *versions]
        segments = [entry for manifest in kept for entry in manifest.segments]
        assert names_in(store, MANIFESTS) == {f"{manifest.version:08}.json" for manifest in kept}
        assert names_in(store, SEGMENTS) == {entry.id for entry in segments}
        assert names_in(store, TOMBSTONES) == {entry.tombstones.id for entry in segments if entry.tombstones}
        assert names_in(store, SOURCES) == {manifest.sources.id for manifest in kept if manifest.sources}
        for manifest in kept:
            assert store.snapshot(manifest.version).manifest == manifest
    assert len(versions) == 12


@pytest.mark.parametrize("damaged", ["manifest", "tag"])
def test_nothing_is_removed_while_what_names_files_cannot_be_read(store, damaged):
    entry = write_rows(store, 1)
    commit(store, entry)
    store.tag("first", 1)
    commit(store)
    commit(store)
    path = store.manifest_path(3) if damaged == "manifest" else store.path / "tags" / "first"
    content = path.read_bytes()
    path.write_bytes(content[:-3])
    collect(store)
    assert names_in(store, SEGMENTS) == {entry.id}
    path.write_bytes(content)
    collect(store)
    assert names_in(store, SEGMENTS) == set()
    assert store.versions() == [1, 3, 4]


def test_a_tag_names_a_version_until_it_is_moved_or_taken_away(store):
    assert store.tags() == {}
    assert not store.untag("first")
    store.tag("first", 1)
    store.tag("second", 1)
    store.tag("second", 2)
    assert store.tags() == {"first": 1, "second": 2}
    assert store.untag("first")
    assert store.tags() == {"second": 2}


def test_a_flipped_bit_in_a_tag_is_found(store):
    store.tag("first", 1)
    path = store.path / "tags" / "first"
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(IndexDamaged, match="first"):
            store.tags()


def test_whichever_operation_fails_a_tag_names_the_old_version_or_the_new(store):
    store.tag("mine", 1)
    for number in count():
        with Failing(number).installed() as failing, suppress(OSError):
            store.tag("mine", 2)
        assert store.tags()["mine"] in (1, 2)
        if failing.failed is None:
            break
        if failing.failed != "unlink":
            assert names_in(store, "tags") == {"mine"}
        store.tag("mine", 1)
    assert store.tags() == {"mine": 2}


def test_files_of_a_commit_that_did_not_land_are_removed(store):
    entry, dead = write_rows(store, 2), store.write_tombstones(np.array([0]))
    for _ in range(2):
        store.discard([entry.id], [(TOMBSTONES, dead)])
    assert names_in(store, SEGMENTS) == names_in(store, TOMBSTONES) == set()


class Overtaken(Store):
    """A reader that a writer overtakes at the worst moment: two commits and a collection before it opens files."""

    def __init__(self, path: Path, moment: str) -> None:
        super().__init__(path)
        self._moment = moment

    def _overtake(self, moment: str) -> None:
        if self._moment == moment:
            self._moment = ""
            writer = Store(self.path)
            for _ in range(2):
                commit(writer, write_rows(writer, 2))
            with writer.locked():
                collect(writer)

    def _open(self, manifest, reuse):
        self._overtake("open")
        return super()._open(manifest, reuse)

    def manifest_path(self, version):
        self._overtake("manifest")
        return super().manifest_path(version)


@pytest.mark.parametrize("moment", ["open", "manifest"])
def test_a_reader_whose_version_is_collected_under_it_gets_a_newer_one(store, moment):
    commit(store, write_rows(store, 3))
    snapshot = Overtaken(store.path, moment).snapshot()
    assert snapshot.manifest.version == 4
    assert [part.segment.entry.rows for part in snapshot.parts] == [2]


@pytest.mark.parametrize("moment", ["open", "manifest"])
def test_a_version_that_was_asked_for_and_is_collected_is_not_found(store, moment):
    commit(store, write_rows(store, 3))
    with pytest.raises(IndexNotFound, match="no version 2"):
        Overtaken(store.path, moment).snapshot(2)


def test_a_current_version_whose_files_are_missing_is_damaged(store):
    entry = write_rows(store, 3)
    commit(store, entry)
    files.remove_tree(store.path / SEGMENTS / entry.id)
    with pytest.raises(IndexDamaged, match="is missing"):
        store.snapshot()


def test_whichever_operation_fails_a_publication_leaves_the_old_version_or_the_new(store):
    failed = []
    for number in count():
        before = store.manifest()
        following = replace(before, version=before.version + 1, documents=number)
        with Failing(number).installed() as failing:
            try:
                store.publish(following)
            except OSError:
                assert failing.failed
        assert store.manifest() == (following if store.landed(following) else before)
        if failing.failed is None:
            break
        failed.append(failing.failed)
        if failing.failed == "unlink":
            collect(store)
        assert not [name for name in names_in(store, MANIFESTS) if name.startswith(files.TEMPORARY)]
    assert store.manifest() == following
    assert {"open", "fsync"} < set(failed)


@pytest.mark.skipif(os.name == "nt", reason="Windows flushes no folders")
def test_when_the_disk_fails_after_a_publication_no_one_knows(store):
    second = commit(store)
    with Failing(0, ("fsync",)).installed():
        assert store.landed(second) is None


def test_whichever_operation_fails_a_side_file_is_whole_or_not_there(store):
    for number in count():
        with Failing(number).installed() as failing:
            try:
                written = store.write_tombstones(np.array([number]))
            except OSError:
                assert failing.failed
        if failing.failed is None:
            break
        collect(store)
        assert names_in(store, TOMBSTONES) == set()
    assert files.sha256(store.path / TOMBSTONES / written.id) == written.sha256


def test_whichever_operation_fails_an_index_is_made_or_can_be_made(tmp_path):
    for number in count():
        store = Store(tmp_path / str(number))
        with Failing(number).installed() as failing:
            try:
                store.create(FIRST)
            except OSError:
                assert failing.failed
        if not store.exists() and failing.failed != "unlink":
            store.create(FIRST)
        assert store.manifest() == FIRST
        if failing.failed is None:
            return


HOLDER = """
import sys
from pathlib import Path
from vecsearch.storage.store import Store
with Store(Path(sys.argv[1])).locked():
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holding(store: Store) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(store.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_and_told_who_holds_the_lock(store):
    with holding(store) as holder:
        for _ in range(2):
            with pytest.raises(IndexLocked, match=rf"written by process {holder.pid} on .* since"), store.locked():
                pass
        assert store.snapshot().manifest == FIRST
        holder.communicate()
        with store.locked():
            pass


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_the_lock_of_a_killed_process_is_free(store):
    with holding(store) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with store.locked():
            pass


def test_two_writers_in_one_process_exclude_each_other_too(store):
    with store.locked(), pytest.raises(IndexLocked, match=f"process {os.getpid()}"), Store(store.path).locked():
        pass
    with store.locked():
        pass


def test_a_lock_file_that_tells_nothing_still_locks(store):
    with store.locked():
        (store.path / "writer.lock").write_text("[]")
        with ThreadPoolExecutor(1) as other, pytest.raises(IndexLocked, match="by another process: try again"):
            other.submit(Store(store.path).locked().__enter__).result()


def test_the_lock_is_freed_when_the_writer_raises(store):
    with pytest.raises(KeyboardInterrupt), store.locked():
        raise KeyboardInterrupt
    with store.locked():
        pass


@given(
    st.lists(st.sampled_from(["a", "b", "..", ".", "index", "..c", "d.."]), max_size=5), st.sampled_from(["", "x", "y"])
)
def test_a_key_is_the_path_relative_to_the_folder_of_the_index(names: list[str], beside: str) -> None:
    base = Path("/somewhere/x" if os.name != "nt" else "C:/somewhere/x").resolve()
    path = base.parent / beside / "/".join(names)
    assert Store(base / "index").key(path) == Path(os.path.relpath(path, base)).as_posix()
