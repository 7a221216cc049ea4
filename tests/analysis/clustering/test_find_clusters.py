"""find_clusters: topics found, named, described; samples, conditions, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.topics import TOPICS, topic_documents, topic_index
from vecsearch import Document, Index, InvalidDocument, InvalidFilter, InvalidOption
from vecsearch.analysis import find_clusters


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return topic_index(tmp_path / "index", encoder)


@pytest.mark.parametrize("n", [3, "auto"])
def test_every_topic_is_a_cluster_with_its_words_and_central_chunks(index: Index, n: int | str) -> None:
    found = find_clusters(index, n)
    assert (found.method, found.chunks, found.sampled, found.written_to) == ("kmeans", 36, 36, None)
    assert [cluster.number for cluster in found.clusters] == [1, 2, 3]
    assert [cluster.size for cluster in found.clusters] == [12] * 3
    for cluster in found.clusters:
        [topic] = {chunk.document_id.split("-")[0] for chunk in cluster.central}
        assert set(cluster.words) <= set(TOPICS[topic].split())
        assert cluster.name == ", ".join(cluster.words)
    assert {chunk.document_id.split("-")[0] for cluster in found.clusters for chunk in cluster.central} == set(TOPICS)


def test_cohesion_is_the_mean_cosine_with_the_centre_and_central_chunks_are_the_nearest(
    index: Index, encoder: CountingEncoder
) -> None:
    [cluster] = find_clusters(index, 1).clusters
    vectors = np.stack([encoder.vector(document.text) for document in topic_documents()])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    centre = vectors.sum(axis=0)
    cosines = vectors @ (centre / np.linalg.norm(centre))
    assert cluster.cohesion == pytest.approx(float(cosines.mean()), abs=1e-4)
    assert [chunk.similarity for chunk in cluster.central] == pytest.approx(sorted(cosines.tolist())[:-4:-1], abs=1e-4)


def test_a_chunk_that_is_like_no_other_of_its_cluster_is_an_outlier(index: Index) -> None:
    index.add([Document("odd", "cat quantum entanglement of bosons measured yesterday afternoon in Geneva")])
    found = find_clusters(index, 3)
    assert found.outliers >= 1
    assert found.farthest[0].document_id == "odd"
    similarities = [chunk.similarity for chunk in found.farthest]
    assert similarities == sorted(similarities)
    assert sum(cluster.size for cluster in found.clusters) == 37


def test_the_largest_cluster_comes_first(tmp_path: Path, encoder: CountingEncoder) -> None:
    made = topic_index(tmp_path / "uneven", encoder)
    made.delete([f"cats-{i}" for i in range(8)] + [f"stars-{i}" for i in range(3)])
    assert [cluster.size for cluster in find_clusters(made, 3).clusters] == [12, 9, 4]


def test_only_what_a_condition_is_true_for_is_looked_at(index: Index) -> None:
    found = find_clusters(index, 2, where="topic <> 'bread'")
    assert (found.chunks, [cluster.size for cluster in found.clusters]) == (24, [12, 12])
    assert not any("bread" in cluster.words for cluster in found.clusters)


def test_equal_seeds_find_equal_clusters(index: Index) -> None:
    assert find_clusters(index, 5, seed=2) == find_clusters(index, 5, seed=2)


def test_of_many_chunks_a_sample_is_looked_at(index: Index) -> None:
    found = find_clusters(index, 3, points=20, seed=4)
    assert (found.chunks, found.sampled, found.seed) == (36, 20, 4)
    assert sum(cluster.size for cluster in found.clusters) == 20


def test_one_chunk_is_one_cluster(tmp_path: Path, encoder: CountingEncoder) -> None:
    made = Index.create(tmp_path / "one", model=encoder)
    made.add(["a single text"])
    [cluster] = find_clusters(made).clusters
    assert (cluster.size, cluster.cohesion) == (1, pytest.approx(1))
    assert find_clusters(made, 1).outliers == 0


def test_chunks_that_are_all_equal_are_one_cluster(tmp_path: Path, encoder: CountingEncoder) -> None:
    made = Index.create(tmp_path / "equal", model=encoder)
    made.add([Document(f"d{i}", "the same text") for i in range(9)])
    [cluster] = find_clusters(made).clusters
    assert (cluster.size, cluster.cohesion) == (9, pytest.approx(1))
    with pytest.raises(InvalidOption, match="2 clusters, but 9 chunks have 1 distinct vectors: choose at most 1"):
        find_clusters(made, 2)


def test_opposite_vectors_have_a_cluster_although_their_sum_has_no_direction(
    tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    vector = np.eye(32, dtype=np.float32)[0]
    monkeypatch.setattr(encoder, "vector", lambda text: vector if "up" in text else -vector)
    made = Index.create(tmp_path / "opposite", model=encoder)
    made.add(["up", "down"])
    [cluster] = find_clusters(made, 1).clusters
    assert cluster.cohesion == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n": 37}, "n is 37 clusters, but 36 chunks have 36 distinct vectors: choose at most 36"),
        ({"n": 0}, "n is 0, expected a whole number of at least 1"),
        ({"n": 2.5}, "n is 2.5, expected a whole number of at least 1"),
        ({"n": "many"}, "n is 'many', expected a whole number of clusters, or auto"),
        ({"method": "magic"}, "method is 'magic'; one of: kmeans, hdbscan"),
        ({"n": 3, "method": "hdbscan"}, "n is 3, but hdbscan chooses the number of clusters itself: leave n out"),
        ({"points": 1}, "points is 1, expected a whole number of at least 2"),
        ({"seed": -1}, "seed is -1, expected a whole number of at least 0"),
        ({"write_to": " "}, "write_to is ' ', expected the name of a metadata column, such as cluster"),
        ({"write_to": "text"}, "write_to is 'text', a built-in column: choose another name"),
    ],
)
def test_what_is_wrong_with_an_option_is_said(index: Index, arguments: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidOption) as error:
        find_clusters(index, **arguments)  # type: ignore[arg-type]
    assert str(error.value) == said


def test_no_chunk_and_a_wrong_condition_are_said(index: Index, tmp_path: Path, encoder: CountingEncoder) -> None:
    with pytest.raises(InvalidDocument, match="is empty: index something first"):
        find_clusters(Index.create(tmp_path / "empty", model=encoder))
    with pytest.raises(InvalidFilter):
        find_clusters(index, where="tpoic = 'x'")
