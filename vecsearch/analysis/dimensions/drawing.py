"""The curve of quality over bytes per vector as a picture, by Matplotlib."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from vecsearch import files
from vecsearch.analysis.dimensions.measuring import DimsReport
from vecsearch.errors import InvalidOption
from vecsearch.imports import require

_FORMATS = (".svg", ".png")


def draw_dims(report: DimsReport, file: str | PathLike[str]) -> None:
    """Draw overlap, and nDCG where it was measured, over the bytes of a vector to `file`, .svg or .png.

    Raises InvalidOption for another file type, ExtraMissing without matplotlib, OSError.
    """
    path = Path(file)
    file_format = check_picture(path)
    library = require("matplotlib.figure", "dims", f"drawing {path}", "matplotlib")
    figure = library.Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    full = report.measures[0]
    for method, colour in (("truncated", "tab:blue"), ("pca", "tab:orange")):
        points = [point for point in report.measures if point.method == method]
        sizes = [point.bytes_per_vector for point in points]
        ndcg = [point.ndcg for point in points if point.ndcg is not None]  # of all points, or of none
        axes.plot(sizes, [point.overlap for point in points], "o-", color=colour, label=f"overlap, {method}")
        if ndcg:
            axes.plot(sizes, ndcg, "s--", color=colour, label=f"nDCG@{report.k}, {method}")
    if full.ndcg is not None:
        axes.axhline(full.ndcg, color="grey", linewidth=1, label=f"nDCG@{report.k}, all {report.dim}")
    axes.set(xlabel="bytes per vector", title=f"{report.model}, {report.chunks:,} chunks", ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    with files.replacing(path) as stream:
        figure.savefig(stream, format=file_format, dpi=150, metadata={"Date": None} if file_format == "svg" else None)


def check_picture(path: Path) -> str:
    """Return the format that a file name asks for; raises InvalidOption for an unsupported one."""
    if path.suffix.lower() not in _FORMATS:
        raise InvalidOption(f"{path}: a picture is drawn as {' or '.join(_FORMATS)}, not as {path.suffix!r}")
    return path.suffix.lower()[1:]
