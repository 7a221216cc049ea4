"""`Index.create(None)`: an index in a private folder that goes with the last reference, at close and at exit."""

from __future__ import annotations

import gc
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Index, InvalidOption, ModelNotFound


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_it_is_an_index_like_any_other(encoder: CountingEncoder) -> None:
    index = Index.create(None, model=encoder, keep_text=True)
    index.add(["one text", "another"])
    index.delete(where="text LIKE 'ano%'")
    index.compact()
    assert [hit.text for hit in index.search("text")] == ["one text"]
    assert index.verify().ok
    assert Index.open(index.path, model=encoder).get(next(iter(index)).id)
    with Index.open_or_create(None, model=encoder, refresh=True) as other:
        assert list(other) == []


@pytest.mark.skipif(os.name != "posix", reason="no permissions of POSIX here")
def test_its_folder_is_private(encoder: CountingEncoder) -> None:
    index = Index.create(None, model=encoder)
    assert stat.S_IMODE(index.path.parent.stat().st_mode) == 0o700


def test_it_goes_with_the_block_and_with_the_last_reference(folders: Path, encoder: CountingEncoder) -> None:
    with Index.create(None, model=encoder) as index:
        index.add(["a text"])
        assert index.path.is_dir()
    assert list(folders.iterdir()) == []
    index = Index.create(None, model=encoder)
    index.add(["a text"])
    session = index.session()
    hits = index.search("a text")
    del index
    gc.collect()
    assert list(folders.iterdir()) == []
    assert session.search("a text") == hits  # who reads it still, still can


def test_it_goes_when_creating_fails(folders: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelNotFound):
        Index.create(None, model="no such model")
    with pytest.raises(InvalidOption):
        Index.create(None, model=encoder, wait=-1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vecsearch.storage.store.files.create", full)
    with pytest.raises(OSError, match="No space"):
        Index.create(None, model=encoder)
    assert list(folders.iterdir()) == []


FORK = "import os\nif os.fork() == 0: sys.exit()\nos.wait(); assert index.path.is_dir()"


@pytest.mark.parametrize("end", ["", "raise ValueError", "sys.exit(3)", FORK])
def test_it_goes_when_the_process_ends(folders: Path, end: str) -> None:
    if "fork" in end and not hasattr(os, "fork"):
        pytest.skip("no fork here")
    code = f"""
import sys, tempfile
tempfile.tempdir = {str(folders)!r}
from tests.helpers.counting import CountingEncoder
from vecsearch import Index
index = Index.create(None, model=CountingEncoder())
index.add(["a text"])
assert index.path.is_dir()
{end}
"""
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert run.stderr.count("Error") == ("raise" in end), run.stderr
    assert list(folders.iterdir()) == []


def test_files_are_named_from_the_working_folder(
    tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "work" / "notes" / "a.md", "alpha")
    monkeypatch.chdir(tmp_path / "work")
    index = Index.create(None, model=encoder)
    index.sync("notes")
    assert index.document_ids() == ["notes/a.md"]
    [hit] = index.search("alpha")
    assert hit.source == str(path)
