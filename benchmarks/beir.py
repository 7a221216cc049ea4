"""How well does exact dense search rank a collection in BEIR form? nDCG@10, recall@10, recall@100 with judgements.

    python benchmarks/beir.py COLLECTION... [--split test] [--chunk-tokens N]

A collection is a folder with corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv. Documents are title and text in one
field; a document scores by its best chunk. The metrics are ir-measures' (pytrec_eval).
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from pathlib import Path
from time import perf_counter

from ir_measures import Qrel, R, ScoredDoc, calc_aggregate, nDCG
from machine import report

from vecsearch import Index

MEASURES = [nDCG @ 10, R @ 10, R @ 100]


def main() -> None:
    """Prints one row for each collection."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--chunk-tokens", type=int)
    arguments = parser.parse_args()
    columns = ["collection", "documents", "chunks", "queries", *map(str, MEASURES), "index s", "ms a query"]
    rows = [_row(folder, arguments.split, arguments.chunk_tokens) for folder in arguments.collections]
    report(f"Exact dense search, split {arguments.split}", columns, rows)


def _row(folder: Path, split: str, chunk_tokens: int | None) -> list[object]:
    judgements = _judgements(folder / "qrels" / f"{split}.tsv")
    queries = _queries(folder / "queries.jsonl", {judgement.query_id for judgement in judgements})
    with tempfile.TemporaryDirectory() as place:
        index = Index.create(Path(place) / "index", chunk_tokens=chunk_tokens)
        written = index.sync(folder / "corpus.jsonl")
        started = perf_counter()
        answers = index.search(list(queries.values()), k=100, per_document=1)
        seconds = perf_counter() - started
        chunks = len(index)
    run = [
        ScoredDoc(query, hit.document_id, hit.score)
        for query, hits in zip(queries, answers, strict=True)
        for hit in hits
    ]
    figures = calc_aggregate(MEASURES, judgements, run)
    quality = [figures[measure] for measure in MEASURES]
    return [folder.name, written.added, chunks, len(queries), *quality, written.seconds, 1000 * seconds / len(queries)]


def _judgements(path: Path) -> list[Qrel]:
    with path.open(newline="", encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return [Qrel(row["query-id"], row["corpus-id"], int(row["score"])) for row in rows]


def _queries(path: Path, judged: set[str]) -> dict[str, str]:
    with path.open(encoding="utf-8") as lines:
        queries = {record["_id"]: record["text"] for record in map(json.loads, lines)}
    return {name: text for name, text in queries.items() if name in judged}


if __name__ == "__main__":
    main()
