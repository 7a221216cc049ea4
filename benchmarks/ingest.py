"""What does first indexing cost? Chunks a second, files to committed index, beside encoding alone.

    python benchmarks/ingest.py FOLDER [--chunk-tokens 150 254] [--rounds 3] [--without fastembed ...]

FOLDER's Markdown files are indexed into a new index, from an empty cache of vectors, in chunks of at most so many
tokens. Beside it, on the same chunks: our
own encoder and nothing else, the bare loop around OpenVINO, and, on each tenth chunk, sentence-transformers and
fastembed with the model already loaded. All take turns; every figure is a median of the rounds.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from machine import report
from rivals import BareOpenvino, Fastembed, SentenceTransformers, write_onnx

from vecsearch import Index, Role
from vecsearch.models.cache import cache_folder
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.model_folder import find_model

SAMPLED = 10  # sentence-transformers and fastembed get one chunk in so many: they take minutes for all


def main() -> None:
    """Prints a table for each size of chunk."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--chunk-tokens", type=int, nargs="+", default=[150, 254])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without", nargs="+", default=[], metavar="WAY")
    arguments = parser.parse_args()
    load_encoder().encode(["what is derived from the model is made once, for all indexes"] * 2000, Role.DOCUMENT)
    models = cache_folder() / "models"
    with tempfile.TemporaryDirectory() as place:
        others = {name: way for name, way in _others(Path(place)).items() if name not in arguments.without}
        for tokens in arguments.chunk_tokens:
            _compare(arguments.folder, tokens, arguments.rounds, models, others)


def _others(place: Path) -> dict[str, tuple[int, Callable[[list[str]], Any]]]:
    """By name, of how many chunks it gets one, and how it encodes them."""
    model = find_model("all-MiniLM-L6-v2")
    exported = write_onnx(model, place)
    encoder = load_encoder()
    return {
        "our encoder alone": (1, lambda texts: encoder.encode(texts, Role.DOCUMENT)),
        "bare openvino": (1, BareOpenvino(exported).encode),
        "sentence-transformers": (SAMPLED, SentenceTransformers(model.path).encode),
        "fastembed": (SAMPLED, Fastembed(exported).encode),
    }


def _compare(
    folder: Path, tokens: int, rounds: int, models: Path, others: dict[str, tuple[int, Callable[[list[str]], Any]]]
) -> None:
    rates: dict[str, list[float]] = {"vecsearch index": [], **{name: [] for name in others}}
    for _ in range(rounds):
        seconds, texts = _index(folder, tokens, models)
        rates["vecsearch index"].append(len(texts) / seconds)
        distinct = list(dict.fromkeys(texts))
        for name, (sampled, encode) in others.items():
            chosen = sorted(distinct[::sampled], key=len, reverse=True)
            started = perf_counter()
            encode(chosen)
            rates[name].append(len(chosen) / (perf_counter() - started))
    ours = median(rates["vecsearch index"])
    rows = [[name, median(found), min(found), max(found), ours / median(found)] for name, found in rates.items()]
    mean = sum(len(spans) + 2 for spans in load_encoder().token_spans(texts)) / len(texts)
    columns = ["way", "chunks/s", "least", "most", "vecsearch index, ratio"]
    report(f"{len(texts):,} chunks of {mean:.0f} tokens on average, {rounds} rounds", columns, rows)


def _index(folder: Path, chunk_tokens: int, models: Path) -> tuple[float, list[str]]:
    """The seconds from an empty cache and no index to a committed one, the model opened anew, and its chunks."""
    with tempfile.TemporaryDirectory() as place:
        os.environ["VECSEARCH_CACHE"] = place
        (Path(place) / "models").symlink_to(models, target_is_directory=True)
        started = perf_counter()
        Index.create(Path(place) / "index", chunk_tokens=chunk_tokens).sync(folder, include=["*.md"])
        return perf_counter() - started, _texts(Path(place) / "index")


def _texts(index: Path) -> list[str]:
    import pyarrow.parquet as pq

    files = sorted(index.glob("segments/*/chunks.parquet"))
    return [text for file in files for text in pq.read_table(file, columns=["text"])["text"].to_pylist()]


if __name__ == "__main__":
    main()
