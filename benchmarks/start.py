"""How soon is a model ready, and how much memory does it take? Whole processes that encode one query, or 500 chunks.

    python benchmarks/start.py FOLDER [--runs 7] [--without fastembed ...]

Time is that of the process from start to end with one vector of a query made, in turns, medians. Memory is the peak of
the resident set, once for the query and once for 500 chunks of about 112 tokens from FOLDER's Markdown files.
"""

from __future__ import annotations

import argparse
import compileall
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from machine import report
from memory import peak_of

PREPARE = """
import json, sys
from pathlib import Path
sys.path[:0] = [sys.argv[3]]
from passages import chunks_of
from rivals import write_onnx
from vecsearch.models.encoders.model_folder import find_model
place = Path(sys.argv[1])
(place / "query.json").write_text(json.dumps(["how do I return a custom status code?"]))
(place / "chunks.json").write_text(json.dumps(chunks_of(Path(sys.argv[2]), 112, 500)[0]))
(place / "onnx").mkdir()
model = find_model("all-MiniLM-L6-v2")
print(model.path)
print(write_onnx(model, place / "onnx"))
"""  # in a process of its own: what this one holds counts as memory of those it starts
OURS = """
import sys, json
from vecsearch.models.encoders import load_encoder
load_encoder({model!r}, runtime={runtime!r}).encode(json.load(open(sys.argv[1])), {role!r})
"""
SENTENCE_TRANSFORMERS = """
import sys, json
from sentence_transformers import SentenceTransformer
SentenceTransformer(sys.argv[2], device="cpu").encode(json.load(open(sys.argv[1])))
"""
FASTEMBED = """
import sys, json
from fastembed import TextEmbedding
name = "sentence-transformers/all-MiniLM-L6-v2"
list(TextEmbedding(name, specific_model_path=sys.argv[3]).embed(json.load(open(sys.argv[1]))))
"""
MINILM = "all-MiniLM-L6-v2"


def main() -> None:
    """Prints one row for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--without", nargs="+", default=[], metavar="WAY")
    arguments = parser.parse_args()
    compileall.compile_path(quiet=2)
    compileall.compile_dir(sysconfig.get_paths()["purelib"], quiet=2)
    with tempfile.TemporaryDirectory() as place:
        prepared = [sys.executable, "-c", PREPARE, place, str(arguments.folder), str(Path(__file__).parent)]
        files = subprocess.run(prepared, check=True, capture_output=True, text=True).stdout.split("\n")[:2]
        query, chunks = Path(place) / "query.json", Path(place) / "chunks.json"
        ways = {name: code for name, code in _ways().items() if name not in arguments.without}
        for code in ways.values():
            _run(code, query, files)  # what is made once is made
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(arguments.runs):
            for name, code in ways.items():
                started = perf_counter()
                _run(code, query, files)
                seconds[name].append(perf_counter() - started)
        rows = [
            [
                name,
                1e3 * median(seconds[name]),
                1e3 * min(seconds[name]),
                1e3 * max(seconds[name]),
                *(peak_of(_command(code, texts, files))[1] for texts in (query, chunks)),
            ]
            for name, code in ways.items()
        ]
    columns = ["way", "process, ms", "least", "most", "peak MB, one query", "peak MB, 500 chunks"]
    report("From nothing to a vector", columns, rows)


def _ways() -> dict[str, str]:
    return {
        "empty Python": "pass",
        "vecsearch, static (wordllama)": OURS.format(model="wordllama", runtime=None, role="query"),
        "vecsearch, onnxruntime": OURS.format(model=MINILM, runtime="onnxruntime", role="query"),
        "vecsearch, openvino": OURS.format(model=MINILM, runtime="openvino", role="query"),
        "vecsearch, default": OURS.format(model=MINILM, runtime=None, role="query"),
        "vecsearch, sentence-transformers": OURS.format(model=MINILM, runtime="sentence-transformers", role="query"),
        "sentence-transformers": SENTENCE_TRANSFORMERS,
        "fastembed": FASTEMBED,
    }


def _command(code: str, texts: Path, files: list[str]) -> list[str]:
    return [sys.executable, "-c", code, str(texts), *files]


def _run(code: str, texts: Path, files: list[str]) -> None:
    subprocess.run(_command(code, texts, files), check=True, capture_output=True)


if __name__ == "__main__":
    main()
