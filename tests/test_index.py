"""The story end to end: an index is made, filled, asked, changed by turns, and opened again, also by others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import content_of, write
from vecsearch import (
    Document,
    Index,
    IndexExists,
    IndexLocked,
    IndexNotFound,
    InvalidOption,
    ModelMismatch,
    ModelNotFound,
    VecsearchError,
)


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return Index.create(tmp_path / "index", model=encoder)


def ids(index: Index) -> list[str]:
    return sorted(hit.document_id for hit in index.search(np.ones(index.info().dim, np.float32), k=1000))


def test_an_index_is_made_filled_asked_changed_and_opened_again(
    tmp_path: Path, folder: Path, encoder: CountingEncoder
) -> None:
    write(folder / "cats.md", "# Cats\n\ncats purr when they sleep\n")
    write(folder / "dogs.md", "# Dogs\n\ndogs bark at the moon\n")
    index = Index.create(tmp_path / "index", model=encoder)
    assert index.sync(folder).added == 2
    assert index.search("what does bark at the moon", k=1)[0].document_id == "notes/dogs.md"
    index.add([Document("birds", "birds sing at dawn", {"legs": 2})])
    assert index.search("who does sing at dawn", k=1)[0].metadata == {"legs": 2}
    (folder / "dogs.md").unlink()
    write(folder / "cats.md", "# Cats\n\ncats also meow\n")
    report = index.sync(folder)
    assert (report.updated, report.deleted) == (1, 1)
    assert index.delete(["birds"]) == 1
    reopened = Index.open(tmp_path / "index", model=CountingEncoder())
    assert [hit.text for hit in reopened.search("cats")] == ["# Cats\n\ncats also meow"]
    assert repr(reopened) == f"<Index {str(tmp_path / 'index')!r}: 1 documents, 1 chunks>"


def test_creating_an_index_where_there_is_one_is_refused_and_changes_nothing(
    index: Index, encoder: CountingEncoder
) -> None:
    index.add(["something"])
    before = content_of(index.path)
    with pytest.raises(IndexExists, match="index"):
        Index.create(index.path, model=encoder)
    assert content_of(index.path) == before


def test_creating_an_index_in_a_folder_of_other_files_is_refused(folder: Path, encoder: CountingEncoder) -> None:
    write(folder / "precious.txt", "keep me")
    with pytest.raises(InvalidOption, match="for the index alone"):
        Index.create(folder, model=encoder)
    with pytest.raises(InvalidOption, match="file"):
        Index.create(folder / "precious.txt", model=encoder)
    assert content_of(folder) == {"precious.txt": b"keep me"}


@pytest.mark.parametrize("options", [{"chunk_tokens": 65}, {"chunk_tokens": 0}, {"overlap": 40}, {"metric": "euclid"}])
def test_an_index_that_cannot_be_is_refused_and_nothing_is_made(
    tmp_path: Path, encoder: CountingEncoder, options: dict[str, object]
) -> None:
    with pytest.raises(InvalidOption):
        Index.create(tmp_path / "new", model=encoder, **options)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


def test_opening_what_is_no_index_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound, match=r"vecsearch index FOLDER -i .*nowhere"):
        Index.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_model_that_is_nowhere_is_an_error_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)  # no network in tests
    with pytest.raises(ModelNotFound, match="no-such-model"):
        Index.create(tmp_path / "new", model="no-such-model")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("other", [CountingEncoder("another"), CountingEncoder(dim=16)], ids=["model", "dimension"])
def test_the_wrong_model_is_refused_and_both_are_named(index: Index, other: CountingEncoder) -> None:
    index.add(["text"])
    with pytest.raises(ModelMismatch, match=f"counting.*not of {other.name}") as caught:
        Index.open(index.path, model=other)
    assert other.fingerprint[:12] in str(caught.value)


def test_an_index_opens_and_counts_without_its_model(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    index.add(["text"])
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    opened = Index.open(index.path)
    assert (len(opened), opened.info().model) == (1, "counting")
    assert len(opened.search(np.ones(32, np.float32))) == 1
    assert opened.delete(["absent"]) == 0
    with pytest.raises(ModelNotFound, match="counting"):
        opened.search("a text needs the model")


def test_a_reader_keeps_its_snapshot_until_it_asks_for_a_newer_one(index: Index, encoder: CountingEncoder) -> None:
    index.add([Document("a", "alpha"), Document("b", "beta")])
    reader = Index.open(index.path, model=encoder)
    before = reader.search("alpha beta")
    for i in range(5):  # more commits than are kept
        index.add([Document("c", f"gamma {i}")])
    index.delete(["a", "b"])
    assert reader.search("alpha beta") == before
    assert (len(reader), ids(reader)) == (2, ["a", "b"])
    reader.refresh()
    assert (len(reader), ids(reader)) == (1, ["c"])


def test_two_writers_by_turns_see_what_the_other_wrote(index: Index, encoder: CountingEncoder) -> None:
    other = Index.open(index.path, model=encoder)
    index.add([Document("a", "alpha")])
    other.add([Document("b", "beta")])
    index.add([Document("a", "alpha 2"), Document("c", "gamma")])
    assert other.delete(["a"]) == 1
    assert index.add([Document("b", "beta")]).unchanged == 1
    for writer in (index, other):
        writer.refresh()
        assert ids(writer) == ["b", "c"]
        assert writer.info().documents == 2


HOLDER = """
import sys
from pathlib import Path
from vecsearch.storage.store import Store
with Store(Path(sys.argv[1])).locked():
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_while_another_process_writes_a_write_is_refused_and_reads_go_on(
    index: Index, folder: Path, encoder: CountingEncoder
) -> None:
    index.add([Document("a", "alpha")])
    write(folder / "b.md", "beta")
    command = [sys.executable, "-c", HOLDER, str(index.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stdout.readline() == "locked\n"
        for attempt in (
            lambda: index.add(["b"], wait=0),
            lambda: index.delete(["a"], wait=0.01),
            lambda: index.sync(folder, wait=0),
        ):
            with pytest.raises(IndexLocked, match=f"process {holder.pid}"):
                attempt()
        assert ids(Index.open(index.path, model=encoder)) == ["a"]
        assert index.sync(folder, dry_run=True).added == 1
        holder.kill()
    index.sync(folder)  # the lock of a killed process is free
    assert ids(index) == ["a", "notes/b.md"]


def test_a_write_that_is_refused_frees_the_lock(index: Index, folder: Path) -> None:
    with pytest.raises(VecsearchError):
        index.sync(folder / "absent")
    with pytest.raises(VecsearchError):
        index.add([5])  # type: ignore[list-item]
    assert index.add(["fine"]).added == 1


def test_an_index_can_be_called_by_a_path_relative_to_the_working_folder(
    tmp_path: Path, folder: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "a.md", "alpha")
    monkeypatch.chdir(tmp_path)
    index = Index.create("here", model=encoder)
    index.sync("notes")
    assert index.search("alpha")[0].source == str(folder / "a.md")
    monkeypatch.chdir(folder)
    assert Index.open("../here", model=encoder).sync(".").unchanged == 1


def test_nothing_but_named_files_stays_in_an_index(index: Index) -> None:
    for i in range(12):
        index.add([Document("a", f"text {i}"), Document(f"b{i}", "other")])
        index.delete([f"b{i - 1}"])
    names = {path.split("/")[0] for path in content_of(index.path)}
    assert names <= {"manifests", "segments", "tombstones", "sources", "writer.lock"}
    assert len(list((index.path / "manifests").iterdir())) == 3
    assert len(list((index.path / "segments").iterdir())) <= index.info().segments + 2


@pytest.mark.slow
def test_many_small_commits_leave_few_segments(index: Index) -> None:
    for i in range(150):
        index.add([Document(str(i), f"text {i}")])
        index.delete([str(i - 5)] if i % 2 else [])
    assert (len(index), index.info().segments <= 10) == (150 - 73, True)
    assert index.info().deleted <= len(index)
    assert ids(index) == sorted(str(i) for i in range(150) if i % 2 or i > 144)
    assert len(list((index.path / "segments").iterdir())) <= 2 * 10
