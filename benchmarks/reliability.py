"""What does an index survive, and what does that cost? The tests of crashes, kills and readers, many times over.

    python benchmarks/reliability.py [--only PART ...] [--kills 300] [--bits 2000] [--damage 2000] [--seconds 60]
                                     [--adds 5000]

PART is kills, failures, bits, damage, readers, growth or commits; all by default. The first five raise an
AssertionError at the first answer that is not that of a committed version, or damage that is not found.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from machine import report

from vecsearch import Document, Index, verify_index
from vecsearch.types import FloatArray, IntArray, Role

sys.path.insert(0, str(Path(__file__).parents[1]))  # the helpers of the tests

from tests.helpers.counting import CountingEncoder
from tests.helpers.damage import damaged_files, files_of, flip, make_versions
from tests.helpers.damage_trials import make_index, make_large_index, run
from tests.helpers.failing import Failing
from tests.helpers.killing import kill_often
from tests.helpers.reading import read_while_writing
from tests.helpers.states import answers
from tests.helpers.trials import CODES, OPERATIONS, Trials, make_base
from tests.storage.test_growth import document, files_in

Rows = list[list[Any]]
SIZES = (1_000, 5_000, 10_000, 20_000, 40_000, 70_000)
_TRIALS = 100  # in a process
COMMITS = 40  # single documents, at each size


def main() -> None:
    """Prints one row for each question."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--bits", type=int, default=2_000)
    parser.add_argument("--damage", type=int, default=2_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--adds", type=int, default=5_000)
    arguments = parser.parse_args()
    rows: Rows = []
    for name in arguments.only:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["VECSEARCH_CACHE"] = str(Path(folder) / "cache")
            rows += PARTS[name](Path(folder), arguments)
    report("Reliability", ["question", "figure", "unit"], rows)


def kills(place: Path, arguments: argparse.Namespace) -> Rows:
    """kill -9 of a writer, each followed by a look at all that is left."""
    started = perf_counter()
    seen = kill_often(place, arguments.kills, seed=1)
    return [
        ["writers killed (kill -9)", seen.kills, "kills"],
        ["of these while a step was under way", seen.within, "kills"],
        ["of these after its commit had landed", seen.landed, "kills"],
        ["index whole and as before or after the step", seen.kills, "kills"],
        ["time for all", perf_counter() - started, "s"],
    ]


def failures(place: Path, _: argparse.Namespace) -> Rows:
    """Every operation on a file of every kind of write made to fail, and Ctrl-C in its place."""
    warnings.simplefilter("ignore", RuntimeWarning)  # of a cache that could not be used
    base = make_base(place / "base")
    tried = dict.fromkeys(CODES, 0)
    for number, (operation, prepare) in enumerate(OPERATIONS):
        for code, errors in CODES.items():
            (place / f"{number} {code}").mkdir()
            trials = Trials(base, place / f"{number} {code}", operation, prepare)
            for at in count():
                failing = Failing(at, code=errors[at % len(errors)])
                trials.run(failing.installed)
                if failing.failed is None:
                    break
                tried[code] += 1
    return [
        ["kinds of write", len(OPERATIONS), "kinds"],
        ["operations on files made to fail (EIO, ENOSPC)", tried["disk"], "failures"],
        ["operations on files with Ctrl-C in their place", tried["Ctrl-C"], "interruptions"],
        ["index whole and as before or after", sum(tried.values()), "trials"],
    ]


def bits(place: Path, arguments: argparse.Namespace) -> Rows:
    """Single bits flipped anywhere in an index, and what verify says."""
    index = make_versions(place)
    chance, found = random.Random(1), 0
    names = files_of(index)
    sizes = [(index / name).stat().st_size for name in names]
    for name in chance.choices(names, sizes, k=arguments.bits):
        content = (index / name).read_bytes()
        flip(index / name, chance.randrange(8 * len(content)))
        found += damaged_files(index) == [name]
        (index / name).write_bytes(content)
    return [
        ["bits flipped, one at a time", arguments.bits, "bits"],
        ["found by verify, with the right file named", found, "bits"],
    ]


def damage(place: Path, arguments: argparse.Namespace) -> Rows:
    """Bits, bytes, words and blocks changed in any file; then searches, exports and merges in other processes."""
    starts, seen = [make_index(place)] * 9 + [make_large_index(place)], Counter[str]()
    seeds = range(-(-arguments.damage // _TRIALS))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        trials = [pool.submit(run, starts[seed % 10], place / f"trials {seed}", seed, _TRIALS) for seed in seeds]
        for of_process in trials:
            seen += of_process.result()
    assert seen.keys() <= {"found", "unchanged"}, seen
    return [
        ["files damaged, one at a time", seen["found"], "trials"],
        ["found by verify, no crash, and no damage in a new version", seen["found"], "trials"],
    ]


def readers(place: Path, arguments: argparse.Namespace) -> Rows:
    """Four readers beside one writer, round after round."""
    ends, rounds, checked, versions = perf_counter() + arguments.seconds, 0, 0, 0
    while perf_counter() < ends:
        folder = place / str(rounds)
        folder.mkdir()
        seen = read_while_writing(folder, 400, [True, True, True, False], seed=rounds)
        checked += sum(len(reader.answers) for reader in seen)
        versions += sum(len(set(reader.answers)) for reader in seen if reader.refresh)
        rounds += 1
    return [
        ["steps of the writer beside four readers", 400 * rounds, "steps"],
        ["answers checked, each of one version and none older than the last", checked, "answers"],
        ["different versions seen by the three that refresh", versions, "versions"],
    ]


def growth(place: Path, arguments: argparse.Namespace) -> Rows:
    """Single-document commits against one that holds the same."""
    index = Index.create(place / "grown", model=CountingEncoder())
    segments, files, times = 0, 0, []
    for number in range(arguments.adds):
        started = perf_counter()
        index.add([document(number)])
        times.append(perf_counter() - started)
        segments = max(segments, index.info().segments)
        files = max(files, len(files_in(index.path)))
    fresh = Index.create(place / "fresh", model=CountingEncoder())
    fresh.add(document(number) for number in range(arguments.adds))
    grown_bytes, fresh_bytes = sum(files_in(index.path)), sum(files_in(fresh.path))
    assert answers(index) == answers(fresh)
    return [
        ["single-document commits", arguments.adds, "commits"],
        ["segments at most, at any time", segments, "segments"],
        ["files at most, at any time", files, "files"],
        ["bytes afterwards", grown_bytes, "bytes"],
        ["bytes of a fresh build", fresh_bytes, "bytes"],
        ["ratio (limit 2)", grown_bytes / fresh_bytes, ""],
        ["one commit, median", 1_000 * median(times), "ms"],
        ["one commit, worst", 1_000 * max(times), "ms"],
    ]


class CheapEncoder:
    """Random vectors of the default model's size: what is measured is everything else."""

    name, dim, max_tokens, fingerprint = "cheap", 384, 64, "c0ffee"

    def __init__(self) -> None:
        self._chance = np.random.default_rng(1)

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:  # noqa: ARG002
        return self._chance.standard_normal((len(texts), self.dim), dtype=np.float32)

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        return [np.array([[0, len(text)]], np.int64) for text in texts]


def commits(place: Path, _: argparse.Namespace) -> Rows:
    """How long one commit takes, and how long it takes to open, as an index grows."""
    index = Index.create(place / "index", model=CheapEncoder())
    rows: Rows = []
    for size in SIZES:
        have = len(index)
        index.add(Document(f"n{number}", f"the document number {number} " * 8) for number in range(have, size))
        more = [Document(f"more {size} {number}", f"more {number}") for number in range(COMMITS)]
        times = [_seconds(lambda one=one: index.add([one])) for one in more]
        rows.append([f"one commit at {size:,} chunks, median", 1_000 * median(times), "ms"])
        rows.append([f"one commit at {size:,} chunks, worst", 1_000 * max(times), "ms"])
        opening = [_seconds(lambda: Index.open(index.path)) for _ in range(COMMITS)]
        rows.append([f"to open at {size:,} chunks, median", 1_000 * median(opening), "ms"])
    assert verify_index(index.path).ok
    shutil.rmtree(index.path)
    return [*rows, ["flushing one file of 4 kB, median", 1_000 * median(_flushes(place)), "ms"]]


def _flushes(place: Path) -> list[float]:
    """What the disk takes for the least that can be made durable."""
    times = []
    for number in range(COMMITS):
        with open(place / str(number), "wb") as stream:
            stream.write(bytes(4096))
            stream.flush()
            times.append(_seconds(lambda stream=stream: os.fsync(stream.fileno())))
    return times


def _seconds(action: Callable[[], Any]) -> float:
    started = perf_counter()
    action()
    return perf_counter() - started


PARTS: dict[str, Callable[[Path, argparse.Namespace], Rows]] = {
    "kills": kills,
    "failures": failures,
    "bits": bits,
    "damage": damage,
    "readers": readers,
    "growth": growth,
    "commits": commits,
}

if __name__ == "__main__":
    main()
