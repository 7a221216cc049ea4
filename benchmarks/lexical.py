"""How well does BM25 over our words rank, beside bm25s, and how fast is it?

    python benchmarks/lexical.py COLLECTION... [--split SPLIT] [--chunk-tokens N] [--scale FOLDER] [--rows N]

A collection is a folder in BEIR form; documents are title and text in one field, whole, or with --chunk-tokens in
chunks of the default model's tokens, the best of which is a document's score. --scale is a folder of .jsonl.gz files
of plain passages: two and two are a row, and the rows are repeated until there are N, in one segment and in full
segments. bm25s has to be installed; it splits, stems and drops words as its defaults say.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

import bm25s
import numpy as np
from ir_measures import calc_aggregate, nDCG
from machine import report

from vecsearch import Document, Qrels, read_beir
from vecsearch.chunking import Chunking, chunk_documents
from vecsearch.models.encoders import load_encoder
from vecsearch.storage.lexical import (
    Bm25,
    LivePostings,
    Postings,
    build_postings,
    merge_postings,
    open_postings,
    write_postings,
)
from vecsearch.storage.merge_policy import SEGMENT_CHUNKS

QUALITY = ["collection", "documents", "rows", "queries", "ours", "ours, no language", "bm25s", "bm25s, stop words kept"]
SPEED = ["rows", "segments", "deleted", "p50 ms", "p95 ms"]
_DEPTH = 1000  # rows of which documents are made


class Rows(NamedTuple):
    """Texts and the documents that they are of."""

    texts: Sequence[str]
    documents: Sequence[str]


def main() -> None:
    """Prints a table of quality, and with --scale one of speed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="*", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--chunk-tokens", type=int)
    parser.add_argument("--scale", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    if arguments.collections:
        size = arguments.chunk_tokens
        rows = [_quality(folder, arguments.split, size) for folder in arguments.collections]
        report(f"BM25, nDCG@10, {f'chunks of {size} tokens' if size else 'whole documents'}", QUALITY, rows)
    if arguments.scale:
        texts = _passages(arguments.scale)
        notes, postings = _building(texts[:SEGMENT_CHUNKS])
        report("BM25, one query of ten words", SPEED, _speed(texts, postings, arguments.rows), notes)


def _quality(folder: Path, split: str, chunk_tokens: int | None) -> list[object]:
    qrels, rows = read_beir(folder, split), _rows(folder, chunk_tokens)
    answers: list[object] = []
    for language in ("auto", "none"):
        bm25 = Bm25([LivePostings(build_postings(rows.texts, language), None)])
        answers.append(_ndcg(qrels, rows, lambda query, bm25=bm25: bm25.search(query, _DEPTH)[0]))
    for stop_words in ("en", None):
        answers.append(_ndcg(qrels, rows, _theirs(rows.texts, stop_words)))
    return [folder.name, len(set(rows.documents)), len(rows.texts), len(qrels.queries), *answers]


def _rows(folder: Path, chunk_tokens: int | None) -> Rows:
    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        documents = [
            Document(record["_id"], f"{record.get('title', '')} {record['text']}".strip())
            for record in map(json.loads, lines)
        ]
    if not chunk_tokens:
        return Rows([document.text for document in documents], [document.id for document in documents])
    chunked = chunk_documents(documents, load_encoder(), Chunking(max_tokens=chunk_tokens))
    chunks = [chunk for chunks in chunked for chunk in chunks]
    return Rows([chunk.text for chunk in chunks], [chunk.document_id for chunk in chunks])


def _theirs(texts: Sequence[str], stop_words: str | None) -> Callable[[str], tuple[Any, Any]]:
    model = bm25s.BM25()
    model.index(bm25s.tokenize(list(texts), stopwords=stop_words, show_progress=False), show_progress=False)

    def search(query: str) -> tuple[Any, Any]:
        words = bm25s.tokenize([query], stopwords=stop_words, show_progress=False)
        rows, scores = model.retrieve(words, k=min(_DEPTH, len(texts)), show_progress=False)
        return rows[0][scores[0] > 0], scores[0][scores[0] > 0]

    return search


def _ndcg(qrels: Qrels, rows: Rows, search: Callable[[str], tuple[Any, Any]]) -> float:
    run: dict[str, Mapping[str, float]] = {}
    for name, query in qrels.queries.items():
        best: dict[str, float] = {}
        for row, score in zip(*(values.tolist() for values in search(query)), strict=True):
            best[rows.documents[row]] = max(score, best.get(rows.documents[row], 0.0))
        run[name] = best
    measure = nDCG @ 10
    found: float = calc_aggregate([measure], qrels.relevance, run)[measure]
    return found


def _passages(folder: Path) -> list[str]:
    texts = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            texts += [json.loads(line)["text"] for line in lines]
    np.random.default_rng(0).shuffle(texts)
    return [f"{first} {second}" for first, second in zip(texts[::2], texts[1::2], strict=False)]


def _building(texts: Sequence[str]) -> tuple[list[str], Postings]:
    """What it takes to build, merge, write and open a full segment."""
    started = process_time()
    postings = build_postings(texts, "auto")
    built = process_time() - started
    started = process_time()
    merge_postings([(postings, None), (postings, None)])
    merging = process_time() - started
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "postings.bin"
        write_postings(path, postings)
        started = process_time()
        open_postings(path)
        opening = process_time() - started
        size = path.stat().st_size
    words = sum(len(text.split()) for text in texts) / len(texts)
    note = (
        f"One segment of {len(texts):,} rows of {words:.0f} words: built at {len(texts) / built:,.0f} rows a second of "
        f"processor time, {size / len(texts):.0f} bytes a row, opened in {opening * 1000:.2f} ms; two of them merged "
        f"in {merging * 1000:.0f} ms."
    )
    return [note], postings


def _speed(texts: Sequence[str], full: Postings, n: int) -> list[list[object]]:
    whole = build_postings(texts, "auto")
    one = merge_postings([(whole, None)] * -(-n // len(texts)))
    queries = [" ".join(text.split()[5:15]) for text in texts if len(text.split()) > 15][:300]
    alive = np.random.default_rng(1).random(len(one.lengths)) < 0.9
    rows: list[list[object]] = []
    for mask in (None, alive):
        many = -(-n // len(full.lengths))
        small = None if mask is None else mask[: len(full.lengths)]
        for parts in ([LivePostings(one, mask)], [LivePostings(full, small)] * many):
            bm25, took = Bm25(parts), []
            for query in [queries[0], *queries]:
                started = perf_counter()
                bm25.search(query, 10)
                took.append(1000 * (perf_counter() - started))
            size = sum(len(part.postings.lengths) for part in parts)
            p50, p95 = np.percentile(took[1:], [50, 95]).tolist()
            rows.append([size, len(parts), "none" if mask is None else "a tenth", p50, p95])
    return rows


if __name__ == "__main__":
    main()
