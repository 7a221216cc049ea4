"""Any order of adds, deletes, syncs and openings: after each step the index answers as a plain dict would."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from counting import CountingEncoder
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from oracle import assert_answers, brute_force, chunk_vectors
from writing import write

import vecsearch.ingest
import vecsearch.merging
from vecsearch import Document, Index

NAMES = st.sampled_from("abcdef")
TEXTS = st.lists(st.sampled_from(["red", "green", "blue", "old", "new"]), max_size=3).map(" ".join)
BATCHES = st.lists(st.tuples(NAMES, TEXTS), max_size=5)


class IndexStates(RuleBasedStateMachine):
    """`documents` is what the index must hold, `files` what the folder holds."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(vecsearch.ingest, "_WINDOW_DOCUMENTS", 3)
        self.patch.setattr(vecsearch.merging, "SEGMENT_CHUNKS", 4)
        self.place = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.patch.setenv("VECSEARCH_CACHE", str(Path(self.place.name) / "cache"))
        self.encoder = CountingEncoder(dim=8)
        self.folder = Path(self.place.name) / "notes"
        self.folder.mkdir()
        self.added: dict[str, str] = {}
        self.synced: dict[str, str] = {}
        self.files: dict[str, str] = {}

    def teardown(self) -> None:
        self.patch.undo()
        self.place.cleanup()

    @initialize(metric=st.sampled_from(["cosine", "dot"]))
    def create(self, metric: str) -> None:
        self.metric = metric
        self.index = Index.create(Path(self.place.name) / "index", model=self.encoder, metric=metric)

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
        query = np.arange(1, 9, dtype=np.float32)
        hits = self.index.search(query, k=100)
        assert {hit.document_id: hit.text for hit in hits} == documents
        assert_answers(hits, brute_force(self.chunks, query, 100, self.metric))
        info = self.index.info()
        assert len(self.index) == len(hits) == info.chunks == info.documents == len(documents)


TestIndexStates = pytest.mark.slow(IndexStates.TestCase)
TestIndexStates.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
