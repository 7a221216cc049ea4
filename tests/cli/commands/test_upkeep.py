"""`vecsearch log`, `restore`, `tag`, `verify`, `compact`, `export`, `import`, `search --at`, and `--wait`."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import content_of, write
from vecsearch import Index
from vecsearch.reports import Problem, Verification, Version
from vecsearch.storage.lock import hold_lock

INDEX = Path(".vecsearch")


@pytest.fixture
def notes(place: Path, vecsearch_command: Command) -> Path:
    """Version 2 holds cats and dogs, version 3 cats that hunt and birds."""
    notes = place / "notes"
    write(notes / "cats.md", "cats purr\n")
    write(notes / "dogs.md", "dogs bark\n")
    assert vecsearch_command("index", "notes").status == 0
    write(notes / "cats.md", "cats hunt\n")
    write(notes / "birds.md", "birds sing\n")
    os.unlink(notes / "dogs.md")
    assert vecsearch_command("index", "notes").status == 0
    return notes


def held(vecsearch_command: Command, *options: str) -> set[str]:
    hits = vecsearch_command("search", "cats", "--json", *options).json["hits"]
    return {hit["text"].strip() for hit in hits}


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_log_names_each_version_what_it_changed_and_its_tags(vecsearch_command: Command, notes: Path) -> None:
    vecsearch_command("tag", "good", "2")
    vecsearch_command("restore", "good")
    vecsearch_command("log", "--keep", "5")
    done = vecsearch_command("log")
    assert (done.status, done.err) == (0, "")
    shown = lines(done.out)
    assert [line.split()[0] for line in shown[:-1]] == ["5", "4", "3", "2"]
    assert "no document changed; 2 documents, 2 chunks, 0.0 MB" in shown[0]
    assert "version 2 restored; 2 documents, 2 chunks" in shown[1]
    assert "1 added, 1 updated, 1 deleted; 2 documents, 2 chunks" in shown[2]
    assert "2 added; 2 documents" in shown[3]
    assert shown[3].endswith("[good]")
    assert shown[-1] == "0.0 MB on disk in all"


def test_the_log_as_json_has_the_fields_of_a_version(vecsearch_command: Command, notes: Path) -> None:
    vecsearch_command("tag", "good", "2")
    log = vecsearch_command("log", "--json").json
    assert list(log) == ["versions", "problems", "bytes"]
    assert log["bytes"] == sum(map(len, content_of(INDEX).values()))
    assert [list(version) for version in log["versions"]] == [[field.name for field in fields(Version)]] * 3
    assert [version["number"] for version in log["versions"]] == [3, 2, 1]
    assert [version["tags"] for version in log["versions"]] == [[], ["good"], []]
    assert log["versions"][0]["change"] == {"added": 1, "updated": 1, "deleted": 1}


def test_the_log_is_told_how_many_versions_to_keep(vecsearch_command: Command, notes: Path) -> None:
    kept = vecsearch_command("log", "--keep", "1", "--json").json["versions"]
    assert [version["number"] for version in kept] == [4]
    for wrong in ("0", "-1", "many"):
        assert vecsearch_command("log", "--keep", wrong).status == 2


@pytest.mark.parametrize("named", ["2", "good"])
def test_a_version_of_the_past_is_searched_by_its_number_or_tag(
    vecsearch_command: Command, notes: Path, named: str
) -> None:
    vecsearch_command("tag", "good", "2")
    assert held(vecsearch_command, "--at", named) == {"cats purr", "dogs bark"}
    assert held(vecsearch_command) == {"cats hunt", "birds sing"}


@pytest.mark.parametrize("named", ["2", "good"])
def test_restoring_goes_back_and_says_where_to(vecsearch_command: Command, notes: Path, named: str) -> None:
    vecsearch_command("tag", "good", "2")
    done = vecsearch_command("restore", named)
    assert (done.status, done.err) == (0, "")
    assert done.out == f"version {named} restored as version 4: 2 documents, 2 chunks\n"
    assert held(vecsearch_command) == {"cats purr", "dogs bark"}
    assert vecsearch_command("restore", named, "--json").json == {"restored": named, "version": 5}
    report = vecsearch_command("index", "notes", "--json").json
    assert (report["added"], report["updated"], report["deleted"], report["encoded"]) == (1, 1, 1, 0)


def test_a_tag_is_given_moved_and_taken_away(vecsearch_command: Command, notes: Path) -> None:
    assert vecsearch_command("tag", "good").out == "version 3 is tagged good and kept\n"
    assert vecsearch_command("tag", "good", "2", "--json").json == {"tag": "good", "version": 2}
    assert vecsearch_command("tag", "better", "good", "--json").json == {"tag": "better", "version": 2}
    assert vecsearch_command("tag", "better", "--delete").out == "tag better deleted\n"
    assert vecsearch_command("tag", "good", "--delete", "--json").json == {"tag": "good", "version": None}
    assert vecsearch_command("tag", "good", "2", "--delete").status == 2


def test_compacting_says_whether_there_was_something_to_do(vecsearch_command: Command, notes: Path) -> None:
    for i in range(40):
        write(notes / f"{i}.md", f"text {i}\n")
    vecsearch_command("index", "notes")
    vecsearch_command("delete", "notes/1.md")
    done = vecsearch_command("compact", "--json")
    assert done.json == {"compacted": True, "chunks": 41}
    assert vecsearch_command("info", "--json").json["deleted"] == 0
    assert vecsearch_command("compact").out == "nothing to do: one segment without deleted chunks\n"
    vecsearch_command("delete", "notes/2.md")
    assert vecsearch_command("compact").out == "40 chunks in one segment\n"


def test_a_whole_index_is_verified_in_one_line(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("verify")
    assert (done.status, done.err, len(done.out.splitlines())) == (0, "", 1)
    assert done.out.endswith("of 3 versions, 0.0 MB: no problems\n")
    found = vecsearch_command("verify", "--json").json
    assert list(found) == [*(field.name for field in fields(Verification)), "ok"]
    assert (found["ok"], found["problems"], found["versions"]) == (True, [], 3)


def test_damage_is_status_1_with_one_line_a_problem(vecsearch_command: Command, notes: Path) -> None:
    damaged = sorted(INDEX.glob("segments/*/*"))
    for path in damaged:
        path.write_bytes(path.read_bytes()[:-1] + b"~")
    manifest = INDEX / "manifests" / "00000003.json"
    manifest.write_bytes(b"{\n")
    done = vecsearch_command("verify")
    assert (done.status, done.err) == (1, "")
    *problems, summary = done.out.splitlines()
    named = {path.relative_to(INDEX).as_posix() for path in [*damaged, manifest]}
    known = {line.split(": ")[1] for line in problems}
    assert known <= named
    assert {"manifests/00000003.json"} < known
    assert len(known) == len(problems) > 3
    assert summary.endswith(f"{len(problems)} problems")
    found = vecsearch_command("verify", "--json")
    assert (found.status, found.json["ok"], len(found.json["problems"])) == (1, False, len(problems))
    assert list(found.json["problems"][0]) == [field.name for field in fields(Problem)]


def test_what_is_derived_is_repaired_for_the_asking(vecsearch_command: Command, notes: Path) -> None:
    (rows, *_) = INDEX.glob("segments/*/rows.arrow")
    rows.unlink()
    said = vecsearch_command("verify")
    assert said.status == 1
    assert "verify --repair rebuilds it" in said.out
    done = vecsearch_command("verify", "--repair")
    assert (done.status, done.out.splitlines()[0]) == (0, f"repaired: {rows.relative_to(INDEX).as_posix()}")
    assert rows.exists()
    assert vecsearch_command("verify").status == 0


def test_a_damaged_version_is_said_and_one_before_it_restored(vecsearch_command: Command, notes: Path) -> None:
    manifest = INDEX / "manifests" / "00000003.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"added", b"dadde"))
    for command in (["search", "cats"], ["info"], ["index", "notes"]):
        done = vecsearch_command(*command)
        assert (done.status, done.out, done.err.count("\n")) == (1, "", 1), command
        assert "vecsearch restore N" in done.err
    done = vecsearch_command("log")
    assert (done.status, done.err) == (0, "")
    first, second, *_, advice, _ = done.out.splitlines()
    assert first.split()[:2] == ["3", "damaged:"]
    assert second.split()[0] == "2"
    assert advice == "the current version cannot be read: go back with vecsearch restore 2"
    done = vecsearch_command("restore", "2")
    assert (done.status, done.err) == (0, "")
    assert held(vecsearch_command) == {"cats purr", "dogs bark"}
    assert vecsearch_command("index", "notes").status == 0
    assert held(vecsearch_command) == {"cats hunt", "birds sing"}


def test_an_export_is_imported_and_gives_the_same_answers(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("export", "notes.parquet")
    assert (done.status, done.out, done.err) == (0, "2 chunks written to notes.parquet\n", "")
    assert vecsearch_command("export", "notes.parquet", "--json", "--yes").json == {
        "chunks": 2,
        "file": "notes.parquet",
    }
    done = vecsearch_command("import", "notes.parquet", "-i", "new")
    assert (done.status, done.out, done.err) == (0, "2 chunks in new\n", "")
    ours, theirs = (vecsearch_command("search", "cats", "--json", "-i", path).json for path in (INDEX, "new"))
    assert ours == theirs
    assert vecsearch_command("import", "notes.parquet", "-i", "newer", "--json").json == {"chunks": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["restore", "9"], "no version 9"),
        (["restore", "absent"], "no tag 'absent'"),
        (["search", "cats", "--at", "9"], "no version 9"),
        (["search", "cats", "--at", "../x"], "no tag '../x'"),
        (["tag", "x", "9"], "no version 9"),
        (["tag", "../x"], "cannot be a tag"),
        (["tag", "7"], "cannot be a tag"),
        (["tag", "absent", "--delete"], "no tag 'absent'"),
        (["export", "no/folder/file"], "cannot be written: name a file"),
        (["import", "notes/cats.md", "-i", "new"], "is not an index that vecsearch export wrote"),
        (["import", "absent.parquet", "-i", "new"], "there is no file absent.parquet"),
        *[
            ([*command, "-i", "nowhere"], "no index at")
            for command in (
                ["log"],
                ["restore", "1"],
                ["restore", "good"],
                ["tag", "good"],
                ["verify"],
                ["verify", "--repair"],
                ["compact"],
                ["export", "x.parquet"],
                ["search", "cats", "--at", "good"],
            )
        ],
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_nothing_is_left(
    vecsearch_command: Command, notes: Path, place: Path, arguments: list[str], message: str
) -> None:
    before = content_of(place)
    done = vecsearch_command(*arguments)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("vecsearch: ")
    assert done.err.count("\n") == 1
    assert message in done.err
    assert content_of(place) == before
    assert not Path("nowhere").exists()


WRITES = [
    ["index", "notes"],
    ["delete", "notes/cats.md"],
    ["restore", "2"],
    ["tag", "good"],
    ["compact"],
    ["log", "--keep", "2"],
]


@contextmanager
def held_by_a_thread(path: Path) -> Iterator[None]:
    """Another writer, in this process: a thread that holds the lock until the block ends."""
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with hold_lock(path, 0):
            locked.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert locked.wait(60)
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("arguments", WRITES)
def test_while_another_process_writes_a_command_that_writes_says_so_or_waits(
    vecsearch_command: Command, notes: Path, arguments: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with held_by_a_thread(INDEX / "writer.lock"):
        done = vecsearch_command(*arguments, "--wait", "0")
        assert (done.status, done.err.count("\n")) == (1, 1)
        assert "--wait SECONDS" in done.err
        assert "wait=" not in done.err
        assert "after 0.01 s" in vecsearch_command(*arguments, "--wait", "0.01").err
    locked, waited_for = threading.Event(), threading.Event()

    class Waiting(logging.Handler):
        """Hears that the command has found the lock taken."""

        def emit(self, record: logging.LogRecord) -> None:
            if "waiting for" in record.getMessage():
                waited_for.set()

    def hold() -> None:
        with hold_lock(INDEX / "writer.lock", 0):
            locked.set()
            waited_for.wait(60)

    other, listener, logger = threading.Thread(target=hold), Waiting(), logging.getLogger("vecsearch.storage.lock")
    other.start()
    assert locked.wait(60)
    caplog.set_level(logging.INFO, "vecsearch.storage.lock")
    logger.addHandler(listener)
    done = vecsearch_command(*arguments, "--wait", "60")
    logger.removeHandler(listener)
    other.join()
    assert done.status == 0
    assert waited_for.is_set()


@pytest.mark.parametrize("arguments", WRITES)
def test_a_wait_that_cannot_be_is_wrong_usage(vecsearch_command: Command, notes: Path, arguments: list[str]) -> None:
    assert vecsearch_command(*arguments, "--wait", "-1").status == 2


def test_an_export_replaces_a_file_only_when_that_is_confirmed(vecsearch_command: Command, notes: Path) -> None:
    for name in ("all.csv", "all.jsonl", "all.arrow"):
        write(Path(name), "mine")
        refused = vecsearch_command("export", name)
        assert (refused.status, refused.out) == (2, "")
        assert refused.err.endswith(f"{name} exists: pass --yes to replace it, or name another file\n")
        assert Path(name).read_text() == "mine"
        assert vecsearch_command("export", name, "--yes").status == 0
        assert Path(name).read_bytes() != b"mine"
    odd = vecsearch_command("export", "all.xlsx")
    assert (odd.status, odd.err.count("\n")) == (1, 1)
    assert "let it end in .parquet, .jsonl, .csv or .arrow" in odd.err


def test_names_that_are_no_characters_are_shown_and_given_as_json(
    vecsearch_command: Command, place: Path, encoder: CountingEncoder
) -> None:
    Index.create(INDEX, model=encoder).add(["cats purr"])
    odd = "caf\udce9 \x1b[31m"
    for arguments in (["export", odd], ["import", odd, "-i", "new"], ["index", odd], ["info", "-i", odd]):
        for flag in ([], ["--json"]):
            done = vecsearch_command(*arguments, *flag)
            (done.out + done.err).encode()
            assert "\x1b" not in done.out + done.err, arguments


@pytest.mark.skipif(sys.platform != "linux", reason="file names are characters there")
def test_a_file_whose_name_is_no_text_is_named_as_it_can_be(vecsearch_command: Command, place: Path) -> None:
    write(place / "notes" / os.fsdecode(b"caf\xe9.md"), "cats purr\n")
    done = vecsearch_command("index", "notes", "--json")
    (done.out + vecsearch_command("index", "notes").err).encode()
    assert done.status == 1
    assert Path(done.json["failed"][0]["source"]).name.startswith("caf")
