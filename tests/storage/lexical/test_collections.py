"""BM25 on judged collections: no worse than the published figure, and than a plain tokenizer in other languages."""

from __future__ import annotations

import csv
import json
from math import log2
from pathlib import Path

import pytest

from vecsearch.storage.lexical import Bm25, LivePostings, build_postings

pytestmark = pytest.mark.slow


def ndcg_at_10(folder: Path, split: str) -> float:
    """On average over the queries, whole documents of title and text being the rows."""
    documents = [json.loads(line) for line in (folder / "corpus.jsonl").read_text(encoding="utf-8").splitlines()]
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    gains: dict[str, dict[str, int]] = {}
    with (folder / "qrels" / f"{split}.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            gains.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    bm25 = Bm25([LivePostings(build_postings((f"{d['title']} {d['text']}" for d in documents), "auto"), None)])
    total = 0.0
    for query in queries:
        if judged := gains.get(query["_id"]):
            (found,) = bm25.search(query["text"], 10)
            order = sorted(zip(-found.scores, found.rows.tolist(), strict=True))[:10]
            ideal = sum(gain / log2(2 + i) for i, gain in enumerate(sorted(judged.values(), reverse=True)[:10]))
            got = sum(judged.get(documents[row]["_id"], 0) / log2(2 + i) for i, (_, row) in enumerate(order))
            total += got / ideal
    return total / len(gains)


def test_scifact_is_ranked_as_well_as_by_lucene(data: Path) -> None:
    assert ndcg_at_10(data / "scifact", "test") >= 0.679  # Lucene: .6789, castorini/pyserini 2cr/beir.yaml


@pytest.mark.parametrize(
    ("language", "least"), [("en", 0.965), ("de", 0.94), ("es", 0.96), ("ru", 0.945), ("zh", 0.96), ("ar", 0.935)]
)
def test_questions_find_their_passage_in_each_language(data: Path, language: str, least: float) -> None:
    folder = data / "xquad" / language
    (qrels,) = (folder / "qrels").iterdir()
    assert ndcg_at_10(folder, qrels.stem) >= least
