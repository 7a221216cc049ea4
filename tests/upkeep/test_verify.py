"""Whatever is damaged in an index is found and named, and repair makes anew what can be and nothing else."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vecsearch.upkeep.verify
from tests.helpers.counting import CountingEncoder
from tests.helpers.damage import cut, damaged_files, files_of, flip, make_versions
from vecsearch import Document, Index, IndexDamaged, verify_index
from vecsearch.cli.main import run
from vecsearch.files import TEMPORARY, sha256
from vecsearch.storage.ann.flat import write_flat
from vecsearch.storage.lexical import build_postings, write_postings
from vecsearch.storage.manifest import FileEntry, SegmentEntry
from vecsearch.storage.rows import searched_texts
from vecsearch.storage.segment import read_record

BITS_AT_CHANCE = 12  # of each file


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        return make_versions(tmp_path_factory.mktemp("made"))


@pytest.fixture
def index(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "index"))


def test_every_kind_of_file_is_there_to_be_damaged(made: Path) -> None:
    kinds = {name.partition("/")[0] for name in files_of(made)}
    assert kinds == {"manifests", "segments", "tombstones", "sources", "tags"}
    names = {name.rpartition("/")[2] for name in files_of(made)}
    assert {"chunks.parquet", "rows.arrow", "vectors.faiss", "postings.bin", "first", "second"} < names


@pytest.mark.slow
def test_any_flipped_bit_is_found_and_its_file_named(index: Path) -> None:
    chance = random.Random(11)
    for name in files_of(index):
        content = (index / name).read_bytes()
        for bit in chance.sample(range(8 * len(content)), BITS_AT_CHANCE):
            flip(index / name, bit)
            assert damaged_files(index) == [name], f"bit {bit} of {name}"
            (index / name).write_bytes(content)
    assert verify_index(index).ok


@pytest.mark.slow
def test_any_bit_of_a_manifest_is_found(made: Path, tmp_path: Path) -> None:
    index = Index.create(tmp_path / "small", model=CountingEncoder()).path
    [name] = [name for name in files_of(index) if name.startswith("manifests")]
    content = (index / name).read_bytes()
    for bit in range(0, 8 * len(content), 3):  # of each byte some, of all bytes together every one
        flip(index / name, bit)
        assert damaged_files(index) == [name], f"bit {bit}"
        (index / name).write_bytes(content)


def test_no_damaged_segment_is_opened(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapped file with wrong offsets may end the process, so that checksums come first."""
    opened: list[str] = []

    class Watched(vecsearch.storage.store.Segment):
        def __init__(self, folder: Path, entry: object, **options: bool) -> None:
            opened.append(folder.name)
            super().__init__(folder, entry, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("vecsearch.storage.store.Segment", Watched)
    segments = {name.split("/")[1] for name in files_of(index) if name.startswith("segments")}
    assert verify_index(index).ok
    assert set(opened) == segments
    for name in [name for name in files_of(index) if name.startswith("segments")]:
        opened.clear()
        content = (index / name).read_bytes()
        flip(index / name, 4 * len(content))
        assert damaged_files(index) == [name]
        assert set(opened) == segments - {name.split("/")[1]}
        (index / name).write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [cut, empty, lengthen, replace_by_folder])
def test_a_file_of_another_size_or_kind_is_found(index: Path, harm: Callable[[Path], None]) -> None:
    for name in files_of(index):
        content = (index / name).read_bytes()
        harm(index / name)
        assert damaged_files(index) == [name]
        if (index / name).is_dir():
            (index / name).rmdir()
        (index / name).write_bytes(content)


def test_a_missing_file_is_found(index: Path) -> None:
    for name in files_of(index):
        if name.startswith(("tags", "manifests")):
            continue  # a version or a tag less is no damage, but for what names it
        content = (index / name).read_bytes()
        (index / name).unlink()
        [problem] = verify_index(index).problems
        assert (problem.file, problem.kind) == (name, "missing")
        (index / name).write_bytes(content)
    (index / "manifests" / "00000002.json").unlink()
    assert damaged_files(index) == ["tags/first"]


def test_files_swapped_between_segments_are_found(index: Path) -> None:
    first, second = sorted((index / "segments").iterdir())[:2]
    for name in ("chunks.parquet", "rows.arrow", "vectors.faiss", "postings.bin"):
        contents = [(folder / name).read_bytes() for folder in (first, second)]
        for folder, content in zip((second, first), contents, strict=True):
            (folder / name).write_bytes(content)
        assert damaged_files(index) == [f"segments/{folder.name}/{name}" for folder in (first, second)]
        for folder, content in zip((first, second), contents, strict=True):
            (folder / name).write_bytes(content)


def test_swapped_manifests_and_a_renamed_tag_are_found(index: Path) -> None:
    third, fourth = (index / "manifests" / f"0000000{number}.json" for number in (4, 5))
    content = third.read_bytes()
    third.write_bytes(fourth.read_bytes())
    assert damaged_files(index) == ["manifests/00000004.json"]
    third.write_bytes(content)
    assert verify_index(index).ok


def test_what_no_version_names_is_a_leftover_and_no_problem(index: Path) -> None:
    name = "cafe" * 8
    ours = [f"segments/{TEMPORARY}1", f"segments/{name}", f"tombstones/{name}", f"sources/{name}", f"tags/{TEMPORARY}2"]
    ours.append(f"{TEMPORARY}3")
    theirs = ["segments/cafe", "tombstones/cafe", "sources/notes.db", "manifests/notes.txt", "README.txt"]
    for path in ours + theirs:
        (index / path).write_bytes(b"x")
    found = verify_index(index)
    assert found.ok
    assert (set(found.leftovers), set(found.foreign)) == (set(ours), set(theirs))
    Index.open(index, model=CountingEncoder()).add([Document("next", "next")])
    found = verify_index(index)
    assert (found.leftovers, set(found.foreign)) == ((), set(theirs)), "what is not ours is left alone"


def test_every_damage_at_once_is_told_in_one_report(index: Path) -> None:
    names = files_of(index)
    for name in names:
        cut(index / name)
    manifests_and_tags = [name for name in names if name.startswith(("manifests", "tags"))]
    assert damaged_files(index) == manifests_and_tags, "what the manifests would name is not known without them"
    for name in names:
        if not name.startswith("manifests"):
            (index / name).unlink()
    assert damaged_files(index) == [name for name in names if name.startswith("manifests")]


@pytest.mark.parametrize("kind", ["segments", "tags", "tombstones", "manifests", "sources"])
def test_the_command_names_the_file_and_exits_with_1(
    index: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", "-i", str(index)]) == 0
    name = next(name for name in files_of(index) if name.startswith(kind))
    flip(index / name, 40)
    capsys.readouterr()
    assert run(["verify", "-i", str(index)]) == 1
    said = capsys.readouterr()
    assert name in said.out + said.err
    assert "Traceback" not in said.out + said.err


def test_a_verification_in_its_own_process_survives_any_damaged_segment(index: Path) -> None:
    """All files of segments damaged in many places: a process that mapped them might be ended by the system."""
    chance = random.Random(5)
    for name in files_of(index):
        if name.startswith("segments"):
            content = bytearray((index / name).read_bytes())
            for place in chance.sample(range(len(content)), len(content) // 20):
                content[place] = chance.randrange(256)
            (index / name).write_bytes(content)
    code = "import sys; from vecsearch.cli.main import run; sys.exit(run(sys.argv[1:]))"
    for more in ([], ["--repair"]):
        command = [sys.executable, "-c", code, "verify", "-i", str(index), *more]
        assert subprocess.run(command, capture_output=True).returncode == 1


def test_an_index_whose_segment_is_cut_is_damaged_when_it_is_opened(index: Path) -> None:
    entry = Index.open(index)._store.manifest().segments[0]
    for name in entry.files:
        path = index / "segments" / entry.id / name
        content = path.read_bytes()
        cut(path)
        with pytest.raises(IndexDamaged, match="run vecsearch verify"):
            Index.open(index)
        path.write_bytes(content)


def written_with(index: Path, name: str, write: Callable[[Path, SegmentEntry], None]) -> SegmentEntry:
    """Its first segment, of which one file is what a writer with a defect might have made of it, checksums and all."""
    store = Index.open(index)._store
    manifest = store.manifest()
    entry = manifest.segments[0]
    path = index / "segments" / entry.id / name
    write(path, entry)
    wrong = replace(entry, files={**entry.files, name: FileEntry(path.stat().st_size, sha256(path))})
    for number in store.versions():
        store.manifest_path(number).unlink()
    shutil.rmtree(index / "tags")
    store.publish(replace(manifest, segments=(wrong, *manifest.segments[1:])))
    return entry


def test_content_that_cannot_be_is_found_behind_right_checksums(index: Path) -> None:
    """A defect of a writer, not of a disk: the vectors are not of unit length."""
    halves = written_with(
        index, "vectors.faiss", lambda path, entry: write_flat(path, np.full((entry.rows, 32), 0.5, np.float32))
    )
    [problem] = verify_index(index).problems
    assert (problem.file, problem.kind, problem.repairable) == (f"segments/{halves.id}", "content", False)
    assert "vector 0 is not a unit vector" in problem.detail


@pytest.mark.parametrize("texts", ["each has the words of the next", "one has words of its own"])
def test_words_that_are_not_those_of_the_texts_are_found_and_made_anew(index: Path, texts: str) -> None:
    def write(path: Path, entry: SegmentEntry) -> None:
        own = list(searched_texts(read_record(path.parent)))
        assert len(own) == entry.rows > 1
        others = [*own[1:], own[0]] if texts.startswith("each") else [*own[:-1], "something else"]
        write_postings(path, build_postings(others, "auto"))

    entry = written_with(index, "postings.bin", write)
    [problem] = verify_index(index).problems
    assert (problem.file, problem.kind) == (f"segments/{entry.id}/postings.bin", "content")
    assert problem.repairable
    Index.open(index).keep_versions(1)
    assert verify_index(index, repair=True).repaired == (problem.file,)
    assert verify_index(index).ok


def test_words_as_another_release_reads_them_are_no_damage(index: Path) -> None:
    def write(path: Path, entry: SegmentEntry) -> None:
        texts = ["read otherwise"] * entry.rows
        write_postings(path, replace(build_postings(texts, "auto"), rules="0 snowball 1.0"))

    written_with(index, "postings.bin", write)
    assert verify_index(index).ok


def test_a_writer_that_removes_versions_meanwhile_is_no_damage(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Index.open(index, model=CountingEncoder())
    for name in ("first", "second"):
        writer.untag(name)
    real, left = vecsearch.files.sha256, [3]

    def overtaken(path: Path) -> str:
        if left and left.pop() and not left:
            for number in range(4):
                writer.add([Document(f"meanwhile {number}", "x")])
            writer.compact()
            writer.keep_versions(1)
        return real(path)

    monkeypatch.setattr("vecsearch.upkeep.verify.files.sha256", overtaken)
    assert verify_index(index).problems == ()
    assert not left
