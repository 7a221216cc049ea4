"""Indexes that nobody else may read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    before = os.umask(0o022)
    yield tmp_path / "home"
    os.umask(before)


@pytest.mark.parametrize("place", ["notes.vecsearch", "a/b/.vecsearch", "link/notes"])
def test_cannot_enter_an_index_below_the_home_folder_of_its_owner(home: Path, place: str) -> None:
    (home / "real").mkdir()
    (home / "link").symlink_to(home / "real")
    index = Index.create(home / place, model=CountingEncoder())
    index.add([Document("a", "heron")])
    assert mode_of(home / place) == 0o700


def test_may_enter_an_index_elsewhere_as_its_owner_has_set(home: Path) -> None:
    index = Index.create(home.parent / "shared" / "notes", model=CountingEncoder())
    assert mode_of(index.path) == 0o755
    (home / "mine").mkdir(mode=0o750)
    assert mode_of(Index.create(home / "mine", model=CountingEncoder()).path) == 0o750  # a folder that was there
