"""What does first indexing cost beyond the encoder? Chunks a second, files to committed index, beside bare encoding.

    python benchmarks/ingest.py FOLDER [--rounds 3]

The floor is the same encoder over the same chunks, all at once, sorted by length, with nothing read, cached or
stored. Both take turns; every round has an empty cache.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from machine import report

from vecsearch import Index, Role
from vecsearch.encoders import load_encoder


def main() -> None:
    """Prints one row for each round and one for the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    encoder = load_encoder()
    encoder.encode(["warm"], Role.DOCUMENT)
    rows = []
    for number in range(1, arguments.rounds + 1):
        seconds, texts = _index(arguments.folder)
        started = perf_counter()
        encoder.encode(sorted(set(texts), key=len, reverse=True), Role.DOCUMENT)
        bare = perf_counter() - started
        rows.append([str(number), len(texts), len(texts) / seconds, len(set(texts)) / bare, bare / seconds])
    middles = [median(column) for column in list(zip(*rows, strict=True))[2:]]
    rows.append(["median", rows[0][1], *middles])
    report("First indexing", ["round", "chunks", "vecsearch chunks/s", "bare encoder chunks/s", "share"], rows)


def _index(folder: Path) -> tuple[float, list[str]]:
    """The seconds from an empty cache and no index to a committed one, and the texts of its chunks."""
    with tempfile.TemporaryDirectory() as place:
        os.environ["VECSEARCH_CACHE"] = place
        _share_models(Path(place))
        index = Index.create(Path(place) / "index")
        started = perf_counter()
        index.sync(folder)
        seconds = perf_counter() - started
        return seconds, _texts(Path(place) / "index")


def _share_models(place: Path) -> None:
    """Lets the cache in `place` have the model's graph, which is made once for all indexes."""
    (place / "models").symlink_to(_MODELS, target_is_directory=True)


def _texts(index: Path) -> list[str]:
    import pyarrow.parquet as pq

    files = sorted(index.glob("segments/*/chunks.parquet"))
    return [text for file in files for text in pq.read_table(file, columns=["text"])["text"].to_pylist()]


def _models() -> Path:
    from vecsearch.cache import cache_folder

    load_encoder().encode(["made"], Role.DOCUMENT)
    return cache_folder() / "models"


if __name__ == "__main__":
    _MODELS = _models()
    main()
