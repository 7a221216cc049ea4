"""SVG and PNG: well-formed whatever the texts hold, with a point for each passage."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.drawings import HOSTILE, drawing
from tests.helpers.missing import forget, uninstall
from vecsearch import ExtraMissing
from vecsearch.analysis.mapping.drawing import Drawing
from vecsearch.analysis.mapping.images import write_png, write_svg

SPACE = "{http://www.w3.org/2000/svg}"


def svg_of(drawn: Drawing) -> ElementTree.Element:
    stream = io.BytesIO()
    write_svg(stream, drawn)
    return ElementTree.fromstring(stream.getvalue())


def test_there_is_a_dot_for_each_point_and_each_line_of_the_legend_and_a_text_for_each_query() -> None:
    image = svg_of(drawing())
    assert Counter(dot.get("fill") for dot in image.iter(f"{SPACE}circle")) == {"#4e79a7": 4, "#f28e2b": 4}
    written = ["".join(text.itertext()) for text in image.iter(f"{SPACE}text")]
    assert [text for text in written if text.startswith("★")] == ["★ </text><script>", "★ $x_{$ 東京"]
    assert "$x_{ plain (3)" in written
    for dot in image.iter(f"{SPACE}circle"):
        assert 0 <= float(str(dot.get("cx"))) <= 1100
        assert 0 <= float(str(dot.get("cy"))) <= 800


@given(st.lists(st.text(min_size=1), min_size=2, max_size=4))
def test_any_text_gives_xml_without_elements_of_its_own(texts: list[str]) -> None:
    names = {element.tag.removeprefix(SPACE) for element in svg_of(drawing(texts)).iter()}
    assert names == {"svg", "title", "desc", "rect", "circle", "text", "tspan"}


def test_one_colour_needs_no_legend() -> None:
    drawn = drawing(["a", "b"], queries=())
    one = Drawing(
        **{name: getattr(drawn, name) for name in Drawing.__slots__}
        | {"entries": drawn.entries[:1], "kinds": np.zeros(2, np.int64)}
    )
    assert svg_of(one).get("viewBox") == "0 0 800 800"
    assert len(list(svg_of(one).iter(f"{SPACE}circle"))) == 2


def test_many_points_are_smaller() -> None:
    sizes = [
        {dot.get("r") for dot in svg_of(drawing(["a"] * n, queries=())).iter(f"{SPACE}circle")} for n in (10, 5_000)
    ]
    assert sizes == [{"3.5", "5"}, {"2", "5"}]


def test_the_png_is_an_image_with_the_colours_of_the_points() -> None:
    pytest.importorskip("matplotlib", reason="the extra viz: pip install 'vecsearch[viz]'")
    image_library = pytest.importorskip("PIL.Image")
    stream = io.BytesIO()
    write_png(stream, drawing([*HOSTILE, "a", "b"] * 6))
    image = image_library.open(stream).convert("RGB")
    assert image.size == (1100, 800)
    pixels = np.asarray(image)
    assert (pixels == 255).all(axis=2).sum() > 600_000
    assert (pixels == (0x4E, 0x79, 0xA7)).all(axis=2).sum() > 20  # the legend, which is opaque


def test_without_matplotlib_the_command_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    uninstall("matplotlib", monkeypatch)
    with pytest.raises(ExtraMissing, match=r"a map as PNG needs matplotlib: pip install 'vecsearch\[viz\]'"):
        write_png(io.BytesIO(), drawing())


def test_a_module_that_matplotlib_misses_is_not_taken_for_matplotlib(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").write_text("import a_module_that_is_nowhere\n")
    forget("matplotlib", monkeypatch)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_nowhere") as error:
        write_png(io.BytesIO(), drawing())
    assert not isinstance(error.value, ExtraMissing)
