"""Manifests that are well-formed and say what no index would: each is one clear line, and nothing is read by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.forging import forge
from vecsearch import Document, Index, IndexDamaged, VecsearchError, verify_index
from vecsearch.storage.manifest import FileEntry, Manifest, SideFile


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    index = Index.create(tmp_path / "theirs", model=CountingEncoder())
    index.add(Document(str(number), f"heron {number}") for number in range(5))
    index.delete(["1"])
    return index.path


def with_segment(**changes: Any) -> Callable[[Manifest], Manifest]:
    """A change of the first segment's entry."""
    return lambda manifest: replace(manifest, segments=(replace(manifest.segments[0], **changes),))


DEAD = SideFile("a" * 32, 1, 10, "0" * 64)
FORGED: dict[str, Callable[[Manifest], Manifest]] = {
    "no files": with_segment(files={}),
    "one file": lambda manifest: with_segment(files={"chunks.parquet": manifest.segments[0].files["chunks.parquet"]})(
        manifest
    ),
    "another dimension": lambda manifest: replace(manifest, model=replace(manifest.model, dim=7)),
    "many rows": with_segment(rows=10**15),
    "more rows": with_segment(rows=6),
    "negative rows": with_segment(rows=-1),
    "a folder above": with_segment(id=".."),
    "a path": with_segment(id="a/b"),
    "a path as a file": lambda manifest: with_segment(
        files={**manifest.segments[0].files, "../x": FileEntry(1, "0" * 64)}
    )(manifest),
    "a path as tombstones": with_segment(tombstones=replace(DEAD, id="../../x")),
    "tombstones that are not there": with_segment(tombstones=DEAD),
    "a segment twice": lambda manifest: replace(manifest, segments=manifest.segments * 2),
    "sizes of another kind": lambda manifest: with_segment(
        files={name: replace(entry, size=-1) for name, entry in manifest.segments[0].files.items()}
    )(manifest),
    "a file that is larger": lambda manifest: with_segment(
        files={name: replace(entry, size=2**62) for name, entry in manifest.segments[0].files.items()}
    )(manifest),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_is_refused_with_a_manifest_that_says_what_is_not_so(
    theirs: Path, forged: Callable[[Manifest], Manifest]
) -> None:
    forge(theirs, forged)
    with pytest.raises(IndexDamaged) as raised:
        Index.open(theirs, model=CountingEncoder()).search("heron")
    assert "\n" not in str(raised.value)
    assert not verify_index(theirs).ok
    with pytest.raises(VecsearchError):
        Index.open(theirs, model=CountingEncoder()).add([Document("x", "new")])


def test_is_found_out_with_other_numbers_of_documents(theirs: Path) -> None:
    forge(theirs, lambda manifest: replace(manifest, documents=99))
    [problem] = verify_index(theirs).problems
    assert problem.detail == "it counts 99 documents, found 4"


TEXTS = {
    "deep": b"[" * 10**6,
    "deep objects": b'{"a":' * 10**5,
    "a number of many digits": b'{"version":' + b"9" * 10**6 + b"}",
    "a list": b"[]",
    "nothing": b"",
    "null": b"null",
    "not text": bytes(range(256)),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_cannot_crash_a_reader_by_text_that_is_no_manifest(theirs: Path, text: bytes) -> None:
    path = max((theirs / "manifests").iterdir())
    path.write_bytes(text)
    with pytest.raises(IndexDamaged, match=r"vecsearch restore N") as raised:
        Index.open(theirs)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 600


def test_cannot_fill_the_memory_by_a_large_manifest(theirs: Path) -> None:
    path = max((theirs / "manifests").iterdir())
    with path.open("r+b") as stream:
        stream.truncate(10**12)  # takes no room on the disk
    with pytest.raises(IndexDamaged, match="has 1,000,000,000,000 bytes, expected at most"):
        Index.open(theirs)


def test_cannot_name_a_format_that_is_no_number(theirs: Path) -> None:
    path = max((theirs / "manifests").iterdir())
    for number in (10**30, -1, None, "1", [1], True, 1.5):
        path.write_text(json.dumps({**json.loads(path.read_text()), "format": number}))
        with pytest.raises(VecsearchError) as raised:
            Index.open(theirs)
        assert "\n" not in str(raised.value)
