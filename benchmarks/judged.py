"""Collections with judgements: what benchmarks of ranking read. Each says how it was made; see also known_items.py."""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vecsearch import Document, Splitter
from vecsearch.chunking import Chunking, chunk_document, default_tokens
from vecsearch.models.encoders import load_encoder

TEXTS = 4000  # of one collection at most, so that all scores of a query can be held
_QUERIES = 800
_SEED = 7
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"])")


@dataclass(frozen=True, slots=True)
class Collection:
    """Texts, questions, and for each question the gain of what answers it, by its number.

    That is a text, or the document that a text is a chunk of: `owners` says which, by number; None: each is one itself.
    """

    texts: list[str]
    queries: list[str]
    gains: list[dict[int, int]]
    owners: list[int] | None = None


def beir(folder: Path, split: str = "test") -> Collection:
    """A folder in BEIR form; title and text are one text. Of many questions, 800 by chance."""
    names, texts = [], []
    for record in records(folder / "corpus.jsonl"):
        names.append(record["_id"])
        texts.append(f"{record['title']} {record['text']}".strip())
    numbers = {name: number for number, name in enumerate(names)}
    gains: dict[str, dict[int, int]] = defaultdict(dict)
    with (folder / "qrels" / f"{split}.tsv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            gains[row["query-id"]][numbers[row["corpus-id"]]] = int(row["score"])
    asked = {record["_id"]: record["text"] for record in records(folder / "queries.jsonl")}
    kept = some([name for name in asked if name in gains], _QUERIES)
    return Collection(texts, [asked[one] for one in kept], [gains[one] for one in kept])


def asked_in(queries: Path, corpus: Path) -> Collection:
    """A folder in BEIR form, asked by the questions of another that has the same passages in another language."""
    own, other = beir(corpus), beir(queries)
    return Collection(own.texts, other.queries, other.gains)


def among(collection: Collection, passages: Path) -> Collection:
    """The same questions, their texts among those of a folder of .jsonl.gz files."""
    others = [record["text"] for path in sorted(passages.glob("*.jsonl.gz")) for record in records(path)]
    return Collection(collection.texts + others, collection.queries, collection.gains)


def chunked(collection: Collection) -> Collection:
    """The same texts as the chunks that an index has of them when nothing is said."""
    encoder = load_encoder()
    chunking = Chunking(max_tokens=default_tokens(Splitter.STRUCTURE, False, encoder.max_tokens))
    texts, owners = [], []
    for number, text in enumerate(collection.texts):
        chunks = chunk_document(Document(str(number), text), encoder, chunking)
        texts += [chunk.text for chunk in chunks]
        owners += [number] * len(chunks)
    return Collection(texts, collection.queries, collection.gains, owners)


def sentences(folder: Path) -> Collection:
    """The sentences of SQuAD's passages; one answers a question when the answer begins in it."""
    texts: list[str] = []
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)  # where a sentence ends in its passage, its number
    for record in records(folder / "corpus.jsonl"):
        ends = [match.start() for match in _SENTENCES.finditer(record["text"])]
        for start, end in zip([0, *ends], [*ends, len(record["text"])], strict=True):
            places[record["_id"]].append((end, len(texts)))
            texts.append(record["text"][start:end].strip())
    asked = {record["_id"]: record["text"] for record in records(folder / "queries.jsonl")}
    queries, gains = [], []
    for record in some(list(records(folder / "answers.jsonl")), _QUERIES):
        begin = record["answers"][0]["start"]
        queries.append(asked[record["qid"]])
        gains.append({next(number for end, number in places[record["doc"]] if begin < end): 1})
    return Collection(texts, queries, gains)


def headlines(folder: Path) -> Collection:
    """Abstracts without their titles, each asked by its title."""
    return known_items(some([(one["title"], one["text"]) for one in records(folder / "corpus.jsonl")], TEXTS))


def paraphrases(folder: Path, language: str) -> Collection:
    """Sentences of STS-B; one answers another when people gave the pair a similarity of 4 of 5 or more."""
    rows: list[list[str]] = []
    for part in ("dev", "test"):
        with (folder / f"stsb-{language}-{part}.csv").open(newline="", encoding="utf-8") as lines:
            rows += csv.reader(lines)
    numbers = {text: number for number, text in enumerate(dict.fromkeys(other for _, other, _ in rows))}
    gains: dict[str, dict[int, int]] = defaultdict(dict)
    for one, other, similarity in rows:
        if float(similarity) >= 4 and one != other:
            gains[one][numbers[other]] = 1
    kept = some(list(gains), _QUERIES)
    return Collection(list(numbers), kept, [gains[one] for one in kept])


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
    train, test = some(train, TEXTS), some(test, _QUERIES)
    gains = [{i: 1 for i, row in enumerate(train) if row["category"] == asked["category"]} for asked in test]
    return Collection([row["text"] for row in train], [row["text"] for row in test], gains)


def intent_names(folder: Path) -> Collection:
    """Short questions of customers, asked by the names of their 77 intents."""
    rows = some(list(csv.DictReader((folder / "train.csv").open(encoding="utf-8"))), TEXTS)
    intents = sorted({row["category"] for row in rows})
    gains = [{i: 1 for i, row in enumerate(rows) if row["category"] == intent} for intent in intents]
    return Collection([row["text"] for row in rows], [intent.replace("_", " ") for intent in intents], gains)


def titles(path: Path) -> Collection:
    """Paragraphs of an encyclopedia without their titles; a title asks for all paragraphs of its article."""
    paragraphs = some(list(records(path)), TEXTS)
    gains: dict[str, dict[int, int]] = defaultdict(dict)
    for number, record in enumerate(paragraphs):
        gains[record["title"]][number] = 1
    kept = some(list(gains), _QUERIES)
    return Collection([row["text"] for row in paragraphs], kept, [gains[title] for title in kept])


def known_items(pairs: list[tuple[str, str]]) -> Collection:
    """Each question has one text; of many questions, 800 by chance."""
    asked = sorted(some(list(range(len(pairs))), _QUERIES))
    gains = [{number: 1} for number in asked]
    return Collection([body for _, body in pairs], [pairs[number][0] for number in asked], gains)


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a JSON Lines file, compressed or not."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def some(rows: list, most: int) -> list:
    """At most so many, by chance but the same every time, in their order."""
    if len(rows) <= most:
        return rows
    return [rows[place] for place in sorted(random.Random(_SEED).sample(range(len(rows)), most))]
