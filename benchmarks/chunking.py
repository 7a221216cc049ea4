"""How should documents be cut? Recall, precision and intersection over union of what dense search brings.

    python benchmarks/chunking.py spans FOLDER [--only semantic]
    python benchmarks/chunking.py documents FOLDER [--split test]

The first reads the collection of Smith and Troynikov (Evaluating Chunking Strategies for Retrieval, Chroma 2024):
corpora/*.md and questions_df.csv, questions whose answers are exact spans of characters. As its authors define it,
of the characters of the answers recall are those retrieved, of those retrieved precision are those of answers, and
IoU is what is in both by what is in either; what chunks repeat counts each time as retrieved. Besides k = 5 each
setting retrieves the same number of tokens of the model, the last chunk cut off where they are spent. Beside ours is
langchain's RecursiveCharacterTextSplitter, which needs langchain-text-splitters. Only the row of hybrid search, that of
an index, takes vectors from the cache.

The second ranks a collection in BEIR form: documents score by their best chunk.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from machine import report

from vecsearch import Document, Encoder, Index, Role, evaluate, load_encoder, read_beir
from vecsearch.chunking import Chunking, default_tokens, read_chunks
from vecsearch.documents import load
from vecsearch.types import FloatArray, IntArray, Splitter
from vecsearch.vectors import unit_rows

_K = 5
_BUDGETS = (500, 1000, 2000)  # tokens retrieved
_RANKED = 400  # chunks of a ranking that are looked at
_MEASURES = [f"{name} {at}" for at in ("k=5", *_BUDGETS) for name in ("R", "P", "IoU")]
_COLUMNS = ["setting", "chunks", "tokens per chunk", "cut and encode s", *_MEASURES]
_OURS = [  # splitter, tokens, overlap, context
    *((Splitter.STRUCTURE, tokens, 0, False) for tokens in (254, 192, 128, 96, 64, 48)),
    (Splitter.STRUCTURE, 254, 64, False),
    (Splitter.STRUCTURE, 128, 32, False),
    (Splitter.STRUCTURE, 128, 0, True),
    (Splitter.SENTENCES, 32, 0, False),
    (Splitter.SEMANTIC, 254, 0, False),
    (Splitter.SEMANTIC, 128, 0, False),
]
_RECURSIVE = [(250, 125), (400, 0)]  # tokens, overlap
_RANKINGS = [  # splitter, tokens, context
    (Splitter.STRUCTURE, 128, False),
    (Splitter.STRUCTURE, 254, False),
    (Splitter.STRUCTURE, 128, True),
    (Splitter.STRUCTURE, 64, False),
    (Splitter.STRUCTURE, 96, False),
    (Splitter.SEMANTIC, 128, False),
]


class Piece(NamedTuple):
    """Characters of one of the texts, by its name."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and the spans of one text that answer it."""

    text: str
    answers: list[Piece]


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents by name, where their tokens start, and questions with their vectors, (questions, dim)."""

    documents: dict[str, Document]
    starts: dict[str, IntArray]
    questions: list[Question]
    asked: FloatArray


def main() -> None:
    """Prints a table of spans, or of documents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["spans", "documents"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--only", default="", metavar="SPLITTER")
    arguments = parser.parse_args()
    if arguments.what == "documents":
        rows = [row for setting in _RANKINGS for row in _ranking(arguments.folder, arguments.split, *setting)]
        columns = ["setting", "mode", "chunks", "nDCG@10", "recall@10", "recall@100"]
        report(f"Chunks of {arguments.folder.name}, split {arguments.split}", columns, rows)
        return
    encoder = load_encoder()
    collection = _read(arguments.folder, encoder)
    only = arguments.only
    rows = [_recursive(collection, encoder, *setting) for setting in _RECURSIVE if only in ("", "recursive")]
    rows += [_ours(collection, encoder, *setting) for setting in _OURS if only in ("", setting[0].value)]
    rows += [_hybrid(collection, encoder)] if only in ("", "hybrid") else []
    note = f"{encoder.name} reads {encoder.max_tokens} tokens: of a longer chunk it reads the beginning."
    report("Dense search for spans, by chunking", _COLUMNS, rows, [note])


def _read(folder: Path, encoder: Encoder) -> Collection:
    paths = sorted(folder.glob("corpora/*.md"))
    documents = {path.stem: document for path in paths for document in load(path, path.stem)}
    with (folder / "questions_df.csv").open(newline="", encoding="utf-8") as lines:
        questions = [
            Question(
                row["question"],
                [Piece(row["corpus_id"], at["start_index"], at["end_index"]) for at in json.loads(row["references"])],
            )
            for row in csv.DictReader(lines)
        ]
    starts = {name: encoder.token_spans([document.text])[0][:, 0] for name, document in documents.items()}
    asked = unit_rows(encoder.encode([question.text for question in questions], Role.QUERY))[0]
    return Collection(documents, starts, questions, asked)


def _ours(
    collection: Collection, encoder: Encoder, splitter: Splitter, tokens: int, overlap: int, context: bool
) -> list[object]:
    """The row of one of our ways to cut."""
    chunking = Chunking(
        max_tokens=tokens, overlap=overlap, splitter=splitter, context=context, reads=encoder.max_tokens
    )
    began = perf_counter()
    chunked = list(
        read_chunks(list(collection.documents.values()), encoder, chunking, lambda texts: _vectors(encoder, texts))
    )
    vectors = _vectors(encoder, [text for document in chunked for text in document.texts])
    seconds = perf_counter() - began
    pieces = [Piece(chunk.document_id, chunk.start, chunk.end) for document in chunked for chunk in document.chunks]
    name = f"{splitter.value} {tokens}/{overlap}" + (" context" if context else "")
    return _row(name, collection, pieces, seconds, _dense(collection, pieces, vectors))


def _recursive(collection: Collection, encoder: Encoder, tokens: int, overlap: int) -> list[object]:
    """The row of langchain's splitter, which counts tokens as the model does."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    counts: dict[str, int] = {}

    def count(text: str) -> int:
        if text not in counts:
            counts[text] = len(encoder.token_spans([text])[0])
        return counts[text]

    began = perf_counter()
    splitter = RecursiveCharacterTextSplitter(chunk_size=tokens, chunk_overlap=overlap, length_function=count)
    pieces, texts = [], []
    for name, document in collection.documents.items():
        start = -1
        for text in splitter.split_text(document.text):
            start = document.text.index(text, start + 1)
            pieces.append(Piece(name, start, start + len(text)))
            texts.append(text)
    vectors = _vectors(encoder, texts)
    seconds = perf_counter() - began
    return _row(f"recursive {tokens}/{overlap}", collection, pieces, seconds, _dense(collection, pieces, vectors))


def _hybrid(collection: Collection, encoder: Encoder) -> list[object]:
    """The row of an index as it is made by default, asked by words and meaning."""
    with tempfile.TemporaryDirectory() as place:
        index = Index.create(Path(place) / "index", model=encoder)
        written = index.add(collection.documents.values())
        ranked = [
            [Piece(hit.document_id, hit.start, hit.end) for hit in index.search(question.text, k=100, mode="hybrid")]
            for question in collection.questions
        ]
    tokens = default_tokens(Splitter.STRUCTURE, False, encoder.max_tokens)
    pieces = [piece for pieces in ranked for piece in pieces]
    row = _row(f"structure {tokens}/0 hybrid", collection, pieces, written.seconds, ranked)
    return [row[0], written.chunks, "", *row[3:]]


def _vectors(encoder: Encoder, texts: Sequence[str]) -> FloatArray:
    """The vectors, made of the longest texts first, as an index does."""
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    vectors = np.empty((len(texts), encoder.dim), np.float32)
    vectors[order] = encoder.encode([texts[i] for i in order], Role.DOCUMENT)
    return vectors


def _dense(collection: Collection, pieces: Sequence[Piece], vectors: FloatArray) -> list[list[Piece]]:
    """For each question the pieces nearest to it, best first."""
    scores = collection.asked @ unit_rows(vectors)[0].T  # (questions, pieces)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :_RANKED]
    return [[pieces[i] for i in row] for row in order]


def _row(
    name: str, collection: Collection, pieces: Sequence[Piece], seconds: float, ranked: Sequence[Sequence[Piece]]
) -> list[object]:
    counts = [_tokens(collection, piece) for piece in pieces]
    ways: list[Callable[[Sequence[Piece]], Sequence[Piece]]] = [
        lambda best: best[:_K],
        *(lambda best, most=most: _within(collection, best, most) for most in _BUDGETS),
    ]
    figures = []
    for way in ways:
        measured = [
            _measured(question.answers, way(best)) for question, best in zip(collection.questions, ranked, strict=True)
        ]
        figures += [float(mean) for mean in np.mean(measured, axis=0)]
    print(name, *(f"{figure:.4f}" for figure in figures), flush=True)
    return [name, len(pieces), float(np.mean(counts)), seconds, *figures]


def _tokens(collection: Collection, piece: Piece) -> int:
    first, last = collection.starts[piece.name].searchsorted([piece.start, piece.end])
    return int(last - first)


def _within(collection: Collection, best: Iterable[Piece], most: int) -> list[Piece]:
    """The first pieces with so many tokens together, the last one cut off where they are spent."""
    taken: list[Piece] = []
    for piece in best:
        count = _tokens(collection, piece)
        if count > most:
            starts = collection.starts[piece.name]
            piece = piece._replace(end=int(starts[starts.searchsorted(piece.start) + most]))
        taken.append(piece)
        most -= count
        if most <= 0:
            break
    return taken


def _measured(answers: Sequence[Piece], taken: Sequence[Piece]) -> tuple[float, float, float]:
    """Recall, precision and intersection over union, in characters."""
    found = {at for piece in taken if piece.name == answers[0].name for at in range(piece.start, piece.end)}
    relevant = sum(answer.end - answer.start for answer in answers)
    hit = sum(at in found for answer in answers for at in range(answer.start, answer.end))
    retrieved = sum(piece.end - piece.start for piece in taken)
    return hit / relevant, hit / retrieved, hit / (retrieved + relevant - hit)


def _ranking(folder: Path, split: str, splitter: Splitter, tokens: int, context: bool) -> list[list[object]]:
    """The rows of an index that is cut like this, dense and, for the default, hybrid."""
    qrels = read_beir(folder, split)
    with tempfile.TemporaryDirectory() as place:
        index = Index.create(Path(place) / "index", chunk_tokens=tokens, splitter=splitter, context=context)
        index.sync(folder / "corpus.jsonl")
        is_default = (splitter, tokens, context) == (Splitter.STRUCTURE, 128, False)
        modes = ["dense", "hybrid"] if is_default else ["dense"]
        found = evaluate(index, qrels.queries, qrels.relevance, modes=modes)
    name = f"{splitter.value} {tokens}" + (" context" if context else "")
    measures = ("nDCG@10", "recall@10", "recall@100")
    rows = [[name, mode.mode, found.chunks, *(mode.scores[measure] for measure in measures)] for mode in found.modes]
    for row in rows:
        print(*row, flush=True)
    return rows


if __name__ == "__main__":
    main()
