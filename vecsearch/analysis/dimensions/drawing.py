"""The curve of quality over bytes as a picture. The only file that imports matplotlib."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from vecsearch import files
from vecsearch.analysis.dimensions.report import DimsReport
from vecsearch.errors import ExtraMissing, InvalidOption

_KINDS = (".svg", ".png")
_MODULES = ("matplotlib", "matplotlib.figure")


def draw_dims(report: DimsReport, file: str | PathLike[str]) -> None:
    """The picture is in `file`, .svg or .png: overlap, and nDCG where it was measured, over the bytes of a vector.

    Raises InvalidOption for another ending, ExtraMissing without matplotlib, OSError.
    """
    path = Path(file)
    kind = check_picture(path)
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        if error.name not in _MODULES:
            raise
        raise ExtraMissing.of("matplotlib", "dims", f"drawing {path}") from None
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    full = report.measures[0]
    for method, colour in (("truncated", "tab:blue"), ("pca", "tab:orange")):
        points = [each for each in report.measures if each.method == method]
        sizes = [each.bytes_per_vector for each in points]
        found = [each.ndcg for each in points if each.ndcg is not None]  # of all, or of none
        axes.plot(sizes, [each.overlap for each in points], "o-", color=colour, label=f"overlap, {method}")
        if found:
            axes.plot(sizes, found, "s--", color=colour, label=f"nDCG@{report.k}, {method}")
    if full.ndcg is not None:
        axes.axhline(full.ndcg, color="grey", linewidth=1, label=f"nDCG@{report.k}, all {report.dim}")
    axes.set(xlabel="bytes a vector", title=f"{report.model}, {report.chunks:,} chunks", ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    with files.replacing(path) as stream:
        figure.savefig(stream, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)


def check_picture(path: Path) -> str:
    """What kind of picture a file's name asks for; raises InvalidOption for one that is not drawn."""
    if path.suffix.lower() not in _KINDS:
        raise InvalidOption(f"{path}: a picture is drawn as {' or '.join(_KINDS)}, not as {path.suffix or 'that'!r}")
    return path.suffix.lower()[1:]
