"""HDBSCAN: dense regions are clusters, and what lies between is in none; the error when there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.missing import forget, uninstall
from tests.helpers.topics import topic_index
from vecsearch import Document, ExtraMissing, Index, InvalidDocument
from vecsearch.analysis import find_clusters

STRAY = [Document(f"stray-{i}", f"alpha{i} beta{i} gamma{i} delta{i}") for i in range(4)]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    """Three topics, and four texts that are like nothing else."""
    made = topic_index(tmp_path / "index", CountingEncoder(dim=256), each=15)
    made.add(STRAY)
    return made


@pytest.fixture
def _library() -> None:
    pytest.importorskip("sklearn", reason="the extra viz: pip install 'vecsearch[viz]'")


@pytest.mark.usefixtures("_library")
def test_dense_regions_are_clusters_and_what_lies_between_is_an_outlier(index: Index) -> None:
    found = find_clusters(index, method="hdbscan")
    assert [cluster.size for cluster in found.clusters] == [15] * 3
    assert {chunk.document_id for chunk in found.farthest} == {document.id for document in STRAY}
    assert found.outliers == 4


@pytest.mark.usefixtures("_library")
def test_outliers_have_no_cluster_in_the_metadata_also_beyond_a_sample(index: Index) -> None:
    find_clusters(index, method="hdbscan", write_to="whole")
    assert index.count("whole IS NULL") == 4
    assert index.count("whole IS NULL AND document_id LIKE 'stray-%'") == 4
    find_clusters(index, method="hdbscan", points=45, write_to="part")
    assert index.count("part IS NULL AND document_id LIKE 'stray-%'") == 4
    for topic in ("cats", "bread", "stars"):
        assert max(index.count(f"topic = '{topic}' AND part = {number}") for number in (1, 2, 3)) > 10


@pytest.mark.usefixtures("_library")
def test_where_nothing_is_dense_that_is_said(tmp_path: Path, encoder: CountingEncoder) -> None:
    made = Index.create(tmp_path / "sparse", model=encoder)
    made.add([f"alpha{i} beta{i}" for i in range(30)])
    with pytest.raises(InvalidDocument, match="hdbscan finds no 10 of the 30 chunks close together: use kmeans"):
        find_clusters(made, method="hdbscan")


@pytest.mark.usefixtures("_library")
@pytest.mark.parametrize("n", [1, 2])
def test_a_few_chunks_are_no_dense_place(tmp_path: Path, encoder: CountingEncoder, n: int) -> None:
    made = Index.create(tmp_path / "few", model=encoder)
    made.add([f"text {i}" for i in range(n)])
    with pytest.raises(InvalidDocument, match="close together"):
        find_clusters(made, method="hdbscan")


@pytest.mark.usefixtures("_library")
def test_no_more_are_looked_at_than_it_takes_in_bearable_time(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vecsearch.analysis.clustering.MOST_BY_DENSITY", 40)
    assert find_clusters(index, method="hdbscan").sampled == 40
    assert find_clusters(index, 3).sampled == 49


def test_without_the_library_the_command_that_installs_it_is_said(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall("sklearn", monkeypatch)
    with pytest.raises(ExtraMissing, match=r"with hdbscan needs scikit-learn: pip install 'vecsearch\[viz\]'"):
        find_clusters(index, method="hdbscan")


def test_an_error_inside_the_library_is_not_taken_for_its_absence(
    index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn" / "__init__.py").write_text("import a_module_that_is_nowhere\n")
    forget("sklearn", monkeypatch)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="a_module_that_is_nowhere") as error:
        find_clusters(index, method="hdbscan")
    assert not isinstance(error.value, ExtraMissing)
