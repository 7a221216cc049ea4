"""How many cores a training or a distillation uses: as many as were asked for, and afterwards as many as before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vecsearch import InvalidOption
from vecsearch.training import TrainingPair, TuneOptions, distill, tune

pytestmark = [pytest.mark.peer, pytest.mark.slow]


@pytest.fixture
def torch() -> Any:
    pytest.importorskip("sentence_transformers", reason="the extra tune: pip install 'vecsearch[tune]'")
    import torch

    return torch


def test_a_model_is_trained_on_as_many_cores_as_asked_for(
    tiny: Path, tmp_path: Path, pairs: list[TrainingPair], torch: Any
) -> None:
    pytest.importorskip("pytrec_eval", reason="the extra tune: pip install 'vecsearch[tune]'")
    before, seen = torch.get_num_threads(), []
    options = TuneOptions(steps=2, batch=8, every=1)
    tune(
        pairs,
        tmp_path / "out",
        base=str(tiny),
        options=options,
        threads=before + 1,
        progress=lambda _: seen.append(torch.get_num_threads()),
    )
    assert set(seen) == {before + 1}
    assert torch.get_num_threads() == before
    with pytest.raises(InvalidOption, match=r"^threads is 0, expected a whole number of at least 1$"):
        tune(pairs, tmp_path / "none", base=str(tiny), options=options, threads=0)
    assert not list(tmp_path.glob("none*"))


def test_a_model_is_distilled_on_as_many_cores_as_asked_for(
    tiny: Path, tmp_path: Path, torch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("skeletoken", reason="the extra distill: pip install 'vecsearch[distill]'")
    import vecsearch.training.distilling

    before, seen, distilled = torch.get_num_threads(), [], vecsearch.training.distilling._distill

    def watched(*arguments: Any) -> Any:
        seen.append(torch.get_num_threads())
        return distilled(*arguments)

    monkeypatch.setattr(vecsearch.training.distilling, "_distill", watched)
    distill(str(tiny), tmp_path / "out", dim=8, threads=before + 1)
    assert seen == [before + 1]
    assert torch.get_num_threads() == before


def test_a_number_of_cores_that_cannot_be_is_refused_before_anything_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=r"^threads is 0, expected a whole number of at least 1$"):
        distill("no such model", tmp_path / "out", threads=0)
