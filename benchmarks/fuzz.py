"""What do files that are damaged or hostile do to those who read them? Damaged copies of real files, read and counted.

    python benchmarks/fuzz.py [FOLDER...] [--times N] [--seed S] [--seconds LIMIT] [--keep FOLDER]

Of every file in the folders, of a small one of each format that the tests make, and of ignore files, manifests and
exported indexes (`fuzz_targets.py`), N copies are damaged
(`mutations.py`) and read by `documents.load`, as an index reads files, in a process of its own that is watched. A copy
may give text, be skipped or fail; `late` and `ended` count those that failed because the process which reads foreign
formats was given up after LIMIT seconds, or ended. What must never happen has columns of its own: an error that is
raised, no answer in LIMIT seconds and some grace, the end of the main process, an outline that does not fit its text or
a text that nothing can store, chunks that are not `text[start:end]`, the content of a file that only an entity named.
The most processor time for one copy and the most memory are those of both processes together.
Ends with status 1 when any of it did; `--keep` keeps the copies that did it, and those that were late or ended.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from time import perf_counter
from traceback import extract_tb
from typing import NamedTuple

from fuzz_targets import OTHERS, extra_originals, read_other
from machine import report
from mutations import SECRET, damaged

from vecsearch.chunking import Chunking, chunk_document
from vecsearch.documents import Limits, Reader, Skip, load
from vecsearch.errors import InvalidDocument
from vecsearch.reports import Failure
from vecsearch.types import Document

sys.path.insert(0, str(Path(__file__).parents[1]))  # the helpers of the tests

from tests.documents.test_documents_contract import LoaderContract
from tests.helpers.checking import check_document
from tests.helpers.counting import CountingEncoder
from tests.helpers.samples import SAMPLES

BECAME = ("text", "skipped", "failed")  # what a copy may become; the first that came of it counts
WHY = ("late", "ended")  # of those that failed
SPENT = "spent"  # processor seconds and megabytes, in the detail
NEVER = ("raised", "hung", "died", "outline", "chunks", "leaked")
COLUMNS = ["format", "files", "copies", *BECAME, *WHY, "slowest s", "most CPU s", "most MB", *NEVER]

_GRACE = 20  # seconds beyond the limit until a process is hung: to start another reader, on a machine that is busy
_WORDS = "what stands in the file that nobody may open"
_CHUNKING = Chunking(max_tokens=64)


class Outcome(NamedTuple):
    """One of the words above, and what there is to say about it."""

    word: str
    detail: str = ""


class Original(NamedTuple):
    """A file to damage; its format is what its name ends in."""

    name: str
    data: bytes

    @property
    def format(self) -> str:
        """Its extension: ".pdf"."""
        return Path(self.name).suffix.lower()


@dataclass
class Tally:
    """What became of the copies of one format."""

    files: int = 0
    copies: int = 0
    slowest: float = 0.0
    processor: float = 0.0  # seconds
    memory: float = 0.0  # megabytes
    words: Counter[str] = field(default_factory=Counter)

    def add(self, outcomes: Sequence[Outcome], seconds: float) -> None:
        """Count one copy: once by what it became, and once by each of the other words."""
        found = {outcome.word for outcome in outcomes}
        became = next((word for word in BECAME if word in found), None)
        self.copies += 1
        self.slowest = max(self.slowest, seconds)
        for outcome in outcomes:
            if outcome.word == SPENT:
                processor, memory = map(float, outcome.detail.split())
                self.processor, self.memory = max(self.processor, processor), max(self.memory, memory)
        self.words.update(found.intersection((became, *WHY, *NEVER)))

    def row(self, kind: str) -> list[object]:
        """The figures in the order of the columns."""
        became, never = ([self.words[word] for word in words] for words in ((*BECAME, *WHY), NEVER))
        return [kind, self.files, self.copies, *became, self.slowest, self.processor, round(self.memory), *never]


def main() -> None:
    """Prints a row for each format; ends with status 1 when something happened that must not."""
    arguments = _arguments()
    files = _originals(arguments.folders)
    tallies = {kind: Tally() for kind in sorted({file.format for file in files})}
    for file in files:
        tallies[file.format].files += 1
    notes = [f"{len(files)} files, {arguments.times} copies of each, seed {arguments.seed}, {arguments.seconds:g} s."]
    with _place() as place, Watched(arguments.seconds) as watched:
        for file, number, data in _copies(files, arguments.times, arguments.seed):
            path = place / f"copy{file.format}"
            path.write_bytes(data)
            started = perf_counter()
            outcomes = list(watched.outcomes(path))
            tallies[file.format].add(outcomes, perf_counter() - started)
            if told := [outcome for outcome in outcomes if outcome.word in (*WHY, *NEVER)]:
                notes.append(f"{file.name}, copy {number}: {told[0].word} {told[0].detail}".strip())
                _keep(arguments.keep, f"{number} {file.name}", data)
    total = _total(tallies.values())
    rows = [*(tally.row(kind) for kind, tally in tallies.items()), total.row("all")]
    report("Damaged and hostile files", COLUMNS, rows, notes)
    sys.exit(any(total.words[word] for word in NEVER))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--keep", type=lambda name: Path(name).resolve())  # before the working folder is another
    return parser.parse_args()


def _originals(folders: Iterable[Path]) -> list[Original]:
    """The files directly in the folders, then those that the tests of the formats have, and records."""
    paths = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]
    files = [Original(path.name, path.read_bytes()) for path in paths]
    files += [Original(text.name, text.content.encode()) for text in LoaderContract.__subclasses__()]
    files += [Original(sample.name, sample.data) for sample in SAMPLES]
    return [*files, *(Original(name, data) for name, data in extra_originals())]


def _copies(files: Sequence[Original], times: int, seed: int) -> Iterator[tuple[Original, int, bytes]]:
    """Damaged copies: one of each file, then the next of each; a copy depends on the seed, the file and its number."""
    for number in range(times):
        for place, file in enumerate(files):
            dice = Random(f"{seed} {number} {place} {file.name}")
            yield file, number, damaged(file.data, dice.choice(files).data, dice)


@contextmanager
def _place() -> Iterator[Path]:
    """A working folder, with the file in it that nobody may open."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, SECRET).write_text(_WORDS)
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def _keep(folder: Path | None, name: str, data: bytes) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def _total(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.files += tally.files
        total.copies += tally.copies
        total.slowest = max(total.slowest, tally.slowest)
        total.processor = max(total.processor, tally.processor)
        total.memory = max(total.memory, tally.memory)
        total.words += tally.words
    return total


class Watched:
    """A process that reads files as an index does; one that is lost is replaced."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._start()

    def outcomes(self, path: Path) -> Iterator[Outcome]:
        """What comes of the file, as it comes."""
        self._connection.send(str(path))
        try:
            while self._connection.poll(self._seconds + _GRACE):
                outcome = self._connection.recv()
                if outcome is None:
                    return
                yield outcome
            yield Outcome("hung", f"no answer in {self._seconds + _GRACE:g} seconds")
        except EOFError:
            self._process.join()
            yield Outcome("died", f"exit status {self._process.exitcode}")
        self.close()
        self._start()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._connection.close()

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_answer, args=(theirs, self._seconds), daemon=True)
        self._process.start()
        theirs.close()


def _answer(connection: Connection, seconds: float) -> None:
    """In the process that is watched: for each path its outcomes, then None."""
    with Reader(Limits(seconds=seconds)) as reader:
        while True:
            path = Path(connection.recv())
            before = _spent(reader)
            try:
                if path.suffix in OTHERS:
                    refused = read_other(path)
                    connection.send(Outcome("failed", refused) if refused else Outcome("text"))
                    found_in: Iterable[Document | Failure] = ()
                else:
                    found_in = load(path, "the-id", None, reader, expect_records=False)
                for found in found_in:
                    for outcome in _judged(found):
                        connection.send(outcome)
            except InvalidDocument as error:  # which `load` may raise, of a file of records
                connection.send(Outcome("failed", str(error)))
            except Exception as error:
                connection.send(Outcome("raised", f"{type(error).__name__}: {error}"))
            after = _spent(reader)
            connection.send(Outcome(SPENT, f"{max(after[0] - before[0], 0):.3f} {after[1]:.0f}"))
            connection.send(None)


def _spent(reader: Reader) -> tuple[float, float]:
    """Processor seconds and the most megabytes of this process and the one that reads for it, as Linux counts them."""
    seconds, memory = 0.0, 0.0
    for process in filter(None, (os.getpid(), reader._process and reader._process.pid)):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
            status = Path(f"/proc/{process}/status").read_text()
        except OSError:
            continue
        seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        memory += int(status.partition("VmHWM:")[2].split()[0]) / 1000
    return seconds, memory


def _judged(found: Document | Failure) -> Iterator[Outcome]:
    """What a document or a failure counts as."""
    if isinstance(found, Document):
        yield Outcome("text")
        yield from _faults(found)
    elif isinstance(found, Skip):
        yield Outcome("skipped")
    else:
        yield Outcome("failed", found.reason)
        if found.reason.endswith("to read: stopped"):
            yield Outcome("late")
        if found.reason.startswith("the process that read it crashed"):
            yield Outcome("ended")


def _faults(document: Document) -> Iterator[Outcome]:
    """What is wrong with a document, none of which may be."""
    try:
        check_document(document)
        assert all(0 <= start < end <= len(document.text) for start, end in document.outline.markup)
    except (AssertionError, InvalidDocument, UnicodeEncodeError) as error:
        line = extract_tb(error.__traceback__)[-1].line
        yield Outcome("outline", f"{line or error}")
    chunks = chunk_document(document, CountingEncoder(), _CHUNKING)
    if any(document.text[chunk.start : chunk.end] != chunk.text or not chunk.text.strip() for chunk in chunks):
        yield Outcome("chunks", f"{len(chunks)} of them")
    if _WORDS in document.text:
        yield Outcome("leaked", "the file that an entity named")


if __name__ == "__main__":
    main()
