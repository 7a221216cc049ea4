"""What open segments hold: no descriptors, no memory once the last reference is gone, and answers for any thread."""

from __future__ import annotations

import gc
import os
import sys
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from tests.helpers.ann_rows import clustered, questions
from vecsearch.chunking import Chunking
from vecsearch.storage.ann.approximate import FEWEST
from vecsearch.storage.buffers import IN_MEMORY
from vecsearch.storage.commit import Commit
from vecsearch.storage.lexical import Bm25, LivePostings, match_spans
from vecsearch.storage.manifest import ModelEntry, first_manifest
from vecsearch.storage.rows import Origin, chunk_table
from vecsearch.storage.segment import CODES, POSTINGS, ROWS, Content
from vecsearch.storage.store import Snapshot, Store
from vecsearch.types import Chunk, Metric

DIM = 32
WORDS = ("running", "foxes", "laufende", "Füchse", "corriendo", "zorros", "jumped", "gardens", "Gärten", "jardines")
QUERIES = ("running fox", "laufender Fuchs", "el zorro corre", "gardens and foxes", "jardin", "die Gärten")
THREADS, ROUNDS = 8, 4


def content(first: int, n: int) -> Content:
    """Rows `first` to `first + n`, three chunks a document, in three languages."""
    rng = np.random.default_rng(first)
    texts = [" ".join(rng.choice(WORDS, 6)) + f" number{row % 40} é" for row in range(first, first + n)]
    chunks = [Chunk(f"d{row // 3}", row % 3, 0, len(text), text, 1) for row, text in enumerate(texts, first)]
    origins = [
        Origin(f"{row // 3}.md", None, bytes(16), {"year": row, "tags": [str(row)]}) for row in range(first, first + n)
    ]
    rows = chunk_table(chunks, origins, rng.uniform(1, 2, n).astype(np.float32))
    return Content.of(rows, clustered(n, DIM, first), "auto")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """An index with a segment that has codes, one whose files are small, and deleted rows in both."""
    store = Store(tmp_path_factory.mktemp("open") / "index")
    store.create(first_manifest(ModelEntry("m", "ab", DIM), Metric.COSINE, Chunking(max_tokens=64), 2, "auto", 0.9))
    with Commit(store) as commit:
        entries = [commit.segment(content(0, FEWEST + 100), 0.9), commit.segment(content(30_000, 30), 0.9)]
        segments = tuple(replace(entry, tombstones=commit.tombstones(np.arange(3, 9))) for entry in entries)
        commit.publish(store.manifest().next(segments=segments))
    large, small = segments
    assert CODES in large.files
    assert large.files[ROWS].size > IN_MEMORY
    assert large.files[POSTINGS].size > IN_MEMORY
    assert small.files[ROWS].size <= IN_MEMORY
    assert small.files[POSTINGS].size <= IN_MEMORY
    return store


def tasks(snapshot: Snapshot) -> list[Callable[[], Any]]:
    """Everything that a reader does with a snapshot, each as plain values that can be compared."""
    words = Bm25([LivePostings(part.segment.postings, part.alive) for part in snapshot.parts])
    queries = questions(clustered(200, DIM, 0), 6, 3)
    found: list[Callable[[], Any]] = []
    for query in QUERIES:
        found.append(lambda query=query: [each.rows.tolist() for each in words.search(query, 20)])
        found.append(lambda query=query: match_spans(query, "Running foxes, laufende Füchse, zorros; gardens Gärten"))
    for part in snapshot.parts:
        segment, flat, n = part.segment, part.segment.flat, part.segment.entry.rows
        allowed = np.arange(n) % 7 == 0
        found += [
            lambda flat=flat: plain(flat.search(queries[:1], 5)),
            lambda flat=flat, allowed=allowed: plain(flat.search(queries, 5, allowed)),
            lambda flat=flat, part=part: plain(flat.scan(queries, 5, part.mask())),
            lambda flat=flat: plain([flat.among(queries[0], np.arange(10), 3)]),
            lambda segment=segment, n=n: segment.take([n - 1, 0, 17, n // 2]),
            lambda segment=segment, n=n: [segment.value("text", row) for row in range(0, n, n // 10)],
            lambda segment=segment: segment.documents_with("document_id", ["d0", "d9", "d10001"]).tolist(),
            lambda segment=segment: (segment.norm_range, segment.rows_from(6), segment.text_lengths().tolist()),
            lambda part=part, n=n: [part.is_live(row) for row in range(12)] + [int(part.mask().sum())],
        ]
        if segment.approximate is not None:
            codes = segment.approximate
            found += [lambda codes=codes, fetch=fetch: plain(codes.search(queries, fetch)) for fetch in (1, 5, 9)]
            found.append(lambda codes=codes, n=n: [codes.saves(fetch, n) for fetch in (1, 10, 5000)])
    return found


def plain(results: list[Any]) -> list[Any]:
    return [(each.rows.tolist(), each.scores.tolist()) for each in results]


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads take turns as often as Python allows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.slow
@pytest.mark.usefixtures("switching")
def test_threads_that_read_one_snapshot_get_the_answers_that_one_thread_gets(store: Store) -> None:
    expected = [task() for task in tasks(store.snapshot())]
    for round_ in range(ROUNDS):
        shared = tasks(store.snapshot())  # nothing that opens on first use is open yet
        together = Barrier(THREADS)

        def run(seed: int, shared: list[Any] = shared, together: Barrier = together) -> list[int]:
            order = np.random.default_rng(seed).permutation(len(shared)).tolist() if seed % 2 else range(len(shared))
            together.wait()
            return [number for number in order if shared[number]() != expected[number]]

        with ThreadPoolExecutor(THREADS) as pool:
            wrong = list(pool.map(run, range(round_ * THREADS, (round_ + 1) * THREADS)))
        assert wrong == [[]] * THREADS


def read_all(snapshot: Snapshot) -> None:
    for task in tasks(snapshot):
        task()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_open_segments_hold_no_descriptors(store: Store) -> None:
    import resource

    read_all(store.snapshot())  # what a process opens once, such as threads
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/dev/fd")) + 24, hard))
    try:
        held = [store.snapshot() for _ in range(60)]
        for snapshot in held[::20]:
            read_all(snapshot)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(held) == 60


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists what a process has mapped")
def test_a_snapshot_frees_everything_with_its_last_reference(store: Store) -> None:
    def mapped() -> list[str]:
        return [line for line in Path("/proc/self/maps").read_text().splitlines() if str(store.path) in line]

    gc.collect()
    gc.disable()  # so that a cycle of references would be seen
    try:
        snapshot = store.snapshot()
        read_all(snapshot)
        assert len(mapped()) >= 3  # rows, words and vectors of the large segment
        segments = [weakref.ref(part.segment) for part in snapshot.parts]
        vectors = snapshot.parts[0].segment.flat.vectors
        before = vectors[5].tolist()
        del snapshot
        assert [segment() for segment in segments] == [None, None]
        assert len(mapped()) == 1
        assert vectors[5].tolist() == before
        del vectors
        assert mapped() == []
    finally:
        gc.enable()
