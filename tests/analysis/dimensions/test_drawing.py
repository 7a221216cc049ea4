"""The curve as a picture."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from vecsearch import ExtraMissing, InvalidOption
from vecsearch.analysis import DimMeasure, DimsReport, draw_dims


def measure(method: str, dim: int, overlap: float) -> DimMeasure:
    return DimMeasure(method=method, dim=dim, overlap=overlap, ndcg=0.5, bytes_per_vector=4 * dim, p50_ms=1.0)


REPORT = DimsReport(
    model="a-model",
    chunks=1234,
    dim=32,
    k=10,
    queries=5,
    judged=True,
    measures=(
        measure("full", 32, 1.0),
        measure("truncated", 8, 0.4),
        measure("truncated", 16, 0.7),
        measure("pca", 8, 0.6),
        measure("pca", 16, 0.9),
    ),
)


def needs_matplotlib() -> None:
    pytest.importorskip("matplotlib", reason="the extra dims: pip install 'vecsearch[dims]'")


def test_a_curve_is_drawn_for_each_method_and_measure(tmp_path: Path) -> None:
    needs_matplotlib()
    draw_dims(REPORT, tmp_path / "curve.svg")
    content = (tmp_path / "curve.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(content)
    for said in ("a-model, 1,234 chunks", "overlap, truncated", "overlap, pca", "nDCG@10, pca", "bytes per vector"):
        assert f"<!-- {said} -->" in content
    assert str(tmp_path) not in content


def test_without_qrels_only_the_overlap_is_drawn(tmp_path: Path) -> None:
    needs_matplotlib()
    measures = tuple(replace(each, ndcg=None) for each in REPORT.measures)
    draw_dims(replace(REPORT, judged=False, measures=measures), tmp_path / "curve.svg")
    assert "nDCG" not in (tmp_path / "curve.svg").read_text(encoding="utf-8")


def test_a_png_is_one(tmp_path: Path) -> None:
    needs_matplotlib()
    draw_dims(REPORT, tmp_path / "curve.PNG")
    assert (tmp_path / "curve.PNG").read_bytes().startswith(b"\x89PNG\r\n")
    assert [path.name for path in tmp_path.iterdir()] == ["curve.PNG"]


@pytest.mark.parametrize("name", ["curve.pdf", "curve"])
def test_another_kind_of_picture_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidOption, match=r"a picture is drawn as \.svg or \.png, not as"):
        draw_dims(REPORT, tmp_path / name)


def test_without_matplotlib_the_command_that_installs_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'vecsearch\[dims\]'"):
        draw_dims(REPORT, tmp_path / "curve.svg")
    assert not list(tmp_path.iterdir())
