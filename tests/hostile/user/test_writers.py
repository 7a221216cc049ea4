"""Other processes that write while threads of this one search and refresh one Index."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.rounds import GROUPS, documents, fault_of, write_rounds
from tests.helpers.writer import started
from vecsearch import Index

ROUNDS, THREADS = 25, 3
WORDS = [word for group in GROUPS for word in group]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the processes of this test are started by forking")
@pytest.mark.parametrize("equal", [True, False], ids=["equal sizes", "changing sizes"])
@pytest.mark.parametrize("mode", ["lexical", "hybrid"])
@pytest.mark.parametrize("refreshing", ["one thread", "every read"])
def test_cannot_mix_two_versions_in_one_answer_by_writing_meanwhile(
    tmp_path: Path, equal: bool, mode: str, refreshing: str
) -> None:
    path, faults, asked, done = tmp_path / "index", [], count(), Event()
    with Index.create(path, model=CountingEncoder()) as made:
        made.add(document for group in range(len(GROUPS)) for document in documents(group, 0, equal=equal))
    index = Index.open(path, model=CountingEncoder(), refresh=refreshing == "every read")

    def search(seed: int) -> None:
        chance = random.Random(seed)
        while not done.is_set():
            word = chance.choice(WORDS)
            hits = index.search(word, k=100, mode=mode)
            fault = fault_of(word, hits if mode == "lexical" else [hit for hit in hits if word in hit.text])
            faults.extend([fault] if fault else [])
            next(asked)

    def refresh() -> None:
        while not done.is_set():
            index.refresh()

    with ThreadPoolExecutor(THREADS + 1) as threads:
        running = [threads.submit(search, seed) for seed in range(THREADS)]
        running += [threads.submit(refresh)] if refreshing == "one thread" else []
        try:
            writers = [started(write_rounds, path, group, ROUNDS, equal) for group in range(len(GROUPS))]
            for process, _ in writers:
                process.join()
        finally:
            done.set()
        for each in running:
            each.result()
    assert faults == []
    assert [process.exitcode for process, _ in writers] == [0, 0]
    assert next(asked) > 100
