"""`vecsearch ls` and `delete`: documents by name, below a folder, for which a condition holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command, Outcome
from tests.helpers.writing import write, write_records


@pytest.fixture(autouse=True)
def notes(place: Path, vecsearch_command: Command) -> Path:
    for name in ("a.md", "sub/b.md", "sub/deep/c.md", "sub2/d.md"):
        write(place / "notes" / name, f"text of {name}")
    write_records(place / "rows.jsonl", ['{"id": "r1", "text": "one", "n": 1}', '{"id": "r2", "text": "two", "n": 2}'])
    assert vecsearch_command("index", "notes", "rows.jsonl").status == 0
    return place / "notes"


def listed(vecsearch_command: Command, *arguments: str) -> list[str]:
    return [line.split("\t")[0] for line in vecsearch_command("ls", *arguments).out.splitlines()]


def test_documents_are_listed_by_the_names_that_commands_take(vecsearch_command: Command) -> None:
    names = ["notes/a.md", "notes/sub/b.md", "notes/sub/deep/c.md", "notes/sub2/d.md", "r1", "r2"]
    assert [Path(name).as_posix() for name in listed(vecsearch_command)] == names
    assert vecsearch_command("ls", "r1").out == "r1\t1 chunk\n"
    first = vecsearch_command("ls", "--json").json["documents"][0]
    assert first["document_id"] == "notes/a.md"
    assert set(first) == {"document_id", "source", "chunks", "is_file"}


def test_a_folder_a_file_and_a_condition_limit_the_list(
    vecsearch_command: Command, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(listed(vecsearch_command, "notes/sub")) == 2  # not sub2
    assert listed(vecsearch_command, "rows.jsonl", "--where", "n = 2") == ["r2"]
    monkeypatch.chdir(notes / "sub")
    assert listed(vecsearch_command, "deep") == [str(Path("deep", "c.md"))]
    assert listed(vecsearch_command, "..")[0] == str(Path("..", "a.md"))
    assert len(listed(vecsearch_command, "../..")) == 6
    missing = vecsearch_command("ls", "nowhere")
    assert (missing.status, missing.out, missing.err.count("\n")) == (1, "", 1)
    assert vecsearch_command("ls", "deep", "--where", "n = 2") == Outcome(1, "", "no documents\n")


def test_several_documents_are_deleted_only_when_confirmed(vecsearch_command: Command) -> None:
    for arguments in (["--under", "notes/sub"], ["--where", "n > 0"], ["rows.jsonl"]):
        asked = vecsearch_command("delete", *arguments)
        assert (asked.status, asked.out) == (2, "")
        assert "this deletes 2 documents: pass --yes, or --dry-run to see" in asked.err
        assert vecsearch_command("delete", *arguments, "--dry-run").out == "2 documents would be deleted\n"
    assert len(listed(vecsearch_command)) == 6
    assert vecsearch_command("delete", "--under", "notes/sub", "--yes").out == "2 documents deleted\n"
    assert vecsearch_command("delete", "--under", "notes", "--where", "path = 'notes/a.md'", "--yes").status == 0
    assert len(listed(vecsearch_command)) == 3
    assert vecsearch_command("delete", "rows.jsonl:2", "--json").json == {"deleted": 1, "absent": 0}
    assert listed(vecsearch_command)[1:] == ["r1"]


def test_deleting_nothing_is_status_1_and_a_passage_is_no_document(vecsearch_command: Command) -> None:
    assert vecsearch_command("delete", "--where", "n = 7", "--yes") == Outcome(1, "0 documents deleted\n", "")
    for name in ("notes/a.md:1", "notes/a.md#0"):
        done = vecsearch_command("delete", name)
        assert (done.status, done.out) == (2, "")
        assert f"{name} is a passage of notes/a.md: name the document" in done.err
    both = vecsearch_command("delete", "r1", "--where", "n = 1")
    assert both.status == vecsearch_command("delete").status == 2
    assert len(listed(vecsearch_command)) == 6
