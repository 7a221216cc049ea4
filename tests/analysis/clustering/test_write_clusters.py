"""Clusters as metadata: a new version that searches, conditions and maps see; nothing is encoded, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vecsearch.analysis.clustering
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.topics import topic_documents, topic_index
from tests.helpers.varied import small_sizes, varied_index
from vecsearch import Document, Index, IndexLocked, InvalidOption
from vecsearch.analysis import find_clusters
from vecsearch.storage.store import Store


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return topic_index(tmp_path / "index", encoder)


def test_every_chunk_says_its_cluster_and_its_words(index: Index, encoder: CountingEncoder) -> None:
    encoded, before = len(encoder.encoded), index.info().version
    found = find_clusters(index, 3, write_to="cluster")
    assert (found.written_to, found.version) == ("cluster", before + 1)
    assert index.info().version == before + 1
    assert len(encoder.encoded) == encoded
    for cluster in found.clusters:
        where = f"cluster = {cluster.number} AND cluster_words = '{cluster.name}'"
        topics = {identifier.split("-")[0] for identifier in index.document_ids(where)}
        assert (index.count(where), len(topics)) == (12, 1)
    [hit] = index.search("cat", 1)
    assert set(hit.metadata) == {"topic", "number", "cluster", "cluster_words"}
    assert index.log()[0].change == {"clustered": 36}
    assert index.verify().ok


@pytest.mark.slow
def test_answers_stay_as_they_were_over_segments_deleted_rows_and_all_types_of_metadata(
    tmp_path: Path, folder: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_sizes(monkeypatch)
    made = varied_index(tmp_path / "varied", folder, encoder)
    queries = np.random.default_rng(3).standard_normal((4, 32)).astype(np.float32)
    before = made.search(queries, 50)
    find_clusters(made, 4, write_to="group")
    after = Index.open(made.path, model=encoder).search(queries, 50)
    for old, new in zip(before, after, strict=True):
        assert [(hit.chunk_id, hit.score, hit.text, hit.source) for hit in new] == [
            (hit.chunk_id, hit.score, hit.text, hit.source) for hit in old
        ]
        for one, other in zip(old, new, strict=True):
            assert other.metadata.pop("group") in (1, 2, 3, 4)
            assert isinstance(other.metadata.pop("group_words"), str)
            assert other.metadata == one.metadata
    assert made.info().deleted == 0
    assert made.verify().ok


def test_documents_that_come_later_have_none_and_those_that_stay_keep_it(index: Index) -> None:
    find_clusters(index, 3, write_to="cluster")
    assert index.add([*topic_documents(), Document("new", "the cat meows")]).unchanged == 36
    assert index.count("cluster IS NULL") == 1
    index.compact()
    assert (index.count("cluster IS NULL"), index.count("cluster IN (1, 2, 3)")) == (1, 36)


def test_chunks_that_a_condition_leaves_out_have_none(index: Index) -> None:
    find_clusters(index, 2, where="topic <> 'stars'", write_to="cluster")
    assert index.count("cluster IS NULL") == index.count("topic = 'stars'") == 12
    assert index.count("cluster IS NULL AND topic = 'stars'") == 12


def test_of_more_chunks_than_a_sample_all_say_their_cluster(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vecsearch.analysis.clustering, "_ROWS_AT_ONCE", 5)
    found = find_clusters(index, 3, points=9, seed=1, write_to="cluster")
    assert found.sampled == 9
    for topic in ("cats", "bread", "stars"):
        assert [index.count(f"topic = '{topic}' AND cluster = {number}") for number in (1, 2, 3)].count(12) == 1


def test_metadata_that_has_the_name_is_replaced_only_when_asked(index: Index) -> None:
    find_clusters(index, 3, write_to="cluster")
    version = index.info().version
    for taken in ("cluster", "topic"):
        with pytest.raises(InvalidOption, match=f"chunks already have metadata under {taken}: write to another name"):
            find_clusters(index, 2, write_to=taken)
    index.add([Document("own", "a text", {"mine_words": "these"})])
    with pytest.raises(InvalidOption, match="under mine_words"):
        find_clusters(index, 2, write_to="mine")
    find_clusters(index, 2, write_to="cluster", overwrite=True)
    assert index.info().version == version + 2
    assert index.count("cluster = 3") == 0


def test_a_name_that_only_deleted_chunks_have_is_free(index: Index) -> None:
    index.add([Document("gone", "a text", {"cluster": "x"})])
    index.delete(["gone"])
    assert find_clusters(index, 3, write_to="cluster").version == index.info().version


def test_what_another_wrote_meanwhile_is_clustered_too(index: Index, encoder: CountingEncoder) -> None:
    Index.open(index.path, model=encoder).add([Document("late", "the cat purrs")])
    assert find_clusters(index, 3, write_to="cluster").chunks == 37
    assert index.count("cluster IS NULL") == 0


def test_a_version_of_the_past_is_not_written_to(index: Index) -> None:
    index.delete(["cats-0"])
    old = Index.open(index.path, version=index.info().version - 1)
    with pytest.raises(InvalidOption, match="was opened at version 2, to read: open it without a version to write"):
        find_clusters(old, 3, write_to="cluster")
    assert find_clusters(old, 3).chunks == 36


def test_while_another_process_writes_nothing_is_written(index: Index) -> None:
    with Store(index.path).locked(), pytest.raises(IndexLocked):
        find_clusters(index, 3, write_to="cluster")


def test_when_the_disk_is_full_the_index_stays_as_it_was(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    before = index.info().version

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vecsearch.storage.store.files.create", full)
    with pytest.raises(OSError, match="No space left"):
        find_clusters(index, 3, write_to="cluster")
    monkeypatch.undo()
    assert index.info().version == before
    assert (index.verify().ok, index.verify().leftovers) == (True, ())
