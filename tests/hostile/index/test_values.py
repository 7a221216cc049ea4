"""Manifests and tables of files whose checksums are right and whose values no writer writes."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.forging import forge
from vecsearch import Document, Index, IndexDamaged, restore_version, verify_index
from vecsearch.storage.manifest import SideFile


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    index = Index.create(tmp_path / "theirs", model=CountingEncoder())
    index.add(Document(str(number), f"heron {number}") for number in range(5))
    index.delete(["1"])
    return index.path


def rewrite(index: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the JSON of the current manifest, with a checksum that is right."""
    path = max((index / "manifests").iterdir())
    content = json.loads(path.read_text())
    del content["checksum"]
    change(content)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    checksum = "sha256:" + hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
    path.write_text(json.dumps({**content, "checksum": checksum}))


NEVER_WRITTEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "documents of many digits": lambda content: content.update(documents=10**4000),
    "a size of many digits": lambda content: content["segments"][0]["files"]["rows.arrow"].update(size=10**400),
    "one too many": lambda content: content.update(keep_versions=2**63),
    "changes of many digits": lambda content: content["change"].update(added=10**400),
    "a change below zero": lambda content: content["change"].update(restored=-1),
    "a change of two lines": lambda content: content["change"].update({"a\nb\u2028c": -1}),
    "half a character in the model": lambda content: content["model"].update(name="\ud800"),
    "half a character in the time": lambda content: content.update(created="\udfff" * 30),
    "an unknown language": lambda content: content.update(language="../../x"),
    "segments by name": lambda content: content.update(segments={}),
    "no segment": lambda content: content.update(segments=[None]),
    "a segment that is a list": lambda content: content.update(segments=[[]]),
    "more rows deleted than there are": lambda content: content["segments"][0]["tombstones"].update(rows=99),
    "a long name": lambda content: content["segments"][0].update(id="x\n" * 10**6),
    "a long number": lambda content: content["chunking"].update(overlap=10**3000),
    "a number that is none": lambda content: content.update(recall=float("nan")),
    "no number": lambda content: content.update(recall=True),
    "a field of another kind": lambda content: content.update(keep_text=1),
    "a field that nobody knows": lambda content: content.update(surprise=[[[[]]]]),
}


@pytest.mark.parametrize("change", NEVER_WRITTEN.values(), ids=NEVER_WRITTEN)
def test_is_refused_with_values_that_no_writer_writes(
    theirs: Path, change: Callable[[dict[str, Any]], object], vecsearch_command: Command
) -> None:
    rewrite(theirs, change)
    with pytest.raises(IndexDamaged, match=r"is not a manifest: .*: run vecsearch restore N") as raised:
        Index.open(theirs)
    assert len(str(raised.value).splitlines()) == 1
    assert len(str(raised.value)) < 600
    assert not verify_index(theirs).ok
    done = vecsearch_command("log", "-i", theirs)
    assert (done.status, done.err) == (0, "")
    assert "go back with vecsearch restore 2" in done.out
    assert restore_version(theirs, 2).documents == 5


@pytest.mark.parametrize("use", ["add", "delete", "keep"])
def test_cannot_lose_what_is_written_after_its_last_number(theirs: Path, use: str) -> None:
    rewrite(theirs, lambda content: content.update(version=99_999_999))
    max((theirs / "manifests").iterdir()).rename(theirs / "manifests" / "99999999.json")
    index = Index.open(theirs, model=CountingEncoder())
    uses: dict[str, Callable[[], object]] = {
        "add": lambda: index.add([Document("x", "new")]),
        "delete": lambda: index.delete(["2"]),
        "keep": lambda: index.keep_versions(1),
    }
    before = files_of(theirs)
    with pytest.raises(IndexDamaged, match=r"versions end at 99,999,999 .*: run vecsearch export"):
        uses[use]()
    assert files_of(theirs) == before
    assert verify_index(theirs).ok


def files_of(index: Path) -> set[Path]:
    return {path for path in index.rglob("*") if path.is_file() and path.name != "writer.lock"}


GOOD = {"path": ["a"], "size": [1], "mtime_ns": [2], "reading": ["r"], "documents": [1]}
TABLES: dict[str, dict[str, Any]] = {
    "sizes that are texts": {**GOOD, "size": ["x"]},
    "paths that are missing": {**GOOD, "path": pa.array([None], pa.string())},
    "times beyond all years": {**GOOD, "size": pa.array([2**62], pa.timestamp("s"))},
    "numbers in lists": {**GOOD, "size": [[1]]},
    "fractions": {**GOOD, "mtime_ns": [1.5]},
    "fewer columns": {"path": ["a"]},
}


@pytest.mark.parametrize("columns", TABLES.values(), ids=TABLES)
def test_cannot_stop_a_sync_by_its_table_of_files(tmp_path: Path, columns: dict[str, Any]) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("a heron")
    os.utime(tmp_path / "notes" / "a.md", (1e9, 1e9))
    index = Index.create(tmp_path / "theirs", model=CountingEncoder())
    index.sync(tmp_path / "notes")
    table, sink = pa.table(columns), io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    content = sink.getvalue()
    [path] = (index.path / "sources").iterdir()
    path.write_bytes(content)
    entry = SideFile(path.name, 1, len(content), hashlib.sha256(content).hexdigest())
    forge(index.path, lambda manifest: replace(manifest, sources=entry))
    [problem] = verify_index(index.path).problems
    assert "cannot be read: " in problem.detail
    assert Index.open(index.path, model=CountingEncoder()).sync(tmp_path / "notes").unchanged == 1
