"""What do checks on opening cost? This checkout beside another one, in turn, each time in a process of its own.

    python benchmarks/open.py [--against FOLDER] [--rows 1000 100000] [--rounds 7]

FOLDER is another checkout of vecsearch, whose code is measured with the same Python and packages; 1,000,000 rows take
some minutes and 3 GB of disk. An index is made for each number of rows by the older of the two, so that both read it.
Times are the least of all processes, in milliseconds, to which other work on the machine has added least: of opening
in a process that has opened it before, of the first search of each kind, and of those that follow.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from machine import report

HERE = Path(__file__).resolve().parents[1]
_START = """
import importlib.util, sys
from pathlib import Path
house = Path(sys.argv[1])
sys.path.insert(0, str(house))
import vecsearch
assert Path(vecsearch.__file__).parents[1] == house, vecsearch.__file__
"""
_ENCODER = """
import numpy as np
class Cheap:
    name, dim, max_tokens, fingerprint = "cheap", 384, 64, "c0ffee"
    def __init__(self): self.chance = np.random.default_rng(1)
    def encode(self, texts, role): return self.chance.standard_normal((len(texts), self.dim), dtype=np.float32)
    def token_spans(self, texts): return [np.array([[0, len(text)]], np.int64) for text in texts]
"""
_MAKE = """
from vecsearch import Document, Index
rows, words = int(sys.argv[3]), ["heron", "river", "stone", "kernel", "zebra", "cloud"]
index = Index.create(sys.argv[2], model=Cheap())
def document(n):
    metadata = {"year": 1900 + n % 120, "word": words[n % 5]}
    return Document(f"n{n}", f"document {n} of the {words[n % 6]} " * 8, metadata)
index.add(map(document, range(rows)))
"""
_MEASURE = """
import gc, json
gc.disable()  # a collection takes 20 ms, and falls on another question in each checkout
from time import perf_counter
from vecsearch import Index
vector = np.random.default_rng(7).standard_normal(Cheap.dim).astype(np.float32)
searches = {
    "vector": lambda index: index.search(vector, k=10),
    "words": lambda index: index.search("heron 777", k=10, mode="lexical"),
    "filter": lambda index: index.search(vector, k=10, where="year > 2010 AND word = 'river'"),
}
def took(action):
    started = perf_counter(); action(); return 1000 * (perf_counter() - started)
times = {}
Index.open(sys.argv[2], model=Cheap()).search(vector)  # imports
times["open"] = [took(lambda: Index.open(sys.argv[2], model=Cheap())) for _ in range(9)]
for name, search in searches.items():
    index = Index.open(sys.argv[2], model=Cheap())
    times[f"first search by {name}"] = [took(lambda: search(index))]
    times[f"search by {name}"] = [took(lambda: search(index)) for _ in range(9)]
print(json.dumps(times))
"""


def main() -> None:
    """Print a row for each size and question."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    other = arguments.against.resolve() if arguments.against else None
    rows: list[list[Any]] = []
    for size in arguments.rows:
        with tempfile.TemporaryDirectory() as place:
            index = Path(place) / "index"
            _run(other or HERE, _MAKE, index, str(size))
            measured = _measured(index, [HERE, other] if other else [HERE], arguments.rounds)
            rows += [[f"{size:,} rows: {name}", *_figures(times)] for name, times in measured.items()]
    report("Opening", ["question", "here, ms", "there, ms", "ratio", "difference, ms"], rows)


def _measured(index: Path, houses: list[Path], rounds: int) -> dict[str, list[list[float]]]:
    """Return the times of each question, a list for each checkout; who goes first alternates."""
    times: dict[str, list[list[float]]] = {}
    for number in range(rounds):
        order = list(enumerate(houses))
        for place, house in order[::-1] if number % 2 else order:
            for name, found in json.loads(_run(house, _MEASURE, index)).items():
                times.setdefault(name, [[] for _ in houses])[place] += found
    return times


def _figures(times: list[list[float]]) -> list[Any]:
    here, *there = map(min, times)
    return [here, there[0], here / there[0], here - there[0]] if there else [here, None, None, None]


def _run(house: Path, code: str, index: Path, *more: str) -> str:
    environment = {**os.environ, "VECSEARCH_CACHE": str(index.parent / "cache"), "PYTHONPATH": str(house)}
    command = [sys.executable, "-c", _START + _ENCODER + code, str(house), str(index), *more]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
