from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vecsearch.chunking import Chunking
from vecsearch.errors import FormatTooNew, IndexDamaged
from vecsearch.storage import manifest as manifest_module
from vecsearch.storage.manifest import (
    FORMAT,
    FileEntry,
    Manifest,
    ModelEntry,
    SegmentEntry,
    SideFile,
    first_manifest,
    from_json,
    to_json,
)
from vecsearch.types import Metric

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,20}", fullmatch=True)
SIZES = st.integers(0, 2**60)
SHA = st.text("0123456789abcdef", min_size=64, max_size=64)
SIDE_FILES = st.builds(SideFile, id=NAMES, rows=SIZES, size=SIZES, sha256=SHA)
SEGMENTS = st.builds(
    SegmentEntry,
    id=NAMES,
    rows=st.just(2**60),
    files=st.dictionaries(NAMES, st.builds(FileEntry, size=SIZES, sha256=SHA), max_size=3),
    tombstones=st.none() | SIDE_FILES,
)
MANIFESTS = st.builds(
    Manifest,
    version=st.integers(1, 10**8 - 1),
    created=TEXT,
    written_by=TEXT,
    model=st.builds(ModelEntry, name=TEXT, fingerprint=SHA, dim=st.integers(1, 5000)),
    metric=st.sampled_from(Metric),
    chunking=st.integers(8, 999).flatmap(
        lambda n: st.builds(Chunking, max_tokens=st.just(n), overlap=st.integers(0, n // 2))
    ),
    documents=SIZES,
    keep_versions=st.integers(1, 1000),
    language=st.sampled_from(["auto", "none", "de"]),
    recall=st.floats(0.01, 1),
    segments=st.lists(SEGMENTS, max_size=3, unique_by=lambda segment: segment.id).map(tuple),
    sources=st.none() | SIDE_FILES,
    change=st.dictionaries(st.sampled_from(["added", "updated", "deleted"]), SIZES),
)

EXAMPLE = replace(
    first_manifest(
        ModelEntry("größe/model", "ab" * 32, 384), Metric.COSINE, Chunking(max_tokens=254, overlap=16), 2, "de", 0.95
    ),
    version=7,
    documents=12,
    segments=(
        SegmentEntry("5e6", 10, {"vectors.faiss": FileEntry(111, "c" * 64)}, SideFile("dead", 3, 140, "d" * 64)),
        SegmentEntry("5e7", 10, {"chunks.parquet": FileEntry(0, "e" * 64)}, None),
    ),
    sources=SideFile("files", 2, 200, "f" * 64),
    change={"added": 3, "updated": 0, "deleted": 1},
)


@given(MANIFESTS)
def test_a_manifest_comes_back_as_it_was(manifest):
    assert from_json(to_json(manifest), "m") == manifest


def test_a_first_manifest_holds_nothing():
    first = first_manifest(EXAMPLE.model, Metric.DOT, EXAMPLE.chunking, 5, "auto", 0.99)
    assert (first.version, first.documents, first.chunks, first.segments) == (1, 0, 0, ())
    assert (first.metric, first.keep_versions) == (Metric.DOT, 5)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first.created)
    assert first.written_by.startswith("vecsearch ")


def test_chunks_are_the_rows_that_are_not_deleted():
    assert [segment.live for segment in EXAMPLE.segments] == [7, 10]
    assert EXAMPLE.chunks == 17


def test_every_flipped_bit_is_found():
    content = to_json(EXAMPLE)
    missed = []
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            from_json(bytes(changed), "m")
        except (IndexDamaged, FormatTooNew):
            continue
        missed.append(bit)
    assert missed == []


def test_every_truncation_is_found():
    content = to_json(EXAMPLE)
    for length in range(len(content)):
        with pytest.raises(IndexDamaged, match="the name is not a manifest"):
            from_json(content[:length], "the name")


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.recursive(st.none() | st.integers() | TEXT, st.lists).map(json.dumps)))
def test_what_is_no_manifest_is_damaged(content):
    with pytest.raises(IndexDamaged, match="the name"):
        from_json(content if isinstance(content, bytes) else content.encode(), "the name")


def test_json_nested_too_deep_is_damaged():
    with pytest.raises(IndexDamaged, match="the name"):
        from_json(b"[" * 200_000, "the name")


def sealed(content: dict[str, Any]) -> bytes:
    """The content with the checksum that makes it believed."""
    content.pop("checksum", None)
    return json.dumps({**content, "checksum": manifest_module._checksum(content)}).encode()


def changed(path: str, value: Any) -> bytes:
    """The example with another value at a path such as "model.dim", correctly sealed."""
    content = json.loads(to_json(EXAMPLE))
    place, *names = content, *path.split(".")
    for name in names[:-1]:
        place = place[int(name) if isinstance(place, list) else name]
    if value is ...:
        del place[names[-1]]
    else:
        place[names[-1]] = value
    return sealed(content)


def test_a_sealed_example_is_believed():
    assert from_json(changed("documents", 13), "m") == replace(EXAMPLE, documents=13)


@pytest.mark.parametrize("number", [FORMAT + 1, 99])
def test_a_newer_format_is_refused_with_what_to_do(number):
    with pytest.raises(FormatTooNew, match=f"the name has format {number}.*pip install --upgrade vecsearch"):
        from_json(changed("format", number), "the name")


def test_a_newer_format_is_recognised_whatever_it_holds():
    with pytest.raises(FormatTooNew):
        from_json(b'{"format": 3, "checksum": "of another kind", "new": {}}', "m")


@pytest.mark.parametrize("number", [0, -1, "1", None, 0.5, [1]])
def test_a_format_that_never_was_is_damaged(number):
    with pytest.raises(IndexDamaged, match="format"):
        from_json(changed("format", number), "m")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", "7"),
        ("version", True),
        ("version", -1),
        ("created", 5),
        ("written_by", None),
        ("documents", 1.5),
        ("documents", ...),
        ("keep_versions", "2"),
        ("keep_versions", ...),
        ("metric", "euclid"),
        ("model", []),
        ("model.dim", "384"),
        ("model.name", ...),
        ("model.fingerprint", 1),
        ("chunking", None),
        ("chunking.max_tokens", 1),
        ("chunking.max_tokens", 20.5),
        ("chunking.overlap", "0"),
        ("chunking.more", 1),
        ("chunking.max_tokens", ...),
        ("chunking.splitter", "words"),
        ("chunking.splitter", 1),
        ("chunking.context", 1),
        ("chunking.context", True),  # and no room for it
        ("chunking.reads", -1),
        ("chunking.reads", "254"),
        ("segments", None),
        ("segments", "abc"),
        ("segments", [[]]),
        ("segments.0.id", 5),
        ("segments.0.rows", "10"),
        ("segments.0.rows", -10),
        ("segments.0.files", []),
        ("segments.0.files", {"a": 1}),
        ("segments.0.files", {"a": {"size": -1, "sha256": ""}}),
        ("segments.0.tombstones", 3),
        ("segments.0.tombstones.rows", None),
        ("segments.0.tombstones", ...),
        ("sources", "file"),
        ("change", [1]),
        ("change", {"added": "many"}),
        ("unknown", 1),
    ],
)
def test_a_field_of_another_type_is_damaged(path, value):
    with pytest.raises(IndexDamaged, match="the name is not a manifest"):
        from_json(changed(path, value), "the name")


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "../x", "a\\b", "/etc", "c:x", "a b", "a\0", "a\n", "~", "*"]
)
@pytest.mark.parametrize("path", ["segments.0.id", "segments.0.tombstones.id", "sources.id", "file"])
def test_a_name_that_could_leave_its_folder_is_damaged(path, name):
    content = changed("segments.0.files", {name: {"size": 1, "sha256": ""}}) if path == "file" else changed(path, name)
    with pytest.raises(IndexDamaged, match="is not the name of a file"):
        from_json(content, "m")
