"""What does indexing cost as the corpus grows? Time a chunk and the peak of memory, from an empty cache.

    python benchmarks/memory.py FOLDER [--passages 1000 5000 20000 70000]

FOLDER has *.jsonl.gz with `_id`, `title` and `text`; passages are taken evenly from all of them. Peak memory is the
resident set of the process that indexes, as the operating system accounts for it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from time import perf_counter

from machine import report

CHILD = "from vecsearch.cli.main import main; main()"


def main() -> None:
    """Prints one row for each number of passages, the smallest first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passages", type=int, nargs="+", default=[1_000, 5_000, 20_000, 70_000])
    arguments = parser.parse_args()
    rows: list[list[object]] = []
    for count in sorted(arguments.passages):
        rows.append(_row(arguments.folder, count))
        rows[-1].append(rows[-1][3] / rows[0][3])  # type: ignore[operator]
    columns = ["passages", "chunks", "seconds", "peak MB", "ms per chunk", "memory, ratio to the first"]
    report("What indexing costs", columns, rows)


def _row(folder: Path, count: int) -> list[object]:
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(place) / "corpus.jsonl"
        with corpus.open("w", encoding="utf-8") as lines:
            for number, record in enumerate(_evenly(folder, count)):
                lines.write(json.dumps({**record, "_id": str(number)}) + "\n")
        command = [sys.executable, "-c", CHILD, "index", str(corpus), "-i", f"{place}/index", "--json"]
        started = perf_counter()
        output, peak = peak_of(command, {**os.environ, "VECSEARCH_CACHE": f"{place}/cache"})
        seconds = perf_counter() - started
        chunks = json.loads(output)["chunks"]
        return [count, chunks, seconds, peak, 1e3 * seconds / chunks]


def peak_of(command: list[str], environment: dict[str, str] | None = None) -> tuple[bytes, float]:
    """What the command prints, and the most memory it had, in MB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[:3]} ended with status {status}")
    return output, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _evenly(folder: Path, count: int) -> Iterator[dict[str, str]]:
    total = sum(1 for _ in _records(folder))
    step = max(1, total // count)
    return islice(_records(folder), 0, step * count, step)


def _records(folder: Path) -> Iterator[dict[str, str]]:
    for file in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
