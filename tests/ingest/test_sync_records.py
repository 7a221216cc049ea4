"""What `Index.sync` promises for files of records: each row is a document, and rows come, change, move and go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vecsearch.ingest.run
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import touch, write, write_records
from vecsearch import Document, Index, Report


@pytest.fixture(params=["one window", "a window for each document"])
def index(
    tmp_path: Path, encoder: CountingEncoder, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Index:
    """An index, once with many documents in a commit, once with few: what is true must not depend on it."""
    if request.param != "one window":
        monkeypatch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 1)
        monkeypatch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 1)
    return Index.create(tmp_path / "index", model=encoder)


def texts(index: Index) -> dict[str, str]:
    hits = index.search(np.ones(index.info().dim, np.float32), k=10_000)
    assert len(hits) == len(index)
    return {hit.document_id: hit.text for hit in hits}


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.deleted


def test_a_row_is_a_document_with_its_own_id(index: Index, folder: Path) -> None:
    write(folder / "a.jsonl", '{"_id": "x", "title": "Letters", "text": "alpha", "year": 2020}\n')
    write(folder / "b.csv", "id,text,lang\ny,beta,en\n")
    assert counts(index.sync(folder)) == (2, 0, 0, 0)
    found = {hit.document_id: hit for hit in index.search("alpha beta")}
    assert (found["x"].text, found["x"].metadata) == ("Letters alpha", {"title": "Letters", "year": 2020})
    assert (found["y"].metadata, found["y"].source) == ({"lang": "en"}, str(folder / "b.csv"))


def test_rows_are_added_changed_and_removed_one_by_one(index: Index, folder: Path, encoder: CountingEncoder) -> None:
    path = write_records(folder / "a.jsonl", {"x": "alpha", "y": "beta", "z": "gamma"})
    index.sync(folder)
    encoder.encoded.clear()
    write_records(path, {"x": "alpha", "z": "changed", "new": "delta"})
    assert counts(index.sync(folder)) == (1, 1, 1, 1)
    assert sorted(encoder.encoded) == ["changed", "delta"]
    assert texts(index) == {"x": "alpha", "z": "changed", "new": "delta"}
    assert counts(index.sync(folder)) == (0, 0, 3, 0)


def test_a_bad_row_is_named_and_the_rows_that_the_file_had_stay(index: Index, folder: Path) -> None:
    path = write_records(folder / "a.jsonl", {"x": "alpha", "y": "beta"})
    index.sync(folder)
    write_records(path, ['{"id": "x", "text": "changed"}', "{broken", '{"id": "z", "text": "gamma"}'])
    report = index.sync(folder)
    assert [failure.source for failure in report.failed] == [f"{path}:2"]
    assert texts(index) == {"x": "changed", "y": "beta", "z": "gamma"}
    assert index.sync(folder).failed == report.failed
    write_records(path, {"x": "changed", "z": "gamma"})
    assert counts(index.sync(folder)) == (0, 0, 2, 1)


def test_a_file_without_the_fields_fails_and_the_rows_that_it_had_stay(index: Index, folder: Path) -> None:
    path = write_records(folder / "a.jsonl", {"x": "alpha"})
    index.sync(folder)
    write_records(path, ['{"key": "x", "body": "alpha"}'])
    write(folder / "b.md", "beta")
    report = index.sync(folder)
    assert "--id-field" in report.failed[0].reason
    assert set(texts(index)) == {"x", "notes/b.md"}


def test_a_table_found_in_a_folder_is_text_and_one_that_is_named_fails(index: Index, folder: Path) -> None:
    table = write(folder / "prices.csv", "name,price\nbread,3\n")
    for content in ("name,price\nbread,3\n", "name,price\nmilk,2\n"):  # and stays one when it changes
        write(table, content)
        report = index.sync(folder)
        assert (report.failed, report.skipped, list(texts(index))) == ((), (), ["notes/prices.csv"])
    assert texts(index)["notes/prices.csv"] == "name: milk | price: 2"
    for path, options in ((table, {}), (folder, {"text_field": "name"})):
        write(table, "name,price\nsalt,1\n")
        meant = index.sync(path, **options)
        assert ["--id-field" in failure.reason for failure in meant.failed] == [True]
    assert index.sync(folder, id_field="name", text_field="price").added == 1
    assert texts(index) == {"salt": "1"}


def test_a_file_of_one_record_that_loses_its_fields_fails_and_its_record_stays(index: Index, folder: Path) -> None:
    table = write(folder / "a.csv", "id,text\nx,alpha\n")
    index.sync(folder)
    write(table, "name,price\nbread,3\n")
    assert len(index.sync(folder).failed) == 1
    assert texts(index) == {"x": "alpha"}


def test_a_row_without_text_any_more_leaves_the_index(index: Index, folder: Path) -> None:
    path = write_records(folder / "a.jsonl", {"x": "alpha", "y": "beta"})
    index.sync(folder)
    write_records(path, {"x": "alpha", "y": ""})
    report = index.sync(folder)
    assert ([skip.source for skip in report.skipped], report.failed) == ([f"{path}:2"], ())
    assert texts(index) == {"x": "alpha"}


def test_one_id_from_two_files_is_a_failure_that_names_both(index: Index, folder: Path) -> None:
    write_records(folder / "a.jsonl", {"x": "from a"})
    write_records(folder / "b.jsonl", {"x": "from b", "y": "beta"})
    for _ in range(2):  # and stays one until it is mended
        report = index.sync(folder)
        assert len(report.failed) == 1
        assert "notes/a.jsonl" in report.failed[0].reason
        assert "notes/b.jsonl" in report.failed[0].reason
        assert texts(index) == {"x": "from a", "y": "beta"}
    write_records(folder / "b.jsonl", {"z": "from b", "y": "beta"})
    assert index.sync(folder).failed == ()
    assert texts(index) == {"x": "from a", "y": "beta", "z": "from b"}


def test_one_id_twice_in_a_file_is_a_failure(index: Index, folder: Path) -> None:
    write(folder / "a.csv", "id,text\nx,first\ny,other\nx,second\n")
    report = index.sync(folder)
    assert len(report.failed) == 1
    assert texts(index) == {"x": "first", "y": "other"}


def test_files_and_programs_do_not_take_over_ids_from_each_other(index: Index, folder: Path) -> None:
    index.add([Document("x", "from a program")])
    write_records(folder / "a.jsonl", {"x": "from a file", "y": "beta"})
    report = index.sync(folder)
    assert "a program" in report.failed[0].reason
    assert "a.jsonl" in report.failed[0].reason
    assert index.add([Document("y", "from a program")]).failed
    assert texts(index) == {"x": "from a program", "y": "beta"}


@pytest.mark.parametrize(("source", "target"), [("a", "b"), ("b", "a")])
def test_a_row_moved_to_another_file_is_there_once_and_not_encoded(
    index: Index, folder: Path, encoder: CountingEncoder, source: str, target: str
) -> None:
    write_records(folder / f"{source}.jsonl", {"x": "alpha", "y": "beta"})
    write_records(folder / f"{target}.jsonl", {"z": "gamma"})
    index.sync(folder)
    encoder.encoded.clear()
    write_records(folder / f"{source}.jsonl", {"y": "beta"})
    write_records(folder / f"{target}.jsonl", {"z": "gamma", "x": "alpha"})
    report = index.sync(folder)
    assert (report.failed, report.encoded, encoder.encoded) == ((), 0, [])
    assert texts(index) == {"x": "alpha", "y": "beta", "z": "gamma"}
    assert index.info().documents == 3
    assert next(hit for hit in index.search("alpha") if hit.document_id == "x").source == str(
        folder / f"{target}.jsonl"
    )
    assert counts(index.sync(folder)) == (0, 0, 3, 0)


def test_a_renamed_file_of_records_keeps_its_documents_and_costs_no_encoding(
    index: Index, folder: Path, encoder: CountingEncoder
) -> None:
    path = write_records(folder / "a.jsonl", {"x": "alpha", "y": "beta"})
    index.sync(folder)
    encoder.encoded.clear()
    path.rename(folder / "b.jsonl")
    report = index.sync(folder)
    assert (counts(report), report.failed, encoder.encoded) == ((0, 2, 0, 0), (), [])
    assert texts(index) == {"x": "alpha", "y": "beta"}
    assert index.info().documents == 2
    assert {hit.source for hit in index.search("alpha")} == {str(folder / "b.jsonl")}


def test_another_id_field_reads_the_files_again(index: Index, folder: Path) -> None:
    write(folder / "a.csv", "id,key,text,body\nx,k,alpha,beta\n")
    index.sync(folder)
    assert counts(index.sync(folder, id_field="key")) == (1, 0, 0, 1)
    assert texts(index) == {"k": "alpha"}
    assert counts(index.sync(folder, id_field="key", text_field="body")) == (0, 1, 0, 0)
    assert texts(index) == {"k": "beta"}
    assert counts(index.sync(folder, id_field="key", text_field="body")) == (0, 0, 1, 0)
    assert counts(index.sync(folder, id_field="key", text_field="body", title_field="id")) == (0, 1, 0, 0)
    assert texts(index) == {"k": "x beta"}


def test_a_document_deleted_by_hand_comes_back_when_its_file_is_synced(index: Index, folder: Path) -> None:
    path = write_records(folder / "a.jsonl", {"x": "alpha", "y": "beta"})
    index.sync(folder)
    index.delete(["x"])
    assert counts(index.sync(folder)) == (1, 0, 1, 0)
    touch(path)
    assert counts(index.sync(folder)) == (0, 0, 2, 0)


def test_a_file_that_vanished_takes_all_its_rows_along(index: Index, folder: Path) -> None:
    path = write_records(folder / "a.jsonl", {"x": "alpha", "y": "beta"})
    write_records(folder / "b.jsonl", {"z": "gamma"})
    index.sync(folder)
    path.unlink()
    assert counts(index.sync(folder)) == (0, 0, 1, 2)
    assert texts(index) == {"z": "gamma"}


def test_a_record_that_moved_in_its_file_is_unchanged_and_has_its_new_row(
    index: Index, folder: Path, encoder: CountingEncoder
) -> None:
    path = write_records(folder / "a.jsonl", {"x": "alpha", "y": "beta"})
    index.sync(folder)
    encoder.encoded.clear()
    write_records(path, {"new": "gamma", "x": "alpha", "y": "beta"})
    assert counts(index.sync(folder)) == (1, 0, 2, 0)
    assert encoder.encoded == ["gamma"]
    rows = {hit.document_id: (hit.row, hit.line) for hit in index.search("alpha", k=3)}
    assert rows == {"new": (1, 1), "x": (2, 2), "y": (3, 3)}
    assert counts(index.sync(folder)) == (0, 0, 3, 0)
