"""How long does a warm search take beside the bare FAISS call, and how right is it: alone, filtered, in batches?

    python benchmarks/search.py DATA [--rows N...] [--compacted] [--kept FOLDER]

DATA is a folder with scale/ (passages as .jsonl.gz) and squad-dev/ (questions in BEIR form). The indexes are those of
grown.py, made by `Index.add` as anyone's, and by default asked as they grew.

"ids" is `Index.rank`, "texts" is `Index.search`, k = 10. The bare calls are FAISS's own in the files of the index,
segment after segment: the flat search of vectors.faiss; and the search of codes.faiss for as many rows as ours takes
from it, the ten best of which FAISS's IndexRefine finds by their vectors. The codes alone, asked for ten rows, score
nothing exactly. Recall is against the brute-force product of all vectors. Questions that are texts are encoded each
time: no cache is asked.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import faiss
import numpy as np
from grown import Asking, Given, grown, make_index, passages_of
from machine import report

from vecsearch import Encoder, Index, Mode, Role, embed, load_encoder
from vecsearch.search.retrievers.dense import _SPARE
from vecsearch.storage.store import Store

_SEED, _TIMED, _TURN, _BATCH, _K = 0, 300, 60, 1_000, 10
SHARES = {"50 %": 2, "5 %": 20, "0.5 %": 200, "0.01 %": 10_000}  # one row in so many
SIZES = ["rows", "segments", "build s", "open ms", "bytes per vector", "codes, bytes", "recall reported", "memory MB"]
SPEED = ["rows", "search", "ids p50 ms", "texts p50 ms", "p95 ms", "p99 ms"]
SPEED += ["bare FAISS p50 ms", "ids over FAISS ms", "texts over FAISS ms", "codes alone p50 ms", "recall@10"]
TEXTS = ["rows", "mode", "p50 ms", "p95 ms", "p99 ms", "encoding alone, p50 ms"]
BATCHES = [
    "rows",
    "mode",
    "one by one, per second",
    "1,000 at once, per second",
    "ratio",
    "1,000 at once, ids, per second",
]


class Tables(NamedTuple):
    """The rows of each table."""

    sizes: list[list[Any]]
    speeds: list[list[Any]]
    texts: list[list[Any]]
    batches: list[list[Any]]


class Bare:
    """FAISS's own searches for one query in the files of an index, on one thread: two would wait for one another."""

    def __init__(self, path: Path) -> None:
        self._flat, self._codes, self._refined = [], [], []
        for part in Store(path).snapshot().parts:
            folder = path / "segments" / part.segment.entry.id
            flat = codes = refined = _read(folder / "vectors.faiss")
            if part.segment.approximate is not None:
                codes = _read(folder / "codes.faiss")
                refined = faiss.IndexRefine(codes, flat)
                found = part.segment.approximate.entry.candidates(_K + _SPARE)
                refined.k_factor = (found + 0.5) / _K  # FAISS rounds their product down
            self._flat.append(flat)
            self._codes.append(codes)
            self._refined.append(refined)

    def flat(self, query: Any) -> None:
        """The nearest rows of each segment, all of them compared."""
        self._search(self._flat, query)

    def codes(self, query: Any) -> None:
        """The nearest rows of each segment by their codes, where it has any."""
        self._search(self._codes, query)

    def refined(self, query: Any) -> None:
        """The nearest rows of each segment by their vectors, of those that codes find."""
        self._search(self._refined, query)

    @staticmethod
    def _search(segments: Sequence[Any], query: Any) -> None:
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        for segment in segments:
            segment.search(query[None], _K)
        faiss.omp_set_num_threads(threads)


def main() -> None:
    """Prints a table of sizes, two of latencies and one of batches."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", nargs="+", type=int, default=[10_000, 100_000])
    parser.add_argument("--compacted", action="store_true", help="compact the index before it is asked")
    parser.add_argument("--kept", type=Path, help="keep the indexes in this folder, and use those that are there")
    parser.add_argument("--only-make", action="store_true", help="make the indexes and ask nothing")
    arguments = parser.parse_args()
    texts = passages_of(arguments.data / "scale")
    real = embed(texts)
    every = [json.loads(line)["text"] for line in (arguments.data / "squad-dev" / "queries.jsonl").open()]
    drawn = np.random.default_rng(_SEED).choice(len(every), _BATCH, replace=False)
    questions = [every[number] for number in drawn]
    asked = embed(questions, role="query")
    os.environ["VECSEARCH_CACHE_SIZE"] = "0"  # what is made below is not worth keeping, and questions are new
    model, tables = load_encoder(), Tables([], [], [], [])
    with tempfile.TemporaryDirectory() as folder:
        for rows in arguments.rows:
            path = (arguments.kept or Path(folder)) / f"{rows}{'-compacted' * arguments.compacted}"
            vectors = grown(real, rows)
            seconds = make_index(path, texts, vectors, compacted=arguments.compacted)
            if not arguments.only_make:
                index = Index.open(path, model=Given(vectors))
                tables.sizes.append(_size(index, rows, asked[0], seconds))
                tables.speeds.extend(_speeds(index, vectors, asked[:_TIMED]))
                tables.texts.extend(_texts(path, rows, model, questions[:_TIMED]))
                tables.batches.extend(_batches(index, rows, asked))
    report("The index", SIZES, tables.sizes)
    report("One search, warm, k = 10", SPEED, tables.speeds)
    report("One question as a text, warm, k = 10", TEXTS, tables.texts)
    report("Many searches", BATCHES, tables.batches)


def _size(index: Index, n: int, query: Any, seconds: float | None) -> list[Any]:
    """A row of what the index takes; of memory after the first search."""
    opened = median(_timed(lambda _: Index.open(index.path), range(20)))
    vectors, codes = (
        sum(file.stat().st_size for file in index.path.glob(f"segments/*/{name}.faiss")) / n
        for name in ("vectors", "codes")
    )
    index.search(query)
    info = index.info()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1e6)
    said = info.measured_recall or 1.0
    return [n, info.segments, "" if seconds is None else seconds, opened, vectors, codes, said, memory]


def _speeds(index: Index, vectors: Any, queries: Any) -> list[list[Any]]:
    """A row for each way to ask, each timed in turn with the bare calls that it is compared with."""
    n, bare = len(vectors), Bare(index.path)
    ways: list[tuple[str, dict[str, Any], list[Callable[[Any], Any]], int]] = [
        ("exact", {"exact": True}, [bare.flat], n),
        ("default", {}, [bare.refined, bare.codes], n),
    ]
    shares = {name: n // every for name, every in SHARES.items() if n // every >= _K}
    ways += [(f"where {name}", {"where": f"number < {rows}"}, [], rows) for name, rows in shares.items()]
    lasts = _last_of_nearest(vectors, queries, [n, *shares.values()])
    table = []
    for name, how, bares, among in ways:
        rank, search = partial(index.rank, k=_K, **how), partial(index.search, k=_K, **how)
        taken = _in_turn([rank, search, *bares], queries)
        ids, texts, *beside = np.median(taken, axis=1).tolist()
        over = [beside[0], ids - beside[0], texts - beside[0], *beside[1:]] if beside else []
        found = [vectors[[int(chunk.document_id) for chunk in rank(query)]] @ query for query in queries]
        recall = np.mean([scores >= last - 1e-6 for scores, last in zip(found, lasts[among], strict=True)])
        tail = np.percentile(taken[1], [95, 99]).tolist()
        table.append([n, name, ids, texts, *tail, *over, *[""] * (4 - len(over)), float(recall)])
    return table


def _last_of_nearest(vectors: Any, queries: Any, counts: Sequence[int]) -> dict[int, list[float]]:
    """For each number of first rows what the last of the nearest among them scores for each query."""
    found: dict[int, list[float]] = {count: [] for count in counts}
    for first in range(0, len(queries), 50):
        scores = queries[first : first + 50] @ vectors.T  # (50, n)
        for count in found:
            found[count] += np.partition(scores[:, :count], count - _K, axis=1)[:, count - _K].tolist()
    return found


def _texts(path: Path, n: int, model: Encoder, questions: Sequence[str]) -> list[list[Any]]:
    """A row for each mode in which texts are asked; every mode needs the text's vector, for the similarity."""
    index = Index.open(path, model=Asking(model))
    asks = [partial(index.search, k=_K, mode=mode) for mode in Mode]
    *taken, encoding = _in_turn([*asks, lambda question: model.encode([question], Role.QUERY)], questions)
    return [
        [n, mode.value, *np.percentile(own, [50, 95, 99]).tolist(), float(np.median(encoding))]
        for mode, own in zip(Mode, taken, strict=True)
    ]


def _batches(index: Index, n: int, asked: Any) -> list[list[Any]]:
    """A row for each way to ask: searches a second one by one, in one call, and in one call without their texts."""
    rows = []
    for name, how in (("exact", {"exact": True}), ("default", {})):
        search, rank = partial(index.search, k=_K, **how), partial(index.rank, k=_K, **how)
        rates = []
        for first in range(0, 300, 100):
            alone = sum(_timed(search, asked[first : first + 100])) / 100
            together = [_timed(ask, [asked])[0] / len(asked) for ask in (search, rank)]
            rates.append([1000 / milliseconds for milliseconds in (alone, *together)])
        one, many, ids = np.median(rates, axis=0).tolist()
        rows.append([n, name, one, many, many / one, ids])
    return rows


def _in_turn(calls: Sequence[Callable[[Any], Any]], values: Any) -> Any:
    """How many milliseconds each call took with each value, (calls, values), after one that does not count.

    Each has some values at a time, and another is the first each time: what one has read, the next finds in the
    processor's cache.
    """
    taken = np.empty((len(calls), len(values)))
    for call in calls:
        call(values[0])
    for turn, first in enumerate(range(0, len(values), _TURN)):
        some = slice(first, first + _TURN)
        for place in np.roll(np.arange(len(calls)), turn).tolist():
            taken[place, some] = _timed(calls[place], values[some])
    return taken


def _timed(call: Callable[[Any], Any], values: Any) -> list[float]:
    """How many milliseconds each call took."""
    found = []
    for value in values:
        started = perf_counter()
        call(value)
        found.append(1000 * (perf_counter() - started))
    return found


def _read(file: Path) -> Any:
    return faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC)


if __name__ == "__main__":
    main()
