"""What the index knows of a file besides its text: what its loader read, what its folder says, what the user says."""

from __future__ import annotations

import os
import zipfile
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import touch, write, write_records
from vecsearch import Document, Index, InvalidOption, Report


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return Index.create(tmp_path / "index", model=encoder)


def metadata(index: Index) -> dict[str, dict[str, Any]]:
    """The metadata of each document."""
    hits = index.search(np.ones(index.info().dim, np.float32), k=10_000)
    return {hit.document_id: hit.metadata for hit in hits}


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.deleted


def test_a_file_has_its_name_type_size_and_time(index: Index, folder: Path) -> None:
    path = write(folder / "deep" / "a.md", "alpha")
    index.sync(folder)
    seconds, rest = divmod(path.stat().st_mtime_ns, 1_000_000_000)
    modified = datetime.fromtimestamp(seconds, timezone.utc) + timedelta(microseconds=rest // 1_000)
    assert metadata(index) == {"notes/deep/a.md": {"name": "a.md", "type": "markdown", "size": 5, "modified": modified}}


def test_files_are_found_by_their_metadata(index: Index, folder: Path) -> None:
    write(folder / "a.md", "alpha")
    os.utime(folder / "a.md", (1_700_000_000.25, 1_700_000_000.25))  # November 2023
    write(folder / "b.txt", "beta gamma")
    index.sync(folder)
    for where, found in {
        "name = 'a.md'": ["notes/a.md"],
        "size > 5": ["notes/b.txt"],
        "type = 'markdown'": ["notes/a.md"],
        "modified >= DATE '2023-11-01'": ["notes/a.md"],
        "modified < TIMESTAMP '2023-11-14 22:13:20'": ["notes/b.txt"],
    }.items():
        assert index.document_ids(where) == found, where


def test_a_touched_file_is_neither_encoded_nor_rewritten_and_keeps_the_time_of_its_content(
    index: Index, folder: Path, encoder: CountingEncoder
) -> None:
    path = write(folder / "a.md", "alpha")
    index.sync(folder)
    before, segments = metadata(index), sorted((index.path / "segments").rglob("*"))
    touch(path)
    encoder.encoded.clear()
    assert counts(index.sync(folder)) == (0, 0, 1, 0)
    assert (encoder.encoded, metadata(index)) == ([], before)
    assert sorted((index.path / "segments").rglob("*")) == segments
    write(path, "beta")
    index.sync(folder)
    known = metadata(index)["notes/a.md"]
    assert known["size"] == 4
    assert known["modified"] > before["notes/a.md"]["modified"]


def test_metadata_in_a_file_wins_over_metadata_of_the_file(index: Index, folder: Path) -> None:
    write(folder / "a.md", "---\nname: Ada\nsize: 7\n---\nalpha\n")
    index.sync(folder)
    known = metadata(index)["notes/a.md"]
    assert (known["name"], known["size"], "modified" in known) == ("Ada", 7, True)


def test_records_keep_their_own_fields_and_get_no_others(index: Index, folder: Path) -> None:
    write(folder / "a.jsonl", '{"id": "x", "text": "alpha", "size": "large"}\n')
    index.sync(folder)
    assert metadata(index) == {"x": {"size": "large"}}


def test_a_file_in_an_archive_has_its_own_name(index: Index, folder: Path) -> None:
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("inner/a.md", "alpha")
    index.sync(folder)
    assert metadata(index) == {"notes/all.zip!inner/a.md": {"name": "a.md", "type": "markdown"}}


def test_a_time_beyond_the_year_9999_is_left_out(index: Index, folder: Path) -> None:
    path = write(folder / "a.md", "alpha")
    try:
        os.utime(path, ns=(0, 300_000_000_000 * 1_000_000_000))  # the year 11476
        far = path.stat().st_mtime_ns > 253_402_300_800 * 1_000_000_000
    except (OSError, OverflowError):
        far = False
    index.sync(folder)
    assert ("modified" in metadata(index)["notes/a.md"]) is not far


def test_metadata_given_to_sync_wins_in_every_document(index: Index, folder: Path) -> None:
    write(folder / "a.md", "---\nteam: birds\n---\nalpha\n")
    write_records(folder / "b.jsonl", ['{"id": "x", "text": "beta", "team": "fish", "year": 2020}'])
    index.sync(folder, metadata={"team": "cats", "day": date(2024, 5, 31), "score": 0.5, "open": True})
    given = {"team": "cats", "day": date(2024, 5, 31), "score": 0.5, "open": True}
    assert metadata(index)["x"] == {**given, "year": 2020}
    assert given.items() <= metadata(index)["notes/a.md"].items()
    assert index.document_ids("team = 'cats' AND day > DATE '2024-01-01' AND open AND score < 1") == ["notes/a.md", "x"]


def test_other_metadata_is_written_without_encoding_anything(
    index: Index, folder: Path, encoder: CountingEncoder
) -> None:
    write(folder / "a.md", "alpha")
    index.sync(folder, metadata={"team": "cats"})
    encoder.encoded.clear()
    assert counts(index.sync(folder, metadata={"team": "cats"})) == (0, 0, 1, 0)
    assert counts(index.sync(folder, metadata={"team": "dogs"})) == (0, 1, 0, 0)
    assert metadata(index)["notes/a.md"]["team"] == "dogs"
    assert counts(index.sync(folder)) == (0, 1, 0, 0)
    assert "team" not in metadata(index)["notes/a.md"]
    assert encoder.encoded == []


def test_documents_of_programs_and_other_folders_do_not_get_it(index: Index, folder: Path, tmp_path: Path) -> None:
    index.add([Document("added", "gamma", {"lang": "en"})])
    write(tmp_path / "other" / "b.md", "beta")
    index.sync(tmp_path / "other")
    write(folder / "a.md", "alpha")
    index.sync(folder, metadata={"team": "cats"})
    assert [identifier for identifier, known in metadata(index).items() if "team" in known] == ["notes/a.md"]


@pytest.mark.parametrize(
    ("given", "words"),
    [({"a": object()}, "'a' is object"), ({1: "x"}, "key 1 is int"), (["a"], "list, expected a dict")],
)
def test_metadata_that_cannot_be_stored_is_refused_before_anything_is_read(
    index: Index, folder: Path, given: Any, words: str
) -> None:
    write(folder / "a.md", "alpha")
    with pytest.raises(InvalidOption, match=words):
        index.sync(folder, metadata=given)
    assert len(index) == 0
