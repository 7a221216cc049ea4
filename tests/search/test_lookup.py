"""What a name stands for: an id, or the path of a file in any way that a command shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write, write_records
from vecsearch import Document, Index, InvalidQuery


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    """An index beside a folder with two files, of which one holds two records."""
    write(tmp_path / "notes" / "sub" / "s.md", "# One\n\nalpha\n")
    write_records(tmp_path / "notes" / "rows.jsonl", {"r1": "beta", "r2": "gamma"})
    index = Index.create(tmp_path / "index", model=encoder)
    index.sync(tmp_path / "notes")
    index.add([Document("added by a program", "delta")])
    return index


def named(index: Index, *names: str) -> list[list[str]]:
    return index.session().ids_named(names)


@pytest.mark.parametrize("folder", ["", "notes", "notes/sub"])
def test_a_path_is_understood_from_any_folder(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(tmp_path / folder)
    up = "../" * len(Path(folder).parts)
    file = "notes/sub/s.md"
    spellings = [file, f"{up}{file}", f"./{up}{file}", str(tmp_path / file), f"{up}notes/./sub/../sub/s.md"]
    assert named(index, *spellings) == [[file]] * len(spellings)
    assert named(index, "r1", f"{up}notes/rows.jsonl", f"{up}notes/rows.jsonl:2", "added by a program") == [
        ["r1"],
        ["r1", "r2"],
        ["r2"],
        ["added by a program"],
    ]
    assert named(index, "absent", f"{up}notes/absent.md", "", "\0", "\udcff", f"{up}{file}:3") == [[]] * 6
    for name in (f"{up}{file}:2", f"{up}{file}#0"):
        assert index.show(name).chunk.document_id == file
    assert index.search(like=f"{up}notes/rows.jsonl:1", k=1)[0].document_id != "r1"


def test_a_path_through_a_link_is_the_file(index: Index, tmp_path: Path) -> None:
    try:
        (tmp_path / "link").symlink_to(tmp_path / "notes", target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    assert named(index, str(tmp_path / "link" / "sub" / "s.md")) == [["notes/sub/s.md"]]


def test_a_name_that_means_two_documents_is_refused(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "s.md", "alpha")
    index.sync(tmp_path / "s.md")
    assert named(index, str(tmp_path / "s.md")) == [["s.md"]]
    monkeypatch.chdir(tmp_path / "notes" / "sub")
    with pytest.raises(InvalidQuery, match=r"the path of one document and the id of another: write .*sub.*s\.md"):
        named(index, "s.md")
    assert named(index, "./s.md", "../../s.md") == [["notes/sub/s.md"], ["s.md"]]


def test_a_file_of_several_records_is_no_passage(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidQuery, match=r"rows\.jsonl holds 2 documents: name one by its id"):
        index.show("notes/rows.jsonl#0")
    assert index.show("notes/rows.jsonl:2").chunk.text == "gamma"
