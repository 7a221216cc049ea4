"""How well does each mode rank collections in BEIR form?

    python benchmarks/beir.py COLLECTION... [--split test] [--chunk-tokens N]

A collection is a folder with corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv. It is scored as `vecsearch eval` does
it: documents are title and text in one field and score by their best chunk; the measures are ir-measures'.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from machine import report

from vecsearch import Index, evaluate, read_beir

COLUMNS = [
    "collection",
    "documents",
    "chunks",
    "queries",
    "mode",
    "nDCG@10",
    "recall@10",
    "recall@100",
    "MRR@10",
    "p50 ms",
]


def main() -> None:
    """Prints a row for each collection and mode."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--chunk-tokens", type=int)
    arguments = parser.parse_args()
    rows = [row for folder in arguments.collections for row in _rows(folder, arguments.split, arguments.chunk_tokens)]
    report(f"Modes, split {arguments.split}", COLUMNS, rows)


def _rows(folder: Path, split: str, chunk_tokens: int | None) -> Iterator[list[object]]:
    qrels = read_beir(folder, split)
    with tempfile.TemporaryDirectory() as place:
        index = Index.create(Path(place) / "index", chunk_tokens=chunk_tokens)
        index.sync(folder / "corpus.jsonl")
        found = evaluate(index, qrels.queries, qrels.relevance)
    name = folder.name if len(folder.name) > 2 else f"{folder.parent.name}-{folder.name}"
    for mode in found.modes:
        quality = [mode.scores[measure] for measure in ("nDCG@10", "recall@10", "recall@100", "MRR@10")]
        yield [name, found.documents, found.chunks, found.queries, mode.mode, *quality, mode.latency.p50_ms]


if __name__ == "__main__":
    main()
