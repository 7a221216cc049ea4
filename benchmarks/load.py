"""How fast are files read, format by format?

    python benchmarks/load.py PATH... [--repeat N]

PATH is a file or a folder. Each file is loaded N times as an index does it: texts in this process, other formats in the
process that reads them, which is started before. Pages are those of PDF and Word, slides, sections, cells, entries and
rows of sheets: whatever a hit is led back to.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from machine import report

from vecsearch.documents import Reader, SourceFile, load, scan
from vecsearch.types import Document

COLUMNS = ["type", "files", "MB", "documents", "characters", "places", "ms a file", "MB a second", "places a second"]


@dataclass
class Speed:
    """What was read of one format, and how long it took."""

    files: int = 0
    bytes: int = 0
    documents: int = 0
    characters: int = 0
    places: int = 0
    seconds: float = 0.0

    def row(self, kind: str) -> list[object]:
        """The figures in the order of the columns."""
        counts = [kind, self.files, self.bytes / 1e6, self.documents, self.characters, self.places]
        return [*counts, self.seconds / self.files * 1e3, self.bytes / 1e6 / self.seconds, self.places / self.seconds]


def main() -> None:
    """Prints a table with a line for each format."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--repeat", type=int, default=10)
    arguments = parser.parse_args()
    files = [found for found in scan(arguments.paths) if isinstance(found, SourceFile)]
    speeds: dict[str, Speed] = defaultdict(Speed)
    with Reader() as reader:
        started = _start(reader)
        for _ in range(arguments.repeat):
            for file in files:
                _read(file, reader, speeds)
    notes = [f"Starting the process that reads foreign formats takes {started * 1e3:.0f} ms, once a run."]
    notes.append(f"{len(files)} files, each read {arguments.repeat} times.")
    report("Loading files", COLUMNS, [speed.row(kind) for kind, speed in sorted(speeds.items())], notes)


def _start(reader: Reader) -> float:
    """Seconds until the reader's process has answered for the first time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "first.rtf")
        path.write_bytes(b"{\\rtf1 x}")
        before = perf_counter()
        list(load(path, "", None, reader))
        return perf_counter() - before


def _read(file: SourceFile, reader: Reader, speeds: dict[str, Speed]) -> None:
    before = perf_counter()
    found = [one for one in load(file.path, "", None, reader, expect_records=False) if isinstance(one, Document)]
    seconds = perf_counter() - before
    if found:
        speed = speeds[_kind(found)]
        speed.files += 1
        speed.bytes += file.size
        speed.documents += len(found)
        speed.characters += sum(len(one.text) for one in found)
        speed.places += sum(len(one.outline.places) for one in found)
        speed.seconds += seconds


def _kind(documents: Iterable[Document]) -> str:
    return next((str(one.metadata["type"]) for one in documents if "type" in one.metadata), "records")


if __name__ == "__main__":
    main()
