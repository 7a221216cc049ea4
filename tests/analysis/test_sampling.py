"""Samples of an index: all live chunks or n of them, by a seed, over several segments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index, InvalidDocument, InvalidFilter, InvalidOption
from vecsearch.analysis.sampling import sample


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> Index:
    """Twelve documents in several segments, of which two are deleted."""
    monkeypatch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 4)
    made = Index.create(tmp_path / "index", model=encoder)
    for first in range(0, 12, 4):
        made.add([Document(f"d{i}", f"text number {i}", {"even": i % 2 == 0}) for i in range(first, first + 4)])
    made.delete(["d3", "d8"])
    assert made.info().segments > 1
    return made


def test_all_chunks_are_there_once_with_their_own_vectors_and_rows(index: Index, encoder: CountingEncoder) -> None:
    found = sample(index.session())
    texts = list(found.texts())
    assert (len(found), found.total) == (10, 10)
    assert sorted(texts) == sorted(f"text number {i}" for i in range(12) if i not in (3, 8))
    for text, vector, row in zip(texts, found.vectors, found.stored_rows(), strict=True):
        expected = encoder.vector(text)
        np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), atol=1e-6)
        assert row.chunk.text == text
    for i, text in enumerate(texts):
        assert found.chunk(i, 0.5).text == text
        assert found.chunk(i, 0.5).similarity == 0.5


def test_a_sample_has_n_chunks_each_once_and_the_same_for_a_seed(index: Index) -> None:
    drawn = sample(index.session(), points=6, seed=1)
    texts = list(drawn.texts())
    assert (len(texts), len(set(texts)), drawn.total) == (6, 6, 10)
    assert list(sample(index.session(), points=6, seed=1).texts()) == texts
    assert any(list(sample(index.session(), points=6, seed=seed).texts()) != texts for seed in range(2, 6))


def test_every_chunk_is_drawn_for_some_seed(index: Index) -> None:
    drawn = {text for seed in range(40) for text in sample(index.session(), points=2, seed=seed).texts()}
    assert len(drawn) == 10


def test_only_matching_chunks_are_sampled(index: Index) -> None:
    assert sorted(sample(index.session(), "even").texts()) == sorted(f"text number {i}" for i in (0, 2, 4, 6, 10))


def test_a_version_of_the_past_is_sampled_as_it_was(index: Index) -> None:
    before = Index.open(index.path, version=index.info().version - 1)
    assert sample(before.session()).total == 12


@pytest.mark.parametrize(("name", "value"), [("points", 1), ("points", 2.5), ("points", True), ("seed", -1)])
def test_points_and_seeds_out_of_range_are_refused(index: Index, name: str, value: object) -> None:
    with pytest.raises(InvalidOption, match=f"{name} is .*, expected a whole number of at least"):
        sample(index.session(), **{name: value})  # type: ignore[arg-type]


def test_no_chunk_is_one_clear_line(index: Index, tmp_path: Path, encoder: CountingEncoder) -> None:
    with pytest.raises(InvalidDocument, match=r"no chunk matches the condition text = 'x'"):
        sample(index.session(), "text = 'x'")
    with pytest.raises(InvalidDocument, match="empty is empty: index something first"):
        sample(Index.create(tmp_path / "empty", model=encoder).session())
    with pytest.raises(InvalidFilter):
        sample(index.session(), "evn")
