"""A collection in BEIR form, written file by file as BEIR's own are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.helpers.writing import write

HEADER = "query-id\tcorpus-id\tscore\n"


def write_beir(
    folder: Path,
    documents: Mapping[str, tuple[str, str]],
    queries: Mapping[str, str],
    qrels: Sequence[tuple[str, str, int]],
    split: str = "test",
) -> Path:
    """The folder with these documents (title and text by id), queries and qrels of one split."""
    corpus = [{"_id": name, "title": title, "text": text} for name, (title, text) in documents.items()]
    write_lines(folder / "corpus.jsonl", corpus)
    write_lines(folder / "queries.jsonl", [{"_id": name, "text": text} for name, text in queries.items()])
    lines = [f"{query}\t{document}\t{score}\n" for query, document, score in qrels]
    write(folder / "qrels" / f"{split}.tsv", HEADER + "".join(lines))
    return folder


def write_lines(path: Path, records: Sequence[object]) -> Path:
    """A .jsonl file of these values."""
    return write(path, "".join(json.dumps(record) + "\n" for record in records))
