"""How much memory does indexing need as the corpus grows? The peak of a whole process, from an empty cache.

    python benchmarks/memory.py FOLDER [--passages 20000 70000]

FOLDER has *.jsonl.gz with `_id`, `title` and `text`, all of which are read in turn. Peak memory is the resident set
of the process that indexes, as the operating system accounts for it.
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
    parser.add_argument("--passages", type=int, nargs="+", default=[20_000, 70_000])
    arguments = parser.parse_args()
    rows: list[list[object]] = []
    for count in sorted(arguments.passages):
        rows.append(_row(arguments.folder, count))
        rows[-1].append(rows[-1][3] / rows[0][3])  # type: ignore[operator]
    report("Memory of indexing", ["passages", "chunks", "minutes", "peak MB", "against the first"], rows)


def _row(folder: Path, count: int) -> list[object]:
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(place) / "corpus.jsonl"
        with corpus.open("w", encoding="utf-8") as lines:
            for number, record in enumerate(islice(_records(folder), count)):
                lines.write(json.dumps({**record, "_id": str(number)}) + "\n")
        command = [sys.executable, "-c", CHILD, "index", str(corpus), "-i", f"{place}/index", "--json"]
        started = perf_counter()
        output, peak = _peak(command, {**os.environ, "VECSEARCH_CACHE": f"{place}/cache"})
        minutes = (perf_counter() - started) / 60
        return [count, json.loads(output)["chunks"], minutes, peak]


def _peak(command: list[str], environment: dict[str, str]) -> tuple[bytes, float]:
    """What the command prints, and the most memory it had, in MB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"indexing ended with status {status}")
    return output, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _records(folder: Path) -> Iterator[dict[str, str]]:
    for file in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
