"""A process that writes to an index, step after step, and says before and after each what it does.

What an index holds after N steps is `plan(seed)[N]`, so that whoever reads what it says knows what it may hold. The
lines are `before N`, `after N`, and `.` for each operation on a file in between.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index

WORDS = ["red", "green", "blue", "old", "new", "big", "small", "fast", "slow", "warm", "cold"]
Texts = dict[str, str]


def steps(seed: int) -> Iterator[tuple[str, Texts]]:
    """What is done, one step after another: its name, and all that it writes or deletes."""
    chance = random.Random(seed)
    while True:
        texts = {f"d{chance.randrange(60)}": " ".join(chance.choices(WORDS, k=6)) for _ in range(chance.randint(1, 12))}
        yield chance.choices(["add", "delete", "sync", "compact"], [6, 3, 3, 1])[0], texts


def plan(seed: int, n: int) -> list[Texts]:
    """The documents that an index holds after 0, 1, ..., n steps, by id."""
    held: list[Texts] = [{}]
    for name, texts in islice(steps(seed), n):
        now = held[-1]
        match name:
            case "add":
                now = now | texts
            case "delete":
                now = {item: text for item, text in now.items() if item not in texts}
            case "sync":
                own = {item: text for item, text in now.items() if not item.startswith("notes/")}
                now = own | {f"notes/{item}.txt": text for item, text in texts.items()}
        held.append(now)
    return held


def step(index: Index, name: str, texts: Texts) -> None:
    """One step, in one commit or none."""
    match name:
        case "add":
            index.add(Document(*item) for item in texts.items())
        case "delete":
            index.delete(texts)
        case "sync":
            notes = index.path.parent / "notes"
            shutil.rmtree(notes, ignore_errors=True)
            notes.mkdir()
            for item, text in texts.items():
                (notes / f"{item}.txt").write_text(text)
            index.sync(notes)
        case "compact":
            index.compact()


def started(target: Callable[..., None], *args: Any) -> tuple[Any, Connection]:
    """Another process that runs `target(*args, pipe)`, and the end of the pipe to read what it says."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["writer"])  # so that each starts without importing everything again
    reading, writing = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*args, writing), daemon=True)
    process.start()
    writing.close()
    return process, reading


def write(path: Path, seed: int, first: int, last: int, pipe: Connection) -> None:
    """Does the steps from number `first` to `last`, saying each and each operation on a file."""
    _say_operations(pipe)
    index = Index.open(path, model=CountingEncoder())
    for number, (name, texts) in enumerate(islice(steps(seed), first, last), first):
        say(pipe, f"before {number}")
        step(index, name, texts)
        say(pipe, f"after {number + 1}")


def say(pipe: Connection, line: str) -> None:
    """Writes a line that is whole or not there, even if the process is killed."""
    os.write(pipe.fileno(), f"{line}\n".encode())


def _say_operations(pipe: Connection) -> None:
    def said(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            say(pipe, ".")
            return real(*args, **options)

        return call

    for name in ("fsync", "link", "replace", "unlink", "rmdir", "mkdir"):
        setattr(os, name, said(getattr(os, name)))
