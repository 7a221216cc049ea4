"""How fast do texts become vectors? Ours beside sentence-transformers, fastembed and bare loops, on the same chunks.

    python benchmarks/encode.py FOLDER [--tokens 112 228] [--chunks 600] [--rounds 5] [--without fastembed ...]

FOLDER's Markdown files are cut into chunks of about so many tokens. In every round each way encodes the same chunks,
one after the other; the figure is the median of its rounds, the ratio that to sentence-transformers in float32. Beside
it stands the fidelity: the least cosine of a vector with that of sentence-transformers, and the share of the ten
nearest neighbours that are the same.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from machine import report
from passages import chunks_of
from rivals import BareOnnxruntime, BareOpenvino, Fastembed, SentenceTransformers, write_onnx

from vecsearch import Role
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.model_folder import find_model

REFERENCE = "sentence-transformers"


def main() -> None:
    """Prints one table for each size of chunk."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tokens", type=int, nargs="+", default=[112, 228])
    parser.add_argument("--chunks", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without", nargs="+", default=[], metavar="WAY")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        ways = {name: make for name, make in _ways(Path(place)).items() if name not in arguments.without}
        encoders = {name: make() for name, make in ways.items()}
        for tokens in arguments.tokens:
            texts, mean = chunks_of(arguments.folder, tokens, arguments.chunks)
            _compare(encoders, texts, mean, arguments.rounds)


def _ways(place: Path) -> dict[str, Callable[[], Callable[[list[str]], Any]]]:
    """By name what loads a way to encode, and gives it."""
    model = find_model("all-MiniLM-L6-v2")
    exported = write_onnx(model, place)
    return {
        REFERENCE: lambda: SentenceTransformers(model.path).encode,
        "vecsearch, openvino": lambda: _ours("openvino"),
        "bare openvino": lambda: BareOpenvino(exported).encode,
        "vecsearch, onnxruntime": lambda: _ours("onnxruntime"),
        "bare onnxruntime": lambda: BareOnnxruntime(exported).encode,
        "fastembed": lambda: Fastembed(exported).encode,
        "vecsearch, static": lambda: _ours("static", "wordllama"),
    }


def _ours(runtime: str, model: str = "all-MiniLM-L6-v2") -> Callable[[list[str]], Any]:
    encoder = load_encoder(model, runtime=runtime)
    return lambda texts: encoder.encode(texts, Role.DOCUMENT)


def _compare(encoders: dict[str, Callable[[list[str]], Any]], texts: list[str], mean: float, rounds: int) -> None:
    vectors = {name: encode(texts) for name, encode in encoders.items()}  # warms up as well
    seconds: dict[str, list[float]] = {name: [] for name in encoders}
    for _ in range(rounds):
        for name, encode in encoders.items():
            started = perf_counter()
            encode(texts)
            seconds[name].append(perf_counter() - started)
    rates = {name: len(texts) / median(taken) for name, taken in seconds.items()}
    rows = [
        [
            name,
            rates[name],
            len(texts) / max(seconds[name]),
            len(texts) / min(seconds[name]),
            rates[name] * mean,
            rates[name] / rates[REFERENCE],
            *_fidelity(vectors[name], vectors[REFERENCE]),
        ]
        for name in encoders
    ]
    columns = ["way", "chunks/s", "least", "most", "tokens/s", "ratio", "least cosine", "same neighbours"]
    title = f"{len(texts)} chunks of {mean:.0f} tokens on average, {rounds} rounds"
    report(title, columns, rows)


def _fidelity(found: Any, expected: Any) -> tuple[Any, Any]:
    """The least cosine of two vectors of a text, and the share of a text's ten nearest that are the same."""
    if found.shape != expected.shape:
        return "other vectors", "other vectors"
    cosine = np.sum(found * expected, axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
    pairs = zip(_nearest(found), _nearest(expected), strict=True)
    same = [len(ours & theirs) / 10 for ours, theirs in pairs]
    return f"{cosine.min():.5f}", f"{np.mean(same):.4f}"


def _nearest(vectors: Any) -> list[set[int]]:
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    return [set(row.tolist()) for row in np.argsort(-scores, axis=1)[:, :10]]


if __name__ == "__main__":
    main()
