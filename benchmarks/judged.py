"""Collections with judgements, made from real text: what benchmarks of ranking read. Each says how it was made.

BEIR folders come as they are. The others are known-item searches whose judgement follows from how a text is built: a
function is what its docstring's first sentence asks for, a section what its heading asks for.
"""

from __future__ import annotations

import ast
import csv
import gzip
import json
import random
import re
import sysconfig
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from vecsearch import Document
from vecsearch.chunking import Chunking, chunk_document
from vecsearch.documents import load
from vecsearch.encoders import load_encoder

_TEXTS = 4000  # of one collection at most, so that all scores of a query can be held
_QUERIES = 800
_SEED = 7
_ELSEWHERE = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages"}  # no part of a library proper
_XQUAD = ("en", "de", "ru", "zh", "es", "ar")


@dataclass(frozen=True, slots=True)
class Collection:
    """Texts, questions, and for each question the gain of the texts that answer it, by their number."""

    texts: list[str]
    queries: list[str]
    gains: list[dict[int, int]]


def tuned(data: Path) -> dict[str, Callable[[], Collection]]:
    """What a way to rank may be chosen with, by name."""
    return {
        "scifact-train": lambda: beir(data / "scifact", "train"),
        "squad-dev": lambda: beir(data / "squad-dev"),
        **{f"xquad-{code}": lambda code=code: beir(data / "xquad" / code) for code in _XQUAD[:4]},
        "code-stdlib": lambda: functions(Path(sysconfig.get_path("stdlib"))),
        "fastapi-en": lambda: sections(data / "docs/fastapi/en"),
        "fastapi-de>en": lambda: sections(data / "docs/fastapi/en", asked_in=data / "docs/fastapi/de"),
    }


def held_out(data: Path) -> dict[str, Callable[[], Collection]]:
    """What no choice was made with, by name."""
    fastapi = data / "docs/fastapi"
    return {
        "scifact-test": lambda: beir(data / "scifact"),
        **{f"xquad-{code}": lambda code=code: beir(data / "xquad" / code) for code in _XQUAD[4:]},
        "code-numpy": lambda: functions(Path(np.__file__).parent),
        "rust-book": lambda: sections(data / "docs/rust-book/src"),
        "fastapi-ja": lambda: sections(fastapi / "ja"),
        "fastapi-zh>en": lambda: sections(fastapi / "en", asked_in=fastapi / "zh"),
        "chunking-eval": lambda: spans(data / "chunking-eval"),
        "banking77": lambda: intents(data / "banking77"),
        "wiki-titles": lambda: titles(data / "scale/wiki-paragraphs.jsonl.gz"),
    }


def beir(folder: Path, split: str = "test") -> Collection:
    """A folder in BEIR form; title and text are one text. Of many questions, 800 by chance."""
    names, texts = [], []
    for record in _records(folder / "corpus.jsonl"):
        names.append(record["_id"])
        texts.append(f"{record['title']} {record['text']}".strip())
    numbers = {name: number for number, name in enumerate(names)}
    gains: dict[str, dict[int, int]] = defaultdict(dict)
    with (folder / "qrels" / f"{split}.tsv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            gains[row["query-id"]][numbers[row["corpus-id"]]] = int(row["score"])
    asked = {record["_id"]: record["text"] for record in _records(folder / "queries.jsonl")}
    kept = _some([name for name in asked if name in gains], _QUERIES)
    return Collection(texts, [asked[one] for one in kept], [gains[one] for one in kept])


def functions(folder: Path) -> Collection:
    """The functions of Python files without their docstrings, asked by the first sentence of each docstring."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.py")):
        if not _ELSEWHERE & set(path.relative_to(folder).parts):
            found.update(_functions(path))
    return _known_items(_some(list(found.items()), _TEXTS))


def sections(folder: Path, asked_in: Path | None = None) -> Collection:
    """The sections of Markdown files without their headings, each asked by its heading.

    With `asked_in`, by the heading of the same section in another language: same file, same anchor.
    """
    bodies = _sections(folder)
    headings = _sections(asked_in) if asked_in else bodies
    pairs = [(headings[key][0], body) for key, (_, body) in bodies.items() if key in headings]
    times: dict[str, int] = defaultdict(int)
    for heading, _ in pairs:
        times[heading] += 1
    return _known_items([pair for pair in pairs if times[pair[0]] == 1])


def spans(folder: Path) -> Collection:
    """Chunks of five long texts; a chunk answers a question when it holds half of one of its passages or more."""
    chunking, encoder = Chunking(max_tokens=200), load_encoder()
    texts: list[str] = []
    places: dict[str, list[tuple[int, int, int]]] = {}
    for path in sorted((folder / "corpora").glob("*.md")):
        chunks = chunk_document(Document(path.stem, path.read_text(encoding="utf-8")), encoder, chunking)
        places[path.stem] = [(chunk.start, chunk.end, len(texts) + number) for number, chunk in enumerate(chunks)]
        texts += [chunk.text for chunk in chunks]
    queries, gains = [], []
    with (folder / "questions_df.csv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            asked = [(one["start_index"], one["end_index"]) for one in json.loads(row["references"])]
            gain = {
                number: 1
                for start, end, number in places[row["corpus_id"]]
                if any(2 * (min(end, last) - max(start, first)) >= last - first for first, last in asked)
            }
            if gain:
                queries.append(row["question"])
                gains.append(gain)
    return Collection(texts, queries, gains)


def intents(folder: Path) -> Collection:
    """Short questions of customers; one answers another when a person gave both the same of 77 intents."""
    train, test = (list(csv.DictReader((folder / name).open(encoding="utf-8"))) for name in ("train.csv", "test.csv"))
    train, test = _some(train, _TEXTS), _some(test, _QUERIES)
    gains = [{i: 1 for i, row in enumerate(train) if row["category"] == asked["category"]} for asked in test]
    return Collection([row["text"] for row in train], [row["text"] for row in test], gains)


def titles(path: Path) -> Collection:
    """Paragraphs of an encyclopedia without their titles; a title asks for all paragraphs of its article."""
    records = _some(list(_records(path)), _TEXTS)
    gains: dict[str, dict[int, int]] = defaultdict(dict)
    for number, record in enumerate(records):
        gains[record["title"]][number] = 1
    kept = _some(list(gains), _QUERIES)
    return Collection([row["text"] for row in records], kept, [gains[title] for title in kept])


def _known_items(pairs: list[tuple[str, str]]) -> Collection:
    """Each question has one text; of many questions, 800 by chance."""
    asked = sorted(_some(list(range(len(pairs))), _QUERIES))
    gains = [{number: 1} for number in asked]
    return Collection([body for _, body in pairs], [pairs[number][0] for number in asked], gains)


def _functions(path: Path) -> Iterator[tuple[str, str]]:
    try:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    lines = source.splitlines(keepends=True)
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or len(node.body) < 2:
            continue
        said = " ".join((ast.get_docstring(node) or "").split())
        sentence = re.split(r"(?<=[.!?])\s", said)[0]
        if 4 <= len(sentence.split()) <= 40:
            doc = node.body[0]
            yield sentence, "".join(lines[node.lineno - 1 : doc.lineno - 1] + lines[doc.end_lineno : node.end_lineno])


def _sections(folder: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """By file and anchor (the title, where there is none): a section's heading and its text."""
    found = {}
    for path in sorted(folder.rglob("*.md")):
        for document in islice(load(path, path.name), 1):
            if not isinstance(document, Document):
                continue
            headings = document.outline.headings
            ends = [*(heading.start for heading in headings[1:]), len(document.text)]
            for heading, end in zip(headings, ends, strict=bool(headings)):
                line, _, body = document.text[heading.start : end].partition("\n")
                anchor = re.search(r"\{\s*#([\w-]+)", line)
                if len(body.strip()) >= 100:
                    key = (path.relative_to(folder).as_posix(), anchor[1] if anchor else heading.title)
                    found[key] = (heading.title, body.strip())
    return found


def _records(path: Path) -> Iterator[dict[str, str]]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _some(rows: list, most: int) -> list:
    """At most so many, by chance but the same every time, in their order."""
    if len(rows) <= most:
        return rows
    return [rows[place] for place in sorted(random.Random(_SEED).sample(range(len(rows)), most))]
