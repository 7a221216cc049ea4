"""Processes that read an index while another writes: each answer must be that of one version, never between."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from tests.helpers.counting import CountingEncoder
from tests.helpers.states import documents_of
from tests.helpers.writer import Texts, plan, say, started, write
from vecsearch import Index

QUERIES = ["red green", "small old fast"]


@dataclass(slots=True)
class Read:
    """What one reader said: a digest for each answer, or an error."""

    refresh: bool
    answers: list[str] = field(default_factory=list)


def read_while_writing(place: Path, steps: int, readers: list[bool], seed: int) -> list[Read]:
    """One process does so many steps while readers, with refresh or without, ask until it has done; what they said."""
    path = place / "index"
    Index.create(path, model=CountingEncoder())
    first = 5  # steps, so that there is something to find
    _join(*started(write, path, seed, 0, first))
    seen = [Read(refresh) for refresh in readers]
    stop = place / "stop"
    processes = [started(read, path, reader.refresh, stop) for reader in seen]
    heard = [Thread(target=_hear, args=(pipe, reader)) for (_, pipe), reader in zip(processes, seen, strict=True)]
    for _, pipe in processes:
        assert pipe.poll(60), "every reader has its first answer before the writer goes on"
    for thread in heard:
        thread.start()
    _join(*started(write, path, seed, first, steps))
    stop.touch()
    for thread in heard:
        thread.join()
    for process, _ in processes:
        process.join()
        assert process.exitcode == 0
    held = plan(seed, steps)
    assert documents_of(Index.open(path)) == held[-1]
    for reader in seen:
        check(reader, held, first)
    return seen


def check(reader: Read, held: list[Texts], first: int) -> None:
    """Raises AssertionError for an answer that no version gives, or that is older than the one before."""
    numbers = defaultdict(list)
    for number, documents in enumerate(held):
        numbers[digest(documents)].append(number)
    at = first
    for answer in reader.answers:
        following = numbers[answer][bisect_left(numbers[answer], at) :]
        assert following, f"no version from {at} on gives the answer {answer}"
        at = following[0]
        assert reader.refresh or answer == reader.answers[0]
    assert not reader.refresh or reader.answers[-1] == digest(held[-1])


def read(path: Path, refresh: bool, stop: Path, pipe: Any) -> None:
    """Asks until the file `stop` is there, and says what was answered."""
    index = Index.open(path, model=CountingEncoder(), refresh=refresh)
    last = False
    while not last:
        last = stop.exists()
        try:
            answers = [{hit.document_id: hit.text for hit in hits} for hits in index.search(QUERIES, k=1_000)]
            say(
                pipe,
                digest(answers[0]) if answers[0] == answers[1] else "the answers to two queries are not of one version",
            )
        except Exception as error:
            say(pipe, f"error: {error!r}")


def digest(documents: Texts) -> str:
    """The same for the same documents."""
    return hashlib.sha256(repr(sorted(documents.items())).encode()).hexdigest()


def _hear(pipe: Any, reader: Read) -> None:
    with open(pipe.fileno(), closefd=False) as said:
        reader.answers += said.read().splitlines()
    pipe.close()


def _join(process: Any, pipe: Any) -> None:
    """Waits for the end of a process that nobody listens to."""
    with open(pipe.fileno(), closefd=False) as said:
        said.read()
    pipe.close()
    process.join()
    assert process.exitcode == 0
