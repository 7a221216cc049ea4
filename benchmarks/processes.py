"""How long does a whole command take, beside the least it could take? Medians over runs that take turns.

    python benchmarks/processes.py FOLDER [--runs 7]

FOLDER is indexed once, untimed; then each command is timed against its floor: an empty Python, or a Python that only
imports what the command cannot do without and encodes one text with bare ONNX Runtime.
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from machine import report

VECSEARCH = [sys.executable, "-c", "from vecsearch.cli.main import main; main()"]
EMPTY = [sys.executable, "-c", "pass"]
IMPORTS = [sys.executable, "-c", "import numpy, faiss, pyarrow"]
ONE_VECTOR = [
    sys.executable,
    "-c",
    """
import sys, numpy, faiss, pyarrow, onnxruntime
from tokenizers import Tokenizer
model, tokenizer = sys.argv[1:]
ids = numpy.array([Tokenizer.from_file(tokenizer).encode("how do I reset it?").ids], numpy.int64)[:, :8]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
session.run(None, {"input_ids": ids, "attention_mask": numpy.ones_like(ids)})
""",
]


def main() -> None:
    """Prints one row for each command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    compileall.compile_path(quiet=2)
    compileall.compile_dir(sysconfig.get_paths()["stdlib"], quiet=2)
    with tempfile.TemporaryDirectory() as place:
        index = ["-i", str(Path(place) / "index")]
        _run([*VECSEARCH, "index", str(arguments.folder), *index])
        pairs = [
            ("vecsearch --help", [*VECSEARCH, "--help"], "empty Python", EMPTY),
            ("vecsearch info", [*VECSEARCH, "info", *index], "empty Python", EMPTY),
            (
                "vecsearch search, a new query each time",
                [*VECSEARCH, "search", "{n}: how do I return a custom status code?", *index],
                "imports and one vector",
                [*ONE_VECTOR, *_model_files(Path(place))],
            ),
            (
                "vecsearch search, a cached query",
                [*VECSEARCH, "search", "how do I return a custom status code?", *index],
                "imports of numpy, faiss, pyarrow",
                IMPORTS,
            ),
            (
                "vecsearch index, nothing changed",
                [*VECSEARCH, "index", str(arguments.folder), *index],
                "imports",
                IMPORTS,
            ),
        ]
        rows = [_row(*pair, arguments.runs) for pair in pairs]
    columns = ["command", "median ms", "min", "max", "floor", "floor ms", "ratio"]
    report("Whole processes, warm disk", columns, rows)


def _row(name: str, command: list[str], floor_name: str, floor: list[str], runs: int) -> list[object]:
    ours, least = [], []
    _run(command), _run(floor)
    for n in range(runs):
        ours.append(_run([part.replace("{n}", str(n)) for part in command]))
        least.append(_run(floor))
    middle, bottom = median(ours), median(least)
    return [name, middle, min(ours), max(ours), floor_name, bottom, middle / bottom]


def _run(command: list[str]) -> float:
    """The wall-clock time of a process in milliseconds."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "ORT_DISABLE_TELEMETRY": "1"}
    started = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return 1000 * (perf_counter() - started)


def _model_files(place: Path) -> list[str]:
    """The default model as one plain ONNX file, as an export would make it, and its tokenizer."""
    from rivals import write_onnx

    from vecsearch.models.encoders import DEFAULT_MODEL
    from vecsearch.models.encoders.model_folder import find_model

    write_onnx(find_model(DEFAULT_MODEL), place)
    return [str(place / "model.onnx"), str(place / "tokenizer.json")]


if __name__ == "__main__":
    main()
