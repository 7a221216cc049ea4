"""A map as an image: SVG, written here, or PNG, drawn by Matplotlib."""

from __future__ import annotations

import re
import warnings
from typing import Any, BinaryIO
from xml.sax.saxutils import escape

from vecsearch.analysis.mapping.drawing import Drawing
from vecsearch.imports import require

_SIDE, _LEGEND, _MARGIN, _LINE = 800, 300, 40, 20  # units of the SVG
_LONGEST = 44  # characters of a line of the legend
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


def write_svg(stream: BinaryIO, drawing: Drawing) -> None:
    """Write the map to a stream as SVG."""
    drawing = drawing.fitted()
    wide = _SIDE + (_LEGEND if len(drawing.entries) > 1 else 0)
    tall = max(_SIDE, _LINE * len(drawing.entries) + 2 * _MARGIN)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" font-family="sans-serif" font-size="12">',
        f"<title>{_text(drawing.title)}</title><desc>{_text(drawing.note)}</desc>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        *_dots(drawing),
        *_stars(drawing),
        *(_legend(drawing) if len(drawing.entries) > 1 else ()),
        f'<text x="12" y="{tall - 10}" fill="#555">{_text(drawing.note)}</text>',
        "</svg>",
    ]
    stream.write("\n".join(lines).encode())


def _dots(drawing: Drawing) -> list[str]:
    positions = drawing.positions
    radius = _radius(len(positions))
    return [
        f'<circle cx="{_across(positions[i, 0]):.1f}" cy="{_down(positions[i, 1]):.1f}" r="{radius}" '
        f'fill="{drawing.entries[drawing.kinds[i]].colour}" fill-opacity=".8"/>'
        for i in drawing.back_to_front().tolist()
    ]


def _stars(drawing: Drawing) -> list[str]:
    style = 'stroke="#fff" stroke-width="3" paint-order="stroke" font-weight="600"'
    return [
        f'<text x="{_across(query.x):.1f}" y="{_down(query.y):.1f}" {style}>'
        f'<tspan font-size="20">★</tspan> {_text(query.text)}</text>'
        for query in drawing.queries
    ]


def _legend(drawing: Drawing) -> list[str]:
    return [
        f'<circle cx="{_SIDE + 10}" cy="{_MARGIN + _LINE * i - 4}" r="5" fill="{entry.colour}"/>'
        f'<text x="{_SIDE + 22}" y="{_MARGIN + _LINE * i}">{_text(_shortened(entry.name))} ({entry.count:,})</text>'
        for i, entry in enumerate(drawing.entries)
    ]


def _across(x: float) -> float:
    return _MARGIN + (x + 1) / 2 * (_SIDE - 2 * _MARGIN)


def _down(y: float) -> float:
    return _MARGIN + (1 - y) / 2 * (_SIDE - 2 * _MARGIN)


def _radius(n: int) -> float:
    return 1.2 if n > 20_000 else 2 if n > 4_000 else 3.5


def _text(text: str) -> str:
    """Escape a text for XML, without the characters that XML forbids."""
    return escape(_NOT_XML.sub("", text))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def write_png(stream: BinaryIO, drawing: Drawing) -> None:
    """Write the map to a stream as PNG; raises ExtraMissing."""
    figure, drawing = _figure(), drawing.fitted()
    positions = drawing.positions
    order = drawing.back_to_front()
    axes = figure.add_axes((0.01, 0.04, 0.7 if len(drawing.entries) > 1 else 0.98, 0.94))
    axes.set_axis_off()
    axes.set_aspect("equal")
    colours = [drawing.entries[kind].colour for kind in drawing.kinds[order].tolist()]
    axes.scatter(
        positions[order, 0], positions[order, 1], s=_radius(len(positions)) ** 2, c=colours, alpha=0.8, linewidths=0
    )
    style = {"weight": "bold", "fontsize": 9, "parse_math": False, "zorder": 4}
    for query in drawing.queries:
        position = (query.x, query.y)
        axes.scatter(*position, s=130, c="#000", marker="*", edgecolors="#fff", zorder=3)
        axes.annotate(query.text, position, (8, -4), textcoords="offset points", **style)
    if len(drawing.entries) > 1:
        _draw_legend(figure, drawing)
    figure.text(0.01, 0.01, drawing.note, fontsize=8, color="#555555", parse_math=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about characters that no font here has: they are drawn as boxes
        figure.savefig(stream, format="png", dpi=100)


def _draw_legend(figure: Any, drawing: Drawing) -> None:
    height = min(0.035, 0.94 / len(drawing.entries))
    for i, entry in enumerate(drawing.entries):
        top = 0.96 - i * height
        figure.text(0.72, top, "●", color=entry.colour, fontsize=11, va="center")
        name = f"{_shortened(entry.name)} ({entry.count:,})"
        figure.text(0.74, top, name, fontsize=8, va="center", parse_math=False)


def _figure() -> Any:
    """Return an empty figure, made without pyplot, which would keep it and choose a window system."""
    library = require("matplotlib.figure", "viz", "a map as PNG", "matplotlib")
    return library.Figure(figsize=(11, 8), facecolor="white")
