"""How well, and how fast, does exact dense search rank a collection in BEIR form?

    python benchmarks/beir.py COLLECTION... [--split test] [--chunk-tokens N]

A collection is a folder with corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv. It is scored as `vecsearch eval` does
it: documents are title and text in one field and score by their best chunk; the measures are ir-measures'.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from machine import report

from vecsearch import Index, evaluate, read_beir

COLUMNS = ["collection", "documents", "chunks", "queries", "nDCG@10", "recall@10", "recall@100", "index s", "p50 ms"]


def main() -> None:
    """Prints one row for each collection."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--chunk-tokens", type=int)
    arguments = parser.parse_args()
    rows = [_row(folder, arguments.split, arguments.chunk_tokens) for folder in arguments.collections]
    report(f"Exact dense search, split {arguments.split}", COLUMNS, rows)


def _row(folder: Path, split: str, chunk_tokens: int | None) -> list[object]:
    judged = read_beir(folder, split)
    with tempfile.TemporaryDirectory() as place:
        index = Index.create(Path(place) / "index", chunk_tokens=chunk_tokens)
        written = index.sync(folder / "corpus.jsonl")
        found = evaluate(index, judged.queries, judged.judgements, modes=["dense"])
    [dense] = found.modes
    quality = [dense.scores[measure] for measure in ("nDCG@10", "recall@10", "recall@100")]
    size = [found.documents, found.chunks, found.queries]
    return [folder.name, *size, *quality, written.seconds, dense.latency.p50_ms]


if __name__ == "__main__":
    main()
