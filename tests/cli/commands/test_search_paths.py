"""`vecsearch search QUERY PATH...`, `-g` and `--type`: which documents a search is limited to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.writing import write, write_records

FILES = {"notes/a.md", "notes/sub/b.txt", "notes/sub2/c.md", "code/d.py"}


@pytest.fixture(autouse=True)
def indexed(place: Path, vecsearch_command: Command) -> Path:
    for name in FILES:
        write(place / name, f"cats of {name}\n")
    write_records(place / "rows.jsonl", ['{"id": "r1", "text": "cats one"}', '{"id": "r2", "text": "cats two"}'])
    assert vecsearch_command("index", "notes", "code", "rows.jsonl").status == 0
    return place


def found(vecsearch_command: Command, *arguments: str) -> set[str]:
    outcome = vecsearch_command("search", "cats", "--json", *arguments)
    assert outcome.status == 0, outcome.err
    return {hit["document_id"] for hit in outcome.json["hits"]}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["notes"], {"notes/a.md", "notes/sub/b.txt", "notes/sub2/c.md"}),
        (["notes/sub"], {"notes/sub/b.txt"}),  # not sub2
        (["./notes/../notes/a.md"], {"notes/a.md"}),
        (["code/", "notes/a.md"], {"code/d.py", "notes/a.md"}),
        (["rows.jsonl"], {"r1", "r2"}),
        (["rows.jsonl:2"], {"r2"}),
        (["r1"], {"r1"}),
        (["."], FILES | {"r1", "r2"}),
        ([".."], FILES | {"r1", "r2"}),
        (["-g", "*.md"], {"notes/a.md", "notes/sub2/c.md"}),
        (["-g", "/*.md"], {"notes/a.md"}),  # below the root that was indexed
        (["-g", "notes/*.md"], {"notes/a.md"}),  # below the working folder
        (["-g", "*.md", "-g", "!sub2/"], {"notes/a.md"}),
        (["-g", "!*.md"], {"notes/sub/b.txt", "code/d.py", "r1", "r2"}),
        (["-g", "*.md", "-g", "*.py"], {"notes/a.md", "notes/sub2/c.md", "code/d.py"}),
        (["--type", "python"], {"code/d.py"}),
        (["--type", ".PY", "--type", "txt"], {"code/d.py", "notes/sub/b.txt"}),
        (["notes", "--type", "md", "-g", "!/a.md"], {"notes/sub2/c.md"}),
        (["notes", "--where", "path LIKE '%c.md'"], {"notes/sub2/c.md"}),
    ],
)
def test_only_what_fits_is_searched(vecsearch_command: Command, arguments: list[str], expected: set[str]) -> None:
    assert found(vecsearch_command, *arguments) == expected


def test_paths_and_globs_are_those_of_the_working_folder(
    vecsearch_command: Command, indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(indexed / "notes")
    assert found(vecsearch_command, "sub") == {"notes/sub/b.txt"}
    assert found(vecsearch_command, "../code") == {"code/d.py"}
    assert found(vecsearch_command, "-g", "sub*/*.md") == {"notes/sub2/c.md"}
    assert len(found(vecsearch_command, "..")) == 6


def test_a_search_that_is_limited_still_returns_k_hits(vecsearch_command: Command, place: Path) -> None:
    for number in range(30):
        write(place / "near" / f"{number}.txt", "cats cats")
        write(place / "far" / f"{number}.txt", f"an engine and its {number} parts")
    vecsearch_command("index", "near", "far", "-i", "many")
    for mode in ("hybrid", "dense"):
        hits = found(vecsearch_command, "far", "-i", "many", "-k", "20", "--mode", mode)
        assert sum(document.startswith("far/") for document in hits) == 20


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["cats", "purr"], 2, "a query of several words is quoted, as in: vecsearch search 'cats purr'"),
        (["cats", "notes", "loudly"], 2, "loudly is no file or folder"),
        (["cats", "elsewhere"], 1, "is at or below elsewhere"),
        (["cats", "notes", "elsewhere"], 1, "is at or below elsewhere"),
        (["cats", "-g", "*.nope"], 1, "fits *.nope"),
        (["cats", "code", "-g", "*.md"], 1, "fits code *.md"),
        (["cats", "-g", "[z-a]"], 1, "'[z-a]' matches nothing"),
        (["cats", "--type", "pdf"], 1, "is of type pdf; there are jsonl, markdown, md, py, python"),
        (["--like", "notes/a.md", "notes"], 2, "the first argument is the QUERY"),
    ],
)
def test_what_limits_a_search_to_nothing_is_one_clear_error(
    vecsearch_command: Command, indexed: Path, arguments: list[str], status: int, expected: str
) -> None:
    (indexed / "elsewhere").mkdir()
    outcome = vecsearch_command("search", *arguments)
    assert (outcome.status, outcome.out) == (status, "")
    assert expected in outcome.err


def test_queries_from_standard_input_and_examples_are_limited(vecsearch_command: Command) -> None:
    lines = vecsearch_command("search", "-", "code", "--ids", stdin="cats\ndogs\n").out.splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["1", "code/d.py#0"], ["2", "code/d.py#0"]]
    liked = vecsearch_command("search", "--like", "notes/a.md", "-g", "*.py", "--json").json["hits"]
    assert [hit["document_id"] for hit in liked] == ["code/d.py"]
