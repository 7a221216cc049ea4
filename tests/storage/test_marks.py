"""An index named .vecsearch keeps itself out of Git and of backups; whatever else has these names is the user's."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Index, InvalidOption

MARKS = [".gitignore", "CACHEDIR.TAG"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_does_not_see_an_index_beside_the_files(folder: Path, encoder: CountingEncoder) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    write(folder / "a.md", "cats purr")
    Index.create(folder / ".vecsearch", model=encoder).sync(folder)
    status = subprocess.run(["git", "-C", str(folder), "status", "--short", "-uall"], capture_output=True, check=True)
    assert status.stdout.decode() == "?? a.md\n"


@pytest.mark.skipif(shutil.which("tar") is None, reason="tar is not installed")
def test_a_backup_leaves_out_what_can_be_made_again(folder: Path, encoder: CountingEncoder) -> None:
    write(folder / "a.md", "cats purr")
    Index.create(folder / ".vecsearch", model=encoder).sync(folder)
    tar = ["tar", "-C", str(folder), "--exclude-caches-all", "-cf", "-", "."]
    made = subprocess.run(tar, capture_output=True, check=False)
    if b"unrecognized option" in made.stderr or b"not supported" in made.stderr:
        pytest.skip("only GNU tar knows cache folders")
    assert b"a.md" in made.stdout
    assert b"manifests" not in made.stdout


def test_they_are_part_of_the_index_and_go_with_it(folder: Path, encoder: CountingEncoder) -> None:
    index = Index.create(folder / ".vecsearch", model=encoder)
    assert sorted(path.name for path in index.path.iterdir() if path.is_file() and path.name != "writer.lock") == MARKS
    index.sync(write(folder / "a.md", "cats purr").parent)
    verification = index.verify()
    assert (verification.ok, verification.foreign, verification.leftovers) == (True, (), ())
    kept = Index.create(folder / "sub" / ".vecsearch", model=encoder)
    assert kept.discard_if_empty()
    assert not kept.path.exists()


def test_an_index_with_a_name_of_its_own_has_none(folder: Path, encoder: CountingEncoder) -> None:
    index = Index.create(folder / "notes.vecsearch", model=encoder)
    assert not any((index.path / name).exists() for name in MARKS)


@pytest.mark.parametrize("name", MARKS)
def test_what_a_killed_process_left_of_them_is_no_obstacle(folder: Path, encoder: CountingEncoder, name: str) -> None:
    Index.create(folder / ".vecsearch", model=encoder)
    whole = (folder / ".vecsearch" / name).read_bytes()
    shutil.rmtree(folder / ".vecsearch")
    (folder / ".vecsearch").mkdir()
    (folder / ".vecsearch" / name).write_bytes(whole[:20])
    Index.create(folder / ".vecsearch", model=encoder)


@pytest.mark.parametrize("name", MARKS)
def test_a_file_of_the_user_stays(folder: Path, encoder: CountingEncoder, name: str) -> None:
    index = Index.create(folder / ".vecsearch", model=encoder)
    (index.path / name).write_text("!*\n")
    assert index.verify().foreign == ()
    assert index.discard_if_empty()
    assert (index.path / name).read_text() == "!*\n"
    with pytest.raises(InvalidOption, match="holds other files"):
        Index.create(folder / ".vecsearch", model=encoder)
