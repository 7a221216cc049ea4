"""How fast is the cache of vectors, how large is its file, and what does float16 lose?

    python benchmarks/cache.py [--entries 10000 100000 1000000] [--dim 384] [--precisions float32 float16]
    python benchmarks/cache.py --full 500MB
    python benchmarks/cache.py --texts FILE [--passages 3000]

The first fills a cache with synthetic vectors, 128 at a time as an encoder does, and asks 10,000 texts of it, all of
them known or none: known ones that were put one after the other, as the texts of one corpus are, and known ones from
all over. "cold" is the first question of a new process, without its imports; "warm" the median of nine. The second
goes on putting until three times the size was written, then removes half of what is left, then all. The third
compares the model's vectors of FILE's passages, a .jsonl with `title` and `text`, with what float16 gives back.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from machine import report

from vecsearch.models.cache import Cache
from vecsearch.types import FloatArray, Role

_PUT_AT_ONCE = 128  # as vecsearch.models.encoder does
_ASKED = 10_000
_RUNS = 9
_TEXT = "text number {}, and then as many characters more as a passage of a document has. " + "Lorem ipsum. " * 40
_COLUMNS = (
    "precision",
    "entries",
    "writes per second",
    "bytes per vector",
    "log MB at most",
    "neighbours: warm ms",
    "cold ms",
    "scattered: warm ms",
    "unknown: warm ms",
)


def main() -> None:
    """Prints one row for each number of entries and precision, or what float16 loses."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--precisions", nargs="+", default=["float32", "float16"])
    parser.add_argument("--full", metavar="SIZE")
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--passages", type=int, default=3_000)
    parser.add_argument("--cold", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.cold:
        cache = Cache(arguments.cold, size="100GB")
        print(_asked(cache, range(_ASKED), arguments.dim))
    elif arguments.full:
        report(*_full(arguments.full, arguments.dim))
    elif arguments.texts:
        report(*_loss(arguments.texts, arguments.passages))
    else:
        rows = [
            _row(precision, count, arguments.dim)
            for precision in arguments.precisions
            for count in sorted(arguments.entries)
        ]
        report(f"Cache, {_ASKED:,} texts asked for, {arguments.dim} dimensions", _COLUMNS, rows)


def _row(precision: str, count: int, dim: int) -> list[object]:
    chance = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        cache = Cache(Path(place), size="100GB", precision=precision)
        seconds, log = _fill(cache, count, dim)
        starts = chance.integers(0, count - _ASKED + 1, _RUNS)
        neighbours = [_asked(cache, chance.permutation(_ASKED) + start, dim) for start in starts]
        scattered = [_asked(cache, chance.permutation(count)[:_ASKED], dim) for _ in range(_RUNS)]
        unknown = [_asked(cache, np.arange(_ASKED) + count * step, dim) for step in range(1, _RUNS + 1)]
        cache.close()
        size = cache.path.stat().st_size
        command = [sys.executable, __file__, "--cold", place, "--dim", str(dim)]
        cold = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return [
        precision,
        count,
        round(count / seconds),
        round(size / count),
        log / 1e6,
        median(neighbours),
        cold,
        median(scattered),
        median(unknown),
    ]


def _fill(cache: Cache, count: int, dim: int) -> tuple[float, int]:
    """The seconds that puts took, and the most bytes that the log beside the file had."""
    chance = np.random.default_rng(0)
    log = Path(f"{cache.path}-wal")
    seconds, most = 0.0, 0
    for first in range(0, count, _PUT_AT_ONCE):
        texts = _texts(range(first, min(first + _PUT_AT_ONCE, count)))
        vectors = chance.standard_normal((len(texts), dim), np.float32)
        seconds += _milliseconds(lambda: cache.put("f", Role.DOCUMENT, texts, vectors)) / 1e3  # noqa: B023 at once
        most = max(most, log.stat().st_size)
    return seconds, most


def _full(size: str, dim: int) -> tuple[str, Sequence[str], list[list[object]]]:
    """How a cache does that has no more room."""
    chance = np.random.default_rng(0)
    vectors = chance.standard_normal((_PUT_AT_ONCE, dim), np.float32)
    with tempfile.TemporaryDirectory() as place:
        cache = Cache(Path(place), size=size)
        most, log, put = 0, 0, []
        room = cache.info().size
        for first in range(0, 3 * room // (4 * dim), _PUT_AT_ONCE):
            texts = _texts(range(first, first + _PUT_AT_ONCE))
            milliseconds = _milliseconds(lambda: cache.put("f", Role.DOCUMENT, texts, vectors))  # noqa: B023 at once
            most = max(most, cache.path.stat().st_size)
            log = max(log, Path(f"{cache.path}-wal").stat().st_size)
            if most >= room:
                put.append(milliseconds)
        kept = cache.info().vectors
        pruned = _milliseconds(lambda: cache.prune(max_size=room // 2)) / 1e3
        after = cache.info().bytes
        cleared = _milliseconds(cache.clear) / 1e3
        end = cache.info().bytes
    columns = [
        "size",
        "largest file",
        "log MB",
        "kept",
        "write of 128 ms",
        "p99",
        "max",
        "prune s",
        "MB",
        "clear s",
        "MB ",
    ]
    times = [median(put), float(np.quantile(put, 0.99)), max(put)]
    return "A full cache", columns, [[room, most, log / 1e6, kept, *times, pruned, after / 1e6, cleared, end / 1e6]]


def _asked(cache: Cache, numbers: Sequence[int], dim: int) -> float:
    """The milliseconds that it takes to look texts up, once they are there."""
    texts = _texts(numbers)
    return _milliseconds(lambda: cache.get("f", Role.DOCUMENT, texts, dim))


def _texts(numbers: Sequence[int]) -> list[str]:
    return [_TEXT.format(number) for number in numbers]


def _milliseconds(action: Callable[[], object]) -> float:
    started = perf_counter()
    action()
    return (perf_counter() - started) * 1e3


def _loss(file: Path, count: int) -> tuple[str, Sequence[str], list[list[object]]]:
    """What a cache of float16 gives back of a model's vectors, against what was put."""
    from vecsearch.models.encoders import DEFAULT_MODEL, load_encoder

    encoder = load_encoder(DEFAULT_MODEL)
    texts = list(dict.fromkeys(islice(_passages(file), count)))
    vectors = encoder.encode(texts, Role.DOCUMENT)
    with tempfile.TemporaryDirectory() as place:
        cache = Cache(Path(place), precision="float16")
        cache.put("f", Role.DOCUMENT, texts, vectors)
        found = cache.get("f", Role.DOCUMENT, texts, encoder.dim)
        cache.close()
    exact, kept = _units(vectors), _units(np.stack([found[text] for text in texts]))
    cosines = (exact * kept).sum(axis=1)
    nearest = [np.argsort(-(unit @ unit.T), axis=1, kind="stable")[:, 1:11] for unit in (exact, kept)]
    shared = [len(set(one) & set(other)) / 10 for one, other in zip(*nearest, strict=True)]
    row = [encoder.name, len(texts), 1 - cosines.mean(), 1 - cosines.min(), np.mean(shared), min(shared)]
    columns = ["model", "passages", "1 - cosine, mean", "at most", "top-10 overlap, mean", "at least"]
    return "What float16 loses", columns, [[row[0], row[1], *(f"{value:.2g}" for value in row[2:4]), *row[4:]]]


def _units(vectors: FloatArray) -> FloatArray:
    exact = vectors.astype(np.float64)
    return exact / np.linalg.norm(exact, axis=1, keepdims=True)


def _passages(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            yield f"{record['title']}\n{record['text']}"


if __name__ == "__main__":
    main()
