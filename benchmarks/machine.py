"""What every benchmark prints about where it ran, and how it prints its figures: a table to read, JSON to keep."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("vecsearch", "numpy", "faiss-cpu", "pyarrow", "onnxruntime", "tokenizers", "sentence-transformers", "torch")


def describe() -> dict[str, Any]:
    """Processor, cores, system, Python and the versions of what is measured."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": sys.version.split()[0],
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def report(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], notes: Sequence[str] = ()) -> None:
    """Prints the figures as a Markdown table, then everything as one line of JSON."""
    machine = describe()
    cells = [[_shown(value) for value in row] for row in rows]
    print(f"\n## {title}\n")
    print(f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}")
    print(", ".join(f"{name} {number}" for name, number in machine["packages"].items()) + "\n")
    print(f"| {' | '.join(columns)} |")
    print(f"|{'---|' * len(columns)}")
    for row in cells:
        print(f"| {' | '.join(row)} |")
    for note in notes:
        print(f"\n{note}")
    figures = [dict(zip(columns, row, strict=True)) for row in rows]
    print("\n" + json.dumps({"title": title, "machine": machine, "figures": figures, "notes": list(notes)}))


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 1 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
