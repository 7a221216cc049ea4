"""Export and import: the same answers from the file, and a file that other tools read."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.failing import Failing
from tests.helpers.varied import METADATA, QUERIES, small_sizes, varied_index
from tests.helpers.writing import content_of, write
from vecsearch import Document, Hit, Index, IndexExists, InvalidDocument, PathNotFound


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of an index and of the notes that are in it, which nobody changes."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "notes").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(folder / "cache"))
        small_sizes(patch)
        varied_index(folder / "index", folder / "notes", CountingEncoder())
    return folder


@pytest.fixture
def index(built: Path, tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> Index:
    """A copy of the index, beside a copy of the notes."""
    small_sizes(monkeypatch)
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return Index.open(tmp_path / "index", model=encoder)


@pytest.fixture
def exported(index: Index, tmp_path: Path) -> Path:
    index.export(tmp_path / "index.parquet")
    return tmp_path / "index.parquet"


def answers(index: Index) -> list[list[Hit]]:
    """All hits of all queries by both metrics, with every field."""
    return [hits for metric in ("cosine", "dot") for hits in index.search(QUERIES, k=1000, metric=metric)]


def test_an_index_made_of_an_export_gives_the_same_answers_in_every_field(
    index: Index, exported: Path, tmp_path: Path, encoder: CountingEncoder
) -> None:
    imported = Index.from_export(exported, tmp_path / "imported")
    assert answers(imported) == answers(index)
    assert len(imported) == len(index) > 50
    metadata = {hit.document_id: hit.metadata for hit in imported.search(QUERIES[0], k=1000)}
    assert metadata["d2"] == METADATA[2]
    assert metadata["d3"] == METADATA[3]
    assert {hit.heading for hit in imported.search(QUERIES[0], k=1000)} >= {"Cats > Sounds", "Cats > Food"}
    asked = [Index.open(path, model=encoder).search("cats eat fish", k=20) for path in (index.path, imported.path)]
    assert asked[0] == asked[1]
    ours, theirs = index.info(), imported.info()
    for name in ("model", "fingerprint", "dim", "metric", "chunk_tokens", "overlap", "documents", "chunks"):
        assert getattr(ours, name) == getattr(theirs, name)


def test_an_imported_index_is_whole_and_its_documents_cross_no_segment(exported: Path, tmp_path: Path) -> None:
    imported = Index.from_export(exported, tmp_path / "imported", keep_versions=9)
    assert imported.verify().ok
    info = imported.info()
    assert (info.segments > 2, info.deleted, info.version) == (True, 0, 1)
    assert imported.log()[0].change == {"added": info.documents, "updated": 0, "deleted": 0}
    homes: dict[str, set[str]] = {}
    for part in imported.session().parts:
        for name in part.segment.table.column("document_id").to_pylist():
            homes.setdefault(name, set()).add(part.segment.entry.id)
    assert len(homes) == info.documents
    assert all(len(home) == 1 for home in homes.values())


def test_an_imported_index_is_written_to_and_knows_its_files(
    exported: Path, tmp_path: Path, encoder: CountingEncoder
) -> None:
    Index.from_export(exported, tmp_path / "imported")
    imported = Index.open(tmp_path / "imported", model=encoder)
    encoder.encoded.clear()
    report = imported.sync(tmp_path / "notes")
    assert (report.unchanged, report.added, report.encoded, encoder.encoded) == (1, 0, 0, [])
    assert imported.add([Document("d0", "word0x0 more0", METADATA[0], source="https://example.org/0")]).unchanged == 1
    assert imported.add([Document("d0", "another text")]).updated == 1
    assert imported.delete(["d2"]) == 1
    assert imported.verify().ok


@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_the_metric_goes_along(tmp_path: Path, encoder: CountingEncoder, metric: str) -> None:
    index = Index.create(tmp_path / "index", model=encoder, metric=metric)
    index.add(["a cat", "a dog and a cat and a bird"])
    index.export(tmp_path / "file")
    imported = Index.from_export(tmp_path / "file", tmp_path / "imported")
    assert imported.info().metric == metric
    assert imported.search(QUERIES[0]) == index.search(QUERIES[0])


def test_an_export_of_an_import_is_the_same_file(exported: Path, tmp_path: Path) -> None:
    Index.from_export(exported, tmp_path / "imported").export(tmp_path / "again.parquet")
    first, second = pq.read_table(exported), pq.read_table(tmp_path / "again.parquet")
    assert first.equals(second, check_metadata=True)


def test_a_version_of_the_past_is_exported_as_it_was(index: Index, tmp_path: Path) -> None:
    index.tag("good")
    held = len(index)
    index.delete(["d0", "d2"])
    assert Index.open(index.path, version="good").export(tmp_path / "past.parquet") == held > len(index)
    assert Index.from_export(tmp_path / "past.parquet", tmp_path / "imported").search(QUERIES[0], k=1)


def test_what_is_deleted_is_not_in_the_file(index: Index, exported: Path) -> None:
    table = pq.read_table(exported)
    assert table.num_rows == index.export(exported) == len(index)
    assert not {"d1", "d8", "d14"} & set(table.column("document_id").to_pylist())


def test_the_file_has_the_columns_of_chunks_the_metadata_and_unit_vectors(index: Index, exported: Path) -> None:
    table = pq.read_table(exported)
    own = index.session().parts[0].segment.table.column_names[:13]
    assert table.column_names[:13] == own
    assert table.column_names[-1] == "vector"
    assert set(table.column_names[13:-1]) == {
        f"metadata.{key}" for row in [*METADATA, {"type": "", "name": "", "size": 0, "modified": 0}] for key in row
    }
    vectors = np.array(table.column("vector").to_pylist())
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    raw = vectors * table.column("norm").to_numpy()[:, None]
    texts = table.column("text").to_pylist()
    wanted = [CountingEncoder().vector(text) for text in texts]
    plain = [i for i, text in enumerate(texts) if "#" not in text]
    np.testing.assert_allclose(raw[plain], np.array(wanted)[plain], atol=1e-5)


def test_the_file_is_written_and_read_in_small_groups_of_rows(exported: Path) -> None:
    description = pq.ParquetFile(exported).metadata
    assert description.num_row_groups > 10
    assert max(description.row_group(i).num_rows for i in range(description.num_row_groups)) <= 3


def test_duckdb_reads_the_file_and_computes_with_its_vectors(index: Index, exported: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    query = QUERIES[0] / np.linalg.norm(QUERIES[0])
    rows = duckdb.sql(
        "SELECT document_id || '#' || ordinal, list_dot_product(vector::FLOAT[], $query::FLOAT[]) AS score "
        f"FROM read_parquet('{exported.as_posix()}') ORDER BY score DESC LIMIT 10",
        params={"query": query.tolist()},
    ).fetchall()
    hits = index.search(QUERIES[0], k=10)
    assert [row[0] for row in rows] == [hit.chunk_id for hit in hits]
    np.testing.assert_allclose([row[1] for row in rows], [hit.score for hit in hits], atol=1e-5)


def test_pandas_reads_the_file_and_stacks_its_vectors(index: Index, exported: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(exported)
    scores = np.stack(frame["vector"]) @ (QUERIES[0] / np.linalg.norm(QUERIES[0]))
    best = frame.iloc[int(np.argmax(scores))]
    hit = index.search(QUERIES[0], k=1)[0]
    assert (best["document_id"], best["ordinal"], best["text"]) == (
        hit.document_id,
        int(hit.chunk_id.split("#")[1]),
        hit.text,
    )


def test_an_empty_index_has_nothing_to_export_and_the_file_that_is_there_stays(
    tmp_path: Path, encoder: CountingEncoder
) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    target = write(tmp_path / "out" / "file.parquet", "something")
    with pytest.raises(InvalidDocument, match="the index is empty"):
        index.export(target)
    index.add([Document("a", "text")])
    index.delete(["a"])
    with pytest.raises(InvalidDocument, match="the index is empty"):
        index.export(target)
    assert content_of(target.parent) == {"file.parquet": b"something"}


@pytest.mark.slow
def test_a_file_that_is_there_is_replaced_or_stays_as_it_is_whichever_operation_fails(
    index: Index, tmp_path: Path
) -> None:
    target = write(tmp_path / "out" / "file.parquet", "something")
    for number in count():
        with Failing(number).installed() as failing:
            try:
                index.export(target)
            except OSError:
                assert failing.failed
        if failing.failed is None:
            break
        assert list(content_of(target.parent)) == ["file.parquet"]
        assert target.read_bytes() == b"something" or pq.read_metadata(target).num_rows == len(index)
    assert number > 2
    assert pq.read_table(target).num_rows == len(index)


@pytest.mark.parametrize("name", ["", "no/such/folder/file.parquet"])
def test_a_place_where_no_file_can_be_is_said(index: Index, tmp_path: Path, name: str) -> None:
    with pytest.raises(PathNotFound, match="cannot be written: name a file"):
        index.export(tmp_path / name)


def test_an_index_that_is_there_is_not_imported_over(index: Index, exported: Path, tmp_path: Path) -> None:
    before = content_of(index.path)
    with pytest.raises(IndexExists):
        Index.from_export(exported, index.path)
    assert content_of(index.path) == before
    write(tmp_path / "other" / "notes.txt", "mine")
    with pytest.raises(ValueError, match="holds other files"):
        Index.from_export(exported, tmp_path / "other")
    assert content_of(tmp_path / "other") == {"notes.txt": b"mine"}
