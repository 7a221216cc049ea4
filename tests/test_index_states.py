"""Any order of changes, of going back and of readers: after each step the index answers as a plain dict would."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import vecsearch.ingest.run
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.oracle import assert_answers, brute_force, chunk_vectors
from tests.helpers.writing import write
from vecsearch import Document, Index

NAMES = st.sampled_from("abcdef")
TEXTS = st.lists(st.sampled_from(["red", "green", "blue", "old", "new"]), max_size=3).map(" ".join)
TAGS = st.sampled_from(["good", "better"])
BATCHES = st.lists(st.tuples(NAMES, TEXTS), max_size=5)


class IndexStates(RuleBasedStateMachine):
    """What the index must hold: `added` by a program and `synced` from files; `files` is what the folder holds.

    `past` is what it held as each version was, `tags` which of them must be kept, `read` what a second reader sees.
    """

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 3)
        self.patch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 4)
        self.place = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.patch.setenv("VECSEARCH_CACHE", str(Path(self.place.name) / "cache"))
        self.encoder = CountingEncoder(dim=8)
        self.folder = Path(self.place.name) / "notes"
        self.folder.mkdir()
        self.added: dict[str, str] = {}
        self.synced: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.past: dict[int, tuple[dict[str, str], dict[str, str]]] = {}
        self.tags: dict[str, int] = {}

    def teardown(self) -> None:
        self.patch.undo()
        self.place.cleanup()

    @initialize(metric=st.sampled_from(["cosine", "dot"]), keep=st.integers(1, 4))
    def create(self, metric: str, keep: int) -> None:
        self.metric = metric
        path = Path(self.place.name) / "index"
        self.index = Index.create(path, model=self.encoder, metric=metric, keep_versions=keep)
        self.reader, self.read = Index.open(path, model=self.encoder), {}

    @rule(batch=BATCHES)
    def add(self, batch: list[tuple[str, str]]) -> None:
        report = self.index.add(Document(*item) for item in batch)
        assert len(report.skipped) == sum(not text for _, text in batch)
        self.added |= {name: text for name, text in batch if text}

    @rule(names=st.lists(NAMES, max_size=3))
    def delete(self, names: list[str]) -> None:
        present = set(names) & set(self.added)
        assert self.index.delete(names) == len(present)
        for name in present:
            del self.added[name]

    @rule(name=NAMES)
    def delete_what_a_file_gave(self, name: str) -> None:
        present = self.synced.pop(f"notes/{name}.txt", None) is not None
        assert self.index.delete([f"notes/{name}.txt"]) == present

    @rule(name=NAMES, text=TEXTS)
    def write_file(self, name: str, text: str) -> None:
        write(self.folder / f"{name}.txt", text)
        self.files[name] = text

    @rule(name=NAMES)
    def remove_file(self, name: str) -> None:
        if self.files.pop(name, None) is not None:
            os.unlink(self.folder / f"{name}.txt")

    @rule()
    def sync(self) -> None:
        wanted = {f"notes/{name}.txt": text for name, text in self.files.items() if text}
        predicted = self.index.sync(self.folder, dry_run=True)
        report = self.index.sync(self.folder)
        same = {name for name in wanted if self.synced.get(name) == wanted[name]}
        assert report.added == predicted.added == len(wanted.keys() - self.synced.keys())
        assert report.updated == predicted.updated == len((wanted.keys() & self.synced.keys()) - same)
        assert report.unchanged == predicted.unchanged == len(same)
        assert report.deleted == predicted.deleted == len(self.synced.keys() - wanted.keys())
        assert report.failed == ()
        self.synced = wanted

    @rule()
    def open_again(self) -> None:
        self.index = Index.open(self.index.path, model=self.encoder)

    @rule(names=st.lists(NAMES, max_size=3))
    def compact(self, names: list[str]) -> None:
        self.delete(names)  # else there is seldom a deleted row when it comes to this
        self.index.compact()
        info = self.index.info()
        assert (info.segments, info.deleted) == (min(1, len(self.index)), 0)

    @rule(n=st.integers(1, 4))
    def keep_versions(self, n: int) -> None:
        self.index.keep_versions(n)
        kept = [version.number for version in self.index.log() if not version.tags]
        assert kept == sorted(kept, reverse=True)

    @rule(name=TAGS, choice=st.integers(0, 9))
    def tag(self, name: str, choice: int) -> None:
        known = [version.number for version in self.index.log() if version.number in self.past]
        self.tags[name] = known[choice % len(known)]
        self.index.tag(name, self.tags[name])

    @rule(name=TAGS)
    def untag(self, name: str) -> None:
        if self.tags.pop(name, None) is not None:
            self.index.untag(name)

    @rule(name=TAGS)
    def restore_a_tag(self, name: str) -> None:
        if name in self.tags:
            self.index.restore(name)
            self.added, self.synced = map(dict, self.past[self.tags[name]])

    @rule(choice=st.integers(0, 9))
    def restore_a_version(self, choice: int) -> None:
        known = [version.number for version in self.index.log() if version.number in self.past]
        chosen = known[choice % len(known)]
        self.index.restore(chosen)
        self.added, self.synced = map(dict, self.past[chosen])

    @rule(name=TAGS)
    def ask_a_tag(self, name: str) -> None:
        if name in self.tags:
            past = Index.open(self.index.path, model=self.encoder, version=name)
            added, synced = self.past[self.tags[name]]
            self.assert_holds(past, {**added, **synced})

    @rule()
    def refresh_the_reader(self) -> None:
        self.reader.refresh()
        self.read = {**self.added, **self.synced}

    @rule()
    def verify(self) -> None:
        found = self.index.verify()
        assert (found.problems, found.leftovers) == ((), ())

    @rule(seed=st.integers(0, 1000), k=st.integers(1, 15), per_document=st.none() | st.integers(1, 2))
    def search(self, seed: int, k: int, per_document: int | None) -> None:
        query = np.random.default_rng(seed).standard_normal(8).astype(np.float32)
        expected = brute_force(self.chunks, query, k, self.metric, per_document=per_document)
        assert_answers(self.index.search(query, k=k, per_document=per_document), expected)

    @property
    def chunks(self) -> dict[tuple[str, int], np.ndarray]:
        return chunk_vectors({**self.added, **self.synced}, self.encoder)

    @invariant()
    def answers_as_a_dict_would(self) -> None:
        if not hasattr(self, "index"):
            return
        documents = {**self.added, **self.synced}
        self.assert_holds(self.index, documents)
        self.assert_holds(self.reader, self.read)
        info = self.index.info()
        assert len(self.index) == info.chunks == info.documents == len(documents)
        log = {version.number: version.tags for version in self.index.log()}
        assert next(iter(log)) == info.version
        assert {name: number for number, names in log.items() for name in names} == self.tags
        self.past[info.version] = dict(self.added), dict(self.synced)

    def assert_holds(self, index: Index, documents: dict[str, str]) -> None:
        query = np.arange(1, 9, dtype=np.float32)
        hits = index.search(query, k=100)
        assert {hit.document_id: hit.text for hit in hits} == documents
        assert_answers(hits, brute_force(chunk_vectors(documents, self.encoder), query, 100, self.metric))


TestIndexStates = pytest.mark.slow(IndexStates.TestCase)
TestIndexStates.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
