"""Damage in the files of an index, many trials in a process of their own, so that a crash is seen and not suffered.

In a trial one file is damaged: one bit, one byte, a word of eight bytes, or a block. Then the index is used in every
way that reads or copies, and what was committed is looked at: an answer may be wrong as long as only sizes were
compared, but no damage may get into a new version or an export, and `verify` has to find it.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.helpers.counting import CountingEncoder
from tests.helpers.damage import damaged_files, files_of
from tests.helpers.writing import write
from vecsearch import Document, Index, VecsearchError, verify_index

HOUSE = Path(__file__).parents[2]
WORDS = ["heron", "zebra", "kernel", "river", "stone"]
_CODE = "import sys; from tests.helpers.damage_trials import main; main(*sys.argv[1:])"


def make_index(place: Path) -> Path:
    """An index with lists, numbers and texts in its metadata, several segments, deleted rows, stamps and a tag."""
    for number in range(3):
        write(place / "notes" / f"{number}.md", f"# Note {number}\n\nabout the number {number}")
    index = Index.create(place / "index", model=CountingEncoder(), keep_text=True)
    for first in (0, 40):
        index.add(
            Document(
                f"d{number}",
                f"{WORDS[number % 5]} number {number}. It stands here.",
                {"n": number, "name": WORDS[number % 3], "tags": [WORDS[number % 4], "x"], "even": number % 2 == 0},
            )
            for number in range(first, first + 40)
        )
    index.sync(place / "notes")
    index.add([Document("last", "the last one")])
    index.delete(["d1", "d50"])
    index.tag("good")
    assert index.verify().ok
    return index.path


def make_large_index(place: Path) -> Path:
    """An index with a segment that is large enough for codes of its vectors."""
    index = Index.create(place / "large", model=CountingEncoder(), recall=0.9)
    index.add(Document(f"d{number}", f"{WORDS[number % 5]} number {number}", {"n": number}) for number in range(8_200))
    index.delete(["d1"])
    assert any(segment.approximate for segment in index.session().manifest.segments)
    return index.path


def damage(content: bytes, chance: random.Random) -> bytes:
    """The content with a bit, a byte, a word or a block changed."""
    changed = bytearray(content)
    at = chance.randrange(len(changed))
    match chance.choice(["bit", "byte", "word", "block"]):
        case "bit":
            changed[at] ^= 1 << chance.randrange(8)
        case "byte":
            changed[at] = (changed[at] + chance.randrange(1, 256)) % 256
        case "word":
            at -= at % 8
            changed[at : at + 8] = chance.choice([b"\xff" * 8, b"\0" * 8, chance.randbytes(8)])[: len(changed) - at]
        case "block":
            size = min(len(changed) - at, chance.randrange(2, 200))
            changed[at : at + size] = chance.randbytes(size)
    return bytes(changed)


def _reads(path: Path) -> list[Callable[[], object]]:
    def opened() -> Index:
        return Index.open(path, model=CountingEncoder())

    return [
        lambda: opened().search("heron number 7", k=90),
        lambda: opened().search("river", k=5, mode="lexical"),
        lambda: opened().search("stone", k=5, where="n > 10 AND name = 'heron' AND 'x' IN tags AND even"),
        lambda: opened().search("stone", k=5, where="n > 10", exact=True, per_document=1),
        lambda: [opened().text(f"d{number}") for number in (0, 20, 45)],
        lambda: opened().document_ids("n IS NOT NULL"),
        lambda: Index.open(path, model=CountingEncoder(), untrusted=True).search("river", k=5),
    ]


def _writes(path: Path) -> list[Callable[[], object]]:
    def opened() -> Index:
        return Index.open(path, model=CountingEncoder())

    return [
        lambda: opened().export(path.parent / "out.parquet"),
        lambda: opened().update_metadata(["d2"], {"name": "new"}),
        lambda: opened().add([Document("new", "a new heron")]),
        lambda: opened().sync(path.parent / "notes"),
        lambda: opened().delete(["d3"]),
        lambda: opened().compact(),
    ]


def trial(start: Path, place: Path, chance: random.Random, whole: dict[str, Document]) -> str:
    """One trial; what happened: found, or the kind of fault."""
    path = place / "trial"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(start, path)
    names = files_of(path)
    sizes = [(path / name).stat().st_size for name in names]
    name = chance.choices(names, sizes if chance.random() < 0.5 else None)[0]  # else small ones are hardly ever hit
    content = (path / name).read_bytes()
    damaged = damage(content, chance)
    if damaged == content:
        return "unchanged"
    (path / name).write_bytes(damaged)
    if name not in damaged_files(path):
        return f"not found by verify: {name}"
    for read in _reads(path):
        with suppress(VecsearchError):
            read()
    chance.shuffle(writes := _writes(path))
    for change in writes[: chance.randrange(1, 7)]:
        with suppress(VecsearchError):
            change()
    (place / "out.parquet").unlink(missing_ok=True)
    if fault := _fault(path, whole):
        return fault
    with suppress(VecsearchError):
        verify_index(path, repair=True)
    return _fault(path, whole) or "found"


def _fault(path: Path, whole: dict[str, Document]) -> str | None:
    """Whether damage got into what was written: nothing that verify takes for whole may say what was never said."""
    if not verify_index(path).ok:
        return None
    documents = list(Index.open(path, model=CountingEncoder()))
    held = {document.id: document for document in documents}
    wrong = [document for key, document in held.items() if key in whole and _differs(document, whole[key])]
    lost, extra = whole.keys() - held.keys() - {"d3"}, held.keys() - whole.keys() - {"new"}
    if wrong or lost or extra or len(held) != len(documents):
        return f"damage in a version that verifies: wrong {wrong}, lost {lost}, extra {extra}, {len(documents)} in all"
    return None


def _differs(document: Document, whole: Document) -> bool:
    changed = {**whole.metadata, "name": "new"} if document.id == "d2" else whole.metadata
    return document.text != whole.text or document.metadata not in (whole.metadata, changed)


def main(start: str, place: str, seed: str, trials: str) -> None:
    """Print a line for each trial before it begins and after it ends."""
    whole = {document.id: document for document in Index.open(start, model=CountingEncoder())}
    shutil.copytree(Path(start).parent / "notes", Path(place) / "notes", dirs_exist_ok=True)
    for number in range(int(trials)):
        print(f"begin {number}", flush=True)
        print(f"end {trial(Path(start), Path(place), random.Random(f'{seed} {number}'), whole)}", flush=True)


def run(start: Path, place: Path, seed: int, trials: int) -> Counter[str]:
    """Run trials in a process of their own; count what happened, a crash of the process among it."""
    place.mkdir()
    arguments = [sys.executable, "-c", _CODE, str(start), str(place), str(seed), str(trials)]
    ended = subprocess.run(arguments, cwd=HOUSE, capture_output=True, text=True, check=False)
    seen = Counter(line.removeprefix("end ") for line in ended.stdout.splitlines() if line.startswith("end "))
    if ended.returncode:
        last = ended.stdout.splitlines()[-1:]
        seen[f"process ended with status {ended.returncode} after {last}: {ended.stderr[-600:]}"] += 1
    return seen
