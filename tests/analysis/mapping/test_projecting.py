"""Places on the map: what lies together stays together, queries lie where their like lies."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.missing import forget, uninstall
from vecsearch import ExtraMissing, InvalidDocument
from vecsearch.analysis.components import principal_components
from vecsearch.analysis.mapping.projecting import Projection, project
from vecsearch.choices import MapMethod
from vecsearch.types import FloatArray

LIBRARIES = {"tsne": "openTSNE", "umap": "umap"}


def groups(k: int = 3, each: int = 25, dim: int = 24) -> FloatArray:
    """Unit vectors in groups that lie apart, one group after the other."""
    rng = np.random.default_rng(0)
    found = np.repeat(np.eye(dim)[:k], each, axis=0) + rng.normal(0, 0.05, (k * each, dim))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def drawn(method: str, vectors: FloatArray, queries: FloatArray | None = None) -> Projection:
    if method in LIBRARIES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)
            pytest.importorskip(LIBRARIES[method], reason="the extra viz: pip install 'vecsearch[viz]'")
    return project(vectors, queries, MapMethod(method), 0)


@pytest.mark.parametrize(
    "method", ["pca", pytest.param("tsne", marks=pytest.mark.slow), pytest.param("umap", marks=pytest.mark.slow)]
)
def test_groups_lie_apart_and_a_query_lies_in_its_own(method: str) -> None:
    vectors = groups()
    found = drawn(method, vectors, np.eye(24, dtype=np.float32)[:3])
    middles = found.positions.reshape(3, 25, 2).mean(axis=1)
    own = np.linalg.norm(found.positions.reshape(3, 25, 2) - middles[:, None], axis=2).max(axis=1)
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=2) + np.eye(3) * 1e9
    assert (own * 1.5 < apart.min(axis=1)).all()
    assert found.queries.shape == (3, 2)
    np.testing.assert_array_equal(
        np.linalg.norm(found.queries[:, None] - middles[None], axis=2).argmin(axis=1), np.arange(3)
    )
    again = project(vectors, None, MapMethod(method), 0)
    np.testing.assert_allclose(again.positions, found.positions)
    assert again.queries.shape == (0, 2)


def test_pca_is_the_first_two_components_and_says_what_share_they_have() -> None:
    vectors = groups()
    components = principal_components(vectors, 2)
    found = project(vectors, vectors[:4], MapMethod.PCA, 0)
    np.testing.assert_allclose(found.positions, components.coordinates(vectors))
    np.testing.assert_allclose(found.queries, found.positions[:4])
    assert found.share == pytest.approx(components.shares.sum())


def test_vectors_of_one_dimension_lie_on_a_line() -> None:
    found = project(np.array([[1], [-1], [1]], np.float32), None, MapMethod.PCA, 0)
    assert found.positions[:, 1].tolist() == [0, 0, 0]
    assert found.positions[0, 0] == found.positions[2, 0] != found.positions[1, 0]


@pytest.mark.slow
@pytest.mark.parametrize("method", LIBRARIES)
def test_a_few_vectors_are_drawn_too(method: str) -> None:
    found = drawn(method, groups(each=2), groups(each=2)[:1])
    assert np.isfinite(found.positions).all()
    assert np.isfinite(found.queries).all()
    assert found.positions.shape == (6, 2)


@pytest.mark.parametrize("method", LIBRARIES)
def test_too_few_vectors_for_neighbours_are_one_clear_line(method: str) -> None:
    with pytest.raises(InvalidDocument, match="needs at least 5 chunks, found 4: draw them with pca"):
        project(groups(k=2, each=2), None, MapMethod(method), 0)


@pytest.mark.parametrize(("method", "package"), [("tsne", "openTSNE"), ("umap", "umap-learn")])
def test_without_its_library_the_command_that_installs_it_is_said(
    method: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(LIBRARIES[method], monkeypatch)
    with pytest.raises(ExtraMissing, match=rf"a map by {method} needs {package}: pip install 'vecsearch\[viz\]'"):
        project(groups(), None, MapMethod(method), 0)


@pytest.mark.parametrize("method", LIBRARIES)
def test_a_module_that_the_library_misses_is_not_taken_for_the_library(
    method: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / f"{LIBRARIES[method]}.py").write_text("import a_module_that_is_nowhere\n")
    forget(LIBRARIES[method], monkeypatch)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_nowhere") as error:
        project(groups(), None, MapMethod(method), 0)
    assert not isinstance(error.value, ExtraMissing)
