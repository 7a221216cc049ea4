"""What do many small indexes cost that are open in one process, as a server with an index for each of its users has?

    python benchmarks/many.py [--indexes N] [--documents N]

Each index has the default model, and is opened and asked once. The first opens the model, which the others share;
memory for each further index is counted from the tenth on. Descriptors and memory are read from /proc (Linux).
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from machine import report

from vecsearch import Document, Index

COLUMNS = [
    "indexes",
    "documents each",
    "ms to open",
    "ms for the first search",
    "MB for each",
    "MB in all",
    "descriptors",
]
_COUNTED_FROM = 10


def memory() -> float:
    """Resident megabytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Opens the indexes and prints what they cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--indexes", type=int, default=1000)
    parser.add_argument("--documents", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["VECSEARCH_CACHE"] = str(folder / "cache")
        with Index.create(folder / "0") as first:
            first.add(Document(f"d{n}", f"Passage {n} of a user's notes.") for n in range(arguments.documents))
            first.search("what did I write?")
        for number in range(1, arguments.indexes):
            shutil.copytree(folder / "0", folder / str(number))
        opened, opening, searching, before = [], [], [], 0.0
        for number in range(arguments.indexes):
            if number == _COUNTED_FROM:
                before = memory()
            started = perf_counter()
            index = Index.open(folder / str(number))
            opening.append(1000 * (perf_counter() - started))
            started = perf_counter()
            index.search("what did I write?", k=3)
            searching.append(1000 * (perf_counter() - started))
            opened.append(index)
        each = (memory() - before) / (arguments.indexes - _COUNTED_FROM)
        descriptors = len(os.listdir("/proc/self/fd"))
        costs = [median(opening), median(searching), each, memory(), descriptors]
        report("Many indexes in one process", COLUMNS, [[arguments.indexes, arguments.documents, *costs]])


if __name__ == "__main__":
    main()
