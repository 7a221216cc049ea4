"""Repair makes anew what can be, says what cannot, and changes nothing else; a damaged version can be left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.damage import FORMAT_3, FORMAT_9, cut, damaged_files, files_of, flip, make_versions
from tests.helpers.states import answers, state_of
from tests.helpers.writing import content_of
from vecsearch import Document, Index, VecsearchError, restore_version, verify_index


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        return make_versions(tmp_path_factory.mktemp("made"))


@pytest.fixture
def index(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "index"))


DERIVED = ("rows.arrow", "postings.bin")


def derived_files(index: Path) -> list[str]:
    return [name for name in files_of(index) if name.endswith(DERIVED)]


@pytest.mark.parametrize("kinds", [("rows.arrow",), ("postings.bin",), DERIVED], ids=" and ".join)
def test_repair_makes_what_is_derived_anew_byte_for_byte_in_all_versions_and_changes_nothing_else(
    index: Path, kinds: tuple[str, ...]
) -> None:
    before, held = content_of(index), state_of(index)
    reader = Index.open(index)
    broken = [name for name in derived_files(index) if name.endswith(kinds)]
    for number, name in enumerate(broken):
        [flip, cut, Path.unlink][number % 3](index / name, *([99] if number % 3 == 0 else []))  # type: ignore[operator]
    assert damaged_files(index) == broken
    found = reader.verify(repair=True)
    assert found.ok
    assert sorted(found.repaired) == broken
    assert content_of(index) == before
    assert state_of(index) == held
    assert answers(reader) == held[0]


def test_repair_drops_a_damaged_table_of_files_and_the_next_sync_encodes_nothing(index: Path) -> None:
    opened = Index.open(index, model=CountingEncoder())
    opened.keep_versions(1)
    [table] = (index / "sources").glob("*") if len(list((index / "sources").iterdir())) == 1 else _current_table(opened)
    before = answers(opened)
    flip(table, 77)
    found = verify_index(index, repair=True)
    assert found.repaired == (f"sources/{table.name}",)
    assert Index.open(index).info().files == 0
    assert answers(Index.open(index)) == before
    remaining = [problem.file for problem in found.problems]
    assert remaining in ([], [f"sources/{table.name}"]), "an older version that has a tag names it still"


def _current_table(index: Index) -> list[Path]:
    entry = index._store.manifest().sources
    assert entry
    return [index.path / "sources" / entry.id]


@pytest.mark.parametrize("derived", DERIVED)
@pytest.mark.parametrize("name", ["chunks.parquet", "vectors.faiss"])
def test_repair_says_what_it_cannot_make_anew_and_leaves_it(index: Path, name: str, derived: str) -> None:
    folder = sorted((index / "segments").iterdir())[0]
    flip(folder / name, 800)
    cut(folder / derived)
    before = content_of(index)
    found = verify_index(index, repair=True)
    assert not found.ok
    assert found.repaired == ()
    assert {problem.file for problem in found.problems} == {
        f"segments/{folder.name}/{broken}" for broken in (name, derived)
    }
    assert content_of(index) == before


@pytest.mark.parametrize("derived", DERIVED)
def test_repair_mends_a_file_that_only_an_old_version_has(index: Path, derived: str) -> None:
    current = {entry.id for entry in Index.open(index)._store.manifest().segments}
    files = [name for name in derived_files(index) if name.endswith(derived)]
    [old] = [name for name in files if name.split("/")[1] not in current][:1]
    before = content_of(index)
    flip(index / old, 5)
    found = verify_index(index, repair=True)
    assert (found.ok, found.repaired) == (True, (old,))
    assert content_of(index) == before


def test_repair_with_a_damaged_older_manifest_mends_the_rest_and_says_so(index: Path) -> None:
    name = "manifests/00000002.json"
    for bit in (0, 50, FORMAT_3, FORMAT_9, 3_000):
        copy = Path(shutil.copytree(index, index.parent / f"copy {bit}"))
        flip(copy / name, bit)
        cut(copy / derived_files(copy)[0])
        found = verify_index(copy, repair=True)
        assert name in [problem.file for problem in found.problems]
        Index.open(copy, model=CountingEncoder()).add([Document("more", "more")])
        shutil.rmtree(copy)


@pytest.mark.parametrize("bit", [9, FORMAT_3, FORMAT_9, 131, 2_000])
def test_from_a_damaged_current_version_one_goes_back_and_on(index: Path, bit: int) -> None:
    current = index / "manifests" / "00000006.json"
    flip(current, bit)
    assert damaged_files(index) == ["manifests/00000006.json"]
    with pytest.raises(VecsearchError, match=r"00000006\.json"):
        Index.open(index)
    info = restore_version(index, 5)
    assert info.version == 7
    opened = Index.open(index, model=CountingEncoder())
    opened.add([Document("new", "new")])
    opened.add([Document("newer", "newer")])
    opened.add([Document("newest", "newest")])
    found = verify_index(index)
    assert (found.ok, found.leftovers) == (True, ())
