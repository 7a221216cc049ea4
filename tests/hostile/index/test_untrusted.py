"""An index that is opened as untrusted: checked first, read into memory, and sent nowhere."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.endpoint_server import EndpointServer, only_server
from tests.helpers.forging import forge, rename_model
from vecsearch import ConsentMissing, Document, Index, IndexDamaged, InvalidOption, VecsearchError
from vecsearch.cli.main import run
from vecsearch.models import Cache
from vecsearch.storage.manifest import FileEntry, Manifest
from vecsearch.trust import trust_address

FILES = ("rows.arrow", "vectors.faiss", "postings.bin", "chunks.parquet")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    index = Index.create(tmp_path / "theirs", model=CountingEncoder())
    index.add(Document(f"d{number}", f"the heron number {number}", {"n": number}) for number in range(20))
    index.delete(["d3"])
    return index.path


@pytest.fixture
def server() -> Iterator[EndpointServer]:
    with only_server() as server:
        yield server


def opened(path: Path) -> Index:
    return Index.open(path, model=CountingEncoder(), untrusted=True)


def found(index: Index) -> list[list[str]]:
    searches = ({"query": "heron 7"}, {"query": "number", "mode": "lexical"}, {"query": "9", "where": "n > 8"})
    return [[hit.text for hit in index.search(**search, k=4)] for search in searches]  # type: ignore[arg-type]


def test_answers_the_same_as_untrusted(theirs: Path) -> None:
    assert found(opened(theirs)) == found(Index.open(theirs, model=CountingEncoder()))
    assert opened(theirs).info() == Index.open(theirs).info()


@pytest.mark.slow
def test_answers_the_same_as_untrusted_with_an_approximate_index(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "large", model=CountingEncoder(dim=32), recall=0.9)
    index.add(f"text {number}" for number in range(9_000))
    index.compact()
    assert any(segment.approximate for segment in index.session().manifest.segments)
    untrusted = Index.open(index.path, model=CountingEncoder(dim=32), untrusted=True)
    assert [hit.text for hit in untrusted.search("text 7", k=9)] == [hit.text for hit in index.search("text 7", k=9)]


@pytest.mark.parametrize("file", [*FILES, "tombstones"])
def test_is_refused_as_untrusted_with_one_flipped_bit(theirs: Path, file: str) -> None:
    [path] = [path for path in theirs.rglob("*") if path.is_file() and file in (path.name, path.parent.name)]
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexDamaged, match=rf"not safe to use: 1 problem, the first in .*{file}.*: run vecsearch ver"):
        opened(theirs)


def with_first_file(name: str, entry: Callable[[FileEntry], FileEntry]) -> Callable[[Manifest], Manifest]:
    def change(manifest: Manifest) -> Manifest:
        [segment] = manifest.segments
        return replace(
            manifest, segments=(replace(segment, files={**segment.files, name: entry(segment.files[name])}),)
        )

    return change


@pytest.mark.parametrize(
    "change",
    [
        with_first_file("rows.arrow", lambda entry: replace(entry, sha256="0" * 64)),
        with_first_file("postings.bin", lambda entry: replace(entry, size=entry.size - 1)),
        lambda manifest: replace(manifest, documents=1),
        lambda manifest: replace(manifest, model=replace(manifest.model, dim=9)),
    ],
)
def test_is_refused_as_untrusted_with_a_forged_manifest(theirs: Path, change: Callable[[Manifest], Manifest]) -> None:
    forge(theirs, change)
    with pytest.raises(IndexDamaged, match=r"not safe to use"):
        opened(theirs)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc shows what is mapped")
def test_is_not_mapped_as_untrusted(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "theirs", model=CountingEncoder(dim=64))
    index.add(f"the text number {number} " * 20 for number in range(2_000))
    untrusted = Index.open(index.path, model=CountingEncoder(dim=64), untrusted=True)
    index.close()
    assert found_in_maps(tmp_path) == set()
    untrusted.search("text 7")
    untrusted.search("text", mode="lexical")
    assert found_in_maps(tmp_path) == set()
    trusted = Index.open(index.path, model=CountingEncoder(dim=64))
    trusted.search("text")
    assert found_in_maps(tmp_path) >= {"rows.arrow", "vectors.faiss"}


def found_in_maps(place: Path) -> set[str]:
    lines = Path("/proc/self/maps").read_text().splitlines()
    return {os.path.basename(line.split(maxsplit=5)[5]) for line in lines if f"{place}{os.sep}" in line}


@pytest.mark.parametrize("file", ["rows.arrow", "vectors.faiss", "postings.bin"])
def test_cannot_change_what_was_checked(theirs: Path, file: str) -> None:
    untrusted = opened(theirs)
    [path] = theirs.glob(f"segments/*/{file}")
    with open(path, "r+b") as stream:
        stream.write(b"\xff" * path.stat().st_size)
    assert found(untrusted)[0][0] == "the heron number 7"
    assert untrusted.count() == 19


@pytest.mark.parametrize("agreed", [False, True])
def test_sends_nothing_as_untrusted(server: EndpointServer, tmp_path: Path, agreed: bool) -> None:
    index = Index.create(tmp_path / "remote", model=server.name)
    index.add(["the heron stands in the river", "a pelican"])
    Cache().clear()
    if agreed:
        trust_address(server.url)
    sent = len(server.requests)
    untrusted = Index.open(index.path, untrusted=True)
    for search in ({}, {"mode": "dense"}, {"plus": "a pelican"}, {"mode": "lexical", "min_similarity": 0.1}):
        with pytest.raises(ConsentMissing, match=r"was opened to send nothing to"):
            untrusted.search("heron", **search)  # type: ignore[arg-type]
    assert untrusted.search("heron", mode="lexical")[0].text == "the heron stands in the river"
    assert untrusted.search(np.ones(untrusted.info().dim, np.float32), k=2)
    assert len(server.requests) == sent


@pytest.mark.parametrize(
    "write",
    [
        lambda index: index.add(["more"]),
        lambda index: index.delete(["d1"]),
        lambda index: index.compact(),
        lambda index: index.update_metadata(["d1"], {"n": 7}),
        lambda index: index.tag("mine"),
        lambda index: index.restore(1),
        lambda index: index.keep_versions(1),
        lambda index: index.verify(repair=True),
    ],
)
def test_is_only_read_as_untrusted(theirs: Path, write: Callable[[Index], object]) -> None:
    before = {path: path.stat().st_mtime_ns for path in theirs.rglob("*")}
    with pytest.raises(InvalidOption, match=r"opened as untrusted, to read"):
        write(opened(theirs))
    assert {path: path.stat().st_mtime_ns for path in theirs.rglob("*")} == before


def test_stays_at_the_version_that_was_checked(theirs: Path) -> None:
    untrusted = opened(theirs)
    Index.open(theirs, model=CountingEncoder()).add([Document("new", "a new heron")])
    untrusted.refresh()
    assert "new" not in untrusted
    with pytest.raises(InvalidOption, match=r"without refresh"):
        Index.open(theirs, untrusted=True, refresh=True)


def test_is_looked_at_by_a_command(theirs: Path, vecsearch_command: Command) -> None:
    done = vecsearch_command("open", "--untrusted", "-i", str(theirs))
    assert done.status == 0
    assert "safe to search" in done.out
    assert f"vecsearch search --untrusted -i {theirs} QUERY" in done.out
    found = vecsearch_command("search", "--untrusted", "--ids", "-i", str(theirs), "heron number 7")
    assert found.out.startswith("d7#0")
    assert vecsearch_command("show", "--untrusted", "-i", str(theirs), "d7#0").out.count("number 7") == 1


def test_is_reported_by_a_command_when_it_is_damaged(theirs: Path, vecsearch_command: Command) -> None:
    [path] = theirs.glob("segments/*/vectors.faiss")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    done = vecsearch_command("open", "--untrusted", "-i", str(theirs))
    assert (done.status, done.out) == (1, "")
    assert "is not safe to use: 1 problem, the first in segments/" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["openai:x@http://192.0.2.1/v1", "/no/such/model", "no/such-model-anywhere", "x\x1b[2J"]
)
def test_names_a_model_that_is_not_opened_as_untrusted(
    theirs: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    rename_model(theirs, name)
    with pytest.raises(VecsearchError):
        Index.open(theirs, untrusted=True).search("heron")
    assert run(["open", "--untrusted", "-i", str(theirs), "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert (seen["safe"], seen["encoder"], bool(seen["reason"])) == (True, None, True)
    assert run(["open", "--untrusted", "-i", str(theirs)]) == 0
    shown = capsys.readouterr().out
    assert f"vecsearch search --untrusted --mode lexical -i {theirs} QUERY" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("arguments", [(), ("1", "--untrusted"), ("0",)])
def test_needs_a_number_or_untrusted_to_be_opened(vecsearch_command: Command, arguments: tuple[str, ...]) -> None:
    assert vecsearch_command("open", *arguments).status == 2
