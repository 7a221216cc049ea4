"""How long does a warm search take beside the bare FAISS call, and how right is it: alone, filtered, in batches?

    python benchmarks/search.py DATA [--rows N...] [--compacted] [--kept FOLDER]

DATA is a folder with scale/ (passages as .jsonl.gz) and squad-dev/ (questions in BEIR form). The rows are its passages
with the default model's vectors; those beyond are passages drawn again with Gaussian noise of 0.03 in each dimension
and a seed of 0, so that no model runs. The index is made by `Index.add`, as anyone's, and by default asked as it grew.

The bare calls are FAISS's on the files of the index: the flat search of vectors.faiss and the search of codes.faiss,
segment after segment, k = 10. Recall is against the brute-force product of all vectors.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import faiss
import numpy as np
from machine import report

from vecsearch import Document, Index, Role, embed

DIM = 384
_NOISE, _SEED, _TIMED, _BATCH, _K = 0.03, 0, 300, 1_000, 10
SHARES = {"50 %": 2, "5 %": 20, "0.5 %": 200, "0.01 %": 10_000}  # one row in so many
SIZES = ["rows", "segments", "build s", "open ms", "bytes a vector", "codes, bytes", "recall said", "memory MB"]
SPEED = [
    "rows",
    "asked",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "bare FAISS p50 ms",
    "over it ms",
    "recall@10",
]
BATCHES = ["rows", "mode", "one by one, a second", "1,000 at once, a second", "ratio"]


class Given:
    """An encoder that knows the vector of each text beforehand: the number that the text begins with is its row."""

    name, dim, max_tokens, fingerprint = "given", DIM, 254, "5e" * 32

    def __init__(self, vectors: Any) -> None:
        self.vectors = vectors

    def encode(self, texts: Sequence[str], role: Role) -> Any:  # noqa: ARG002
        return self.vectors[[int(text.partition(" ")[0]) for text in texts]]

    def token_spans(self, texts: Sequence[str]) -> list[Any]:
        return [
            np.array([match.span() for match in re.finditer(r"\S+", text)], np.int64).reshape(-1, 2) for text in texts
        ]


def main() -> None:
    """Prints a table of sizes, one of latencies and one of batches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", nargs="+", type=int, default=[10_000, 100_000])
    parser.add_argument("--compacted", action="store_true", help="compact the index before it is asked")
    parser.add_argument("--kept", type=Path, help="keep the indexes in this folder, and use those that are there")
    parser.add_argument("--only-make", action="store_true", help="make the indexes and ask nothing")
    arguments = parser.parse_args()
    texts = [passage["text"] for passage in _passages(arguments.data / "scale")]
    real = embed(texts)
    questions = [json.loads(line)["text"] for line in (arguments.data / "squad-dev" / "queries.jsonl").open()]
    drawn = np.random.default_rng(_SEED).choice(len(questions), _BATCH, replace=False)
    asked = embed([questions[number] for number in drawn], role="query")
    os.environ["VECSEARCH_CACHE_SIZE"] = "0"  # what is made below is not worth keeping
    sizes, speeds, batches = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for rows in arguments.rows:
            path = (arguments.kept or Path(folder)) / f"{rows}{'-compacted' * arguments.compacted}"
            vectors = _many(real, rows)
            seconds = _made(path, texts, vectors, compacted=arguments.compacted)
            if not arguments.only_make:
                made = _measured(path, vectors, asked, seconds)
                sizes += made[0]
                speeds += made[1]
                batches += made[2]
    report("The index", SIZES, sizes)
    report("One search, warm, k = 10", SPEED, speeds)
    report("Many searches", BATCHES, batches)


def _made(path: Path, texts: Sequence[str], vectors: Any, *, compacted: bool) -> float | None:
    """How many seconds it took to make the index; None for one that was there."""
    if path.exists():
        return None
    index = Index.create(path, model=Given(vectors))
    started = perf_counter()
    index.add(_documents(texts, len(vectors)))
    if compacted:
        index.compact()
    return perf_counter() - started


def _measured(path: Path, vectors: Any, asked: Any, seconds: float | None) -> Any:
    opened = median(_timed(lambda _: Index.open(path), range(20)))
    index = Index.open(path, model=Given(vectors))
    files = {
        name: sum(file.stat().st_size for file in path.glob(f"segments/*/{name}.faiss"))
        for name in ("vectors", "codes")
    }
    index.search(asked[0])
    info = index.info()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1e6)
    said = info.measured_recall or 1.0
    n = len(vectors)
    size = [
        n,
        info.segments,
        "" if seconds is None else seconds,
        opened,
        files["vectors"] / n,
        files["codes"] / n,
        said,
        memory,
    ]
    return [size], _speeds(index, path, vectors, asked), _batches(index, n, asked)


def _speeds(index: Index, path: Path, vectors: Any, asked: Any) -> list[list[Any]]:
    """A row for each way to ask, each timed in turn with the bare call that it is compared with."""
    n, queries = len(vectors), asked[:_TIMED]
    flat, codes = _bare(path, "vectors"), _bare(path, "codes")
    ways: list[tuple[str, dict[str, Any], Callable[[Any], Any] | None, int]] = [
        ("exact", {"exact": True}, flat, n),
        ("as it is", {}, codes or flat, n),
    ]
    shares = {name: n // every for name, every in SHARES.items() if n // every >= _K}
    ways += [(f"where {name}", {"where": f"number < {rows}"}, None, rows) for name, rows in shares.items()]
    lasts = _last_of_nearest(vectors, queries, [n, *shares.values()])
    table = []
    for name, how, bare, among in ways:
        ours, theirs, recalls = [], [], []
        index.search(queries[0], _K, **how)
        for query, last in zip(queries, lasts[among], strict=True):
            started = perf_counter()
            hits = index.search(query, _K, **how)
            ours.append(1000 * (perf_counter() - started))
            theirs += _timed(bare, [query[None]]) if bare else []
            found = [int(hit.document_id) for hit in hits]
            recalls.append(np.mean(vectors[found] @ query >= last - 1e-6))
        beside = [median(theirs), median(ours) - median(theirs)] if bare else ["", ""]
        table.append([n, name, *np.percentile(ours, [50, 95, 99]).tolist(), *beside, float(np.mean(recalls))])
    return table


def _last_of_nearest(vectors: Any, queries: Any, counts: Sequence[int]) -> dict[int, list[float]]:
    """For each number of first rows what the last of the nearest among them scores for each query."""
    found: dict[int, list[float]] = {count: [] for count in counts}
    for first in range(0, len(queries), 50):
        scores = queries[first : first + 50] @ vectors.T  # (50, n)
        for count in found:
            found[count] += np.partition(scores[:, :count], count - _K, axis=1)[:, count - _K].tolist()
    return found


def _batches(index: Index, n: int, asked: Any) -> list[list[Any]]:
    rows = []
    for name, how in (("exact", {"exact": True}), ("as it is", {})):
        one, many = [], []
        for first in range(0, 300, 100):
            some = asked[first : first + 100]
            one.append(len(some) / (sum(_timed(lambda query, how=how: index.search(query, _K, **how), some)) / 1000))
            many.append(_BATCH / (_timed(lambda queries, how=how: index.search(queries, _K, **how), [asked])[0] / 1000))
        rows.append([n, name, median(one), median(many), median(many) / median(one)])
    return rows


def _bare(path: Path, name: str) -> Callable[[Any], Any] | None:
    """FAISS's search of a file of each segment, one after the other."""
    found = [
        faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC) for file in sorted(path.glob(f"segments/*/{name}.faiss"))
    ]
    return (lambda query: [segment.search(query, _K) for segment in found]) if found else None


def _documents(texts: Sequence[str], rows: int) -> Iterator[Document]:
    for number in range(rows):
        words = texts[number % len(texts)].split()[:80]
        yield Document(str(number), f"{number} {' '.join(words)}", {"number": number})


def _many(real: Any, rows: int) -> Any:
    """So many unit vectors: the real ones, then noisy copies of them, float32 (rows, dim)."""
    rng = np.random.default_rng(_SEED)
    vectors = np.resize(real, (rows, DIM)).astype(np.float32)
    for first in range(len(real), rows, 100_000):
        part = vectors[first : first + 100_000]
        part += _NOISE * rng.standard_normal(part.shape, np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _passages(folder: Path) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _timed(call: Callable[[Any], Any], values: Any) -> list[float]:
    """How many milliseconds each call took."""
    found = []
    for value in values:
        started = perf_counter()
        call(value)
        found.append(1000 * (perf_counter() - started))
    return found


if __name__ == "__main__":
    main()
