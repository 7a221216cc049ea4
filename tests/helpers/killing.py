"""Kills a writing process at a chance moment, again and again, and looks at what is left of the index."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.counting import CountingEncoder
from tests.helpers.states import documents_of, temporary_files
from tests.helpers.writer import plan, started, write
from vecsearch import Document, Index, verify_index


@dataclass(slots=True)
class Killed:
    """What was seen: kills, and those that came while a step was under way, before and after its commit."""

    kills: int = 0
    within: int = 0
    landed: int = 0


def kill_often(place: Path, kills: int, seed: int) -> Killed:
    """Writes an index at `place` with so many kills; raises AssertionError when it is ever anything but whole."""
    chance = random.Random(seed)
    expected = plan(seed, 40 * kills)
    seen = Killed()
    done = 0
    path = place / "index"
    Index.create(path, model=CountingEncoder())
    while seen.kills < kills:
        before, within = _run_and_kill(path, seed, done, len(expected) - 1, chance.randrange(1, 60))
        held = documents_of(Index.open(path))
        found = verify_index(path)
        assert found.problems == (), found.problems
        allowed = [before, before + 1] if within else [before]
        states = [number for number in allowed if expected[number] == held]
        assert states, f"after step {before} was {'begun' if within else 'done'} the index holds {held}"
        done = states[0]
        seen.kills += 1
        seen.within += within
        seen.landed += within and done > before
    index = Index.open(path, model=CountingEncoder())
    index.add([Document("the last write", "the end")])
    assert verify_index(path).leftovers == ()
    assert temporary_files(path) == []
    return seen


def _run_and_kill(path: Path, seed: int, first: int, last: int, lines: int) -> tuple[int, bool]:
    """How many steps were done when the process was killed, after so many lines, and whether one was under way."""
    process, pipe = started(write, path, seed, first, last)
    done, within = first, False
    with os.fdopen(os.dup(pipe.fileno()), "r") as said:
        for number, line in enumerate(said):
            if number == lines:
                os.kill(process.pid, signal.SIGKILL)  # and then what it had said before is read to its end
            match line.split():
                case ["before", count]:
                    done, within = int(count), True
                case ["after", count]:
                    done, within = int(count), False
    process.join()
    pipe.close()
    assert process.exitcode == -signal.SIGKILL, f"the writer ended by itself: {process.exitcode}"
    return done, within
