"""What does the approximate structure cost, how much faster is it than exact search, and is its floor held?

    python benchmarks/ann.py DATA [--rows N...] [--floor SHARE] [--structures [NAME...]]

DATA is a folder with scale/ (passages as .jsonl.gz), squad-dev/ and scifact/ (questions and claims in BEIR form). The
rows are its passages, encoded by the default model; those beyond are passages drawn again with Gaussian noise of 0.03
in each dimension. Recall is measured with passages held out, with questions and with claims, none of which calibration
saw. --structures also builds other FAISS structures and says at what setting each reaches the floor for questions.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import faiss
import numpy as np
from machine import report

import vecsearch
from vecsearch.storage.ann.approximate import Approximate, write_approximate
from vecsearch.storage.ann.codes import make_codes
from vecsearch.storage.ann.flat import Flat, write_flat

COST = ["rows", "bytes a row", "codes s", "with calibration s", "open ms", "measured recall", "scored for 16/100/1000"]
SPEED = ["rows", "asked for", "exact p50 ms", "p50 ms", "passages", "questions", "claims"]
OTHERS = ["rows", "structure", "build s", "bytes a row", "open ms", "setting", "p50 ms", *SPEED[-3:]]
FETCHES = (16, 100, 1000)  # ten hits ask for sixteen rows
STRUCTURES = ["PQ192x4fs", "PQ96x4fs", "RaBitQfs", "SQ8", "IVF{lists},PQ96x4fs", "IVF{lists},RaBitQfs", "HNSW16"]
_NOISE, _SEED, _ASKED, _TIMED = 0.03, 0, 400, 100
_KEPT = faiss.IO_FLAG_SKIP_STORAGE  # of a graph only the links are counted: the vectors are there already


class Queries(NamedTuple):
    """Unit vectors and the nearest thousand rows of each."""

    vectors: Any
    nearest: Any


def main() -> None:
    """Prints a table of cost and one of speed, with --structures a third."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", nargs="+", type=int, default=[16_384, 131_072])
    parser.add_argument("--floor", type=float, default=0.99)
    parser.add_argument("--structures", nargs="*", metavar="NAME", help=f"by default {' '.join(STRUCTURES)}")
    arguments = parser.parse_args()
    passages, asked = _passages(arguments.data / "scale"), _asked(arguments.data)
    held, base = passages[:_ASKED], passages[_ASKED:]
    cost: list[list[Any]] = []
    speed: list[list[Any]] = []
    others: list[list[Any]] = []
    for n in arguments.rows:
        with tempfile.TemporaryDirectory() as place:
            write_flat(Path(place) / "vectors.faiss", _rows(base, n))
            flat = Flat(Path(place) / "vectors.faiss")
            groups = [_queries(flat, vectors) for vectors in (held, *asked)]
            cost.append(_ours(Path(place), flat, groups, arguments.floor, speed))
            if arguments.structures is not None:
                others += [
                    row
                    for name in arguments.structures or STRUCTURES
                    for row in _other(Path(place), flat, groups, name, arguments.floor)
                ]
    note = (
        f"Floor {arguments.floor}, seed {_SEED}, {_ASKED} queries of each kind, latency of {_TIMED} single questions."
    )
    report("The approximate structure: cost", COST, cost, [note])
    report("The approximate structure: one query, and the share of the nearest rows found", SPEED, speed)
    if others:
        report(f"Other structures, at the first setting that reaches {arguments.floor} for questions", OTHERS, others)


def _passages(folder: Path) -> Any:
    texts = []
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            texts += [record["text"] or record["title"] for record in map(json.loads, lines)]
    vectors = _unit(vecsearch.embed(texts))
    return vectors[np.random.default_rng(_SEED).permutation(len(vectors))]


def _asked(data: Path) -> list[Any]:
    found = []
    for name in ("squad-dev", "scifact"):
        with (data / name / "queries.jsonl").open(encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for line in lines]
        chosen = np.linspace(0, len(texts) - 1, _ASKED).astype(int)
        found.append(_unit(vecsearch.embed([texts[place] for place in chosen], role="query")))
    return found


def _rows(base: Any, n: int) -> Any:
    rng = np.random.default_rng(_SEED)
    rows = np.empty((n, base.shape[1]), np.float32)
    rows[: len(base)] = base[:n]
    for first in range(len(base), n, 50_000):
        again = base[rng.integers(0, len(base), min(50_000, n - first))]
        noise = rng.standard_normal(again.shape).astype(np.float32)
        rows[first : first + len(again)] = _unit(again + _NOISE * noise)
    return rows


def _unit(vectors: Any) -> Any:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _queries(flat: Flat, vectors: Any) -> Queries:
    return Queries(vectors, [found.rows for found in flat.scan(vectors, FETCHES[-1])])


def _ours(place: Path, flat: Flat, groups: Sequence[Queries], floor: float, speed: list[list[Any]]) -> list[Any]:
    n = len(flat.vectors)
    _, coding = _took(lambda: make_codes(flat.vectors))
    entry, building = _took(lambda: write_approximate(place / "codes.faiss", flat.vectors, floor))
    if entry is None:
        return [n, 0, coding, building, 0.0, "none: exact search", ""]
    approximate, opening = _took(lambda: Approximate(place / "codes.faiss", flat, entry))
    for fetch in FETCHES:
        exact = _p50(lambda query, fetch=fetch: flat.scan(query, fetch), groups[1].vectors[:30])
        quick = _p50(lambda query, fetch=fetch: approximate.search(query, fetch), groups[1].vectors[:_TIMED])
        recalls = [_recall([found.rows for found in approximate.search(q, fetch)], near, fetch) for q, near in groups]
        speed.append([n, fetch, exact, quick, *recalls])
    size = (place / "codes.faiss").stat().st_size / n
    found = " / ".join(str(entry.candidates(fetch)) for fetch in FETCHES)
    return [n, size, coding, building, 1000 * opening, entry.recall, found]


def _other(place: Path, flat: Flat, groups: Sequence[Queries], name: str, floor: float) -> Iterator[list[Any]]:
    """One row of the table for each of ten and a hundred rows asked for."""
    n, dim = flat.vectors.shape
    lists = 2 ** round(np.log2(2 * np.sqrt(n)))
    index = faiss.index_factory(dim, name.format(lists=lists), faiss.METRIC_INNER_PRODUCT)
    if name.startswith("HNSW"):
        index.hnsw.efConstruction = 100
    vectors = np.array(flat.vectors)
    sample = vectors[np.random.default_rng(_SEED).permutation(n)[: 64 * lists if "IVF" in name else 16_384]]
    _, building = _took(lambda: (index.train(sample), index.add(vectors)))
    path = os.fspath(place / "other.faiss")
    faiss.write_index(index, path, _KEPT if name.startswith("HNSW") else 0)
    _, opening = _took(lambda: faiss.read_index(path, faiss.IO_FLAG_MMAP_IFC | _KEPT))
    cost = [n, name.format(lists=lists), building, os.path.getsize(path) / n, 1000 * opening]
    for fetch in (10, 100):
        tried = list(_settings(index, vectors, name, fetch))
        enough = (one for one in tried if _recall(one[1](groups[1].vectors), groups[1].nearest, fetch) >= floor)
        setting, search = next(enough, (f"{tried[-1][0]}, not reached", tried[-1][1]))
        recalls = [_recall(search(queries), nearest, fetch) for queries, nearest in groups]
        yield [*cost, setting, _p50(search, groups[1].vectors[:_TIMED]), *recalls]


def _settings(index: Any, vectors: Any, name: str, fetch: int) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Settings from quick to thorough; what is no graph finds more rows, which are scored from the vectors."""
    if name.startswith("HNSW"):
        for ef in (64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096):
            given = faiss.SearchParametersHNSW(efSearch=ef)
            yield f"{fetch} rows: ef {ef}", lambda q, given=given: index.search(q, fetch, params=given)[1]
        return
    probes = (16, 32, 64, 128, 256) if "IVF" in name else (0,)
    for probe in probes:
        given = faiss.SearchParametersIVF(nprobe=probe) if probe else None
        for times in (10, 30) if probe else (2, 3, 5, 7, 10, 15, 20, 30, 50, 100):
            label = f"{fetch} rows: {times} times{f', {probe} lists' if probe else ''}"
            yield label, lambda q, given=given, k=fetch * times: _scored(vectors, index, q, k, fetch, given)


def _scored(vectors: Any, index: Any, queries: Any, k: int, fetch: int, given: Any) -> list[Any]:
    best = []
    for query, rows in zip(queries, index.search(queries, k, params=given)[1], strict=True):
        rows = rows[rows >= 0]
        best.append(rows[np.argsort(-(vectors[rows] @ query))[:fetch]])
    return best


def _recall(found: Sequence[Any], nearest: Sequence[Any], fetch: int) -> float:
    shares = [len(np.intersect1d(rows, best[:fetch])) / fetch for rows, best in zip(found, nearest, strict=True)]
    return float(np.mean(shares))


def _took(action: Callable[[], Any]) -> tuple[Any, float]:
    started = perf_counter()
    return action(), perf_counter() - started


def _p50(search: Callable[[Any], Any], queries: Any) -> float:
    return 1000 * float(np.median([_took(lambda query=query: search(query[None]))[1] for query in queries]))


if __name__ == "__main__":
    main()
