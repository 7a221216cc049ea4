"""`vecsearch index`, `info` and `delete`: what they do, what they say, as text and as JSON, and where the index is."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import content_of, write, write_records
from vecsearch import Index, Info, Report


@pytest.fixture
def notes(place: Path) -> Path:
    write(place / "notes" / "cats.md", "# Cats\n\ncats purr\n")
    write(place / "notes" / "dogs.md", "# Dogs\n\ndogs bark\n")
    return place / "notes"


def test_a_folder_is_indexed_and_the_summary_counts(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("index", "notes")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(".vecsearch: 2 added in ")
    assert "2 chunks: 2 encoded, 0 cached" in done.out
    again = vecsearch_command("index", "notes")
    assert (again.status, again.out.splitlines()[0].split(" in ")[0]) == (0, ".vecsearch: 2 unchanged")


def test_indexing_nothing_says_so(vecsearch_command: Command, place: Path) -> None:
    (place / "empty").mkdir()
    done = vecsearch_command("index", "empty")
    assert (done.status, "nothing to index" in done.out) == (0, True)


def test_a_report_as_json_has_the_fields_of_a_report(vecsearch_command: Command, notes: Path) -> None:
    write(notes / "empty.md", "")
    write_records(notes / "bad.jsonl", ['{"id": "x", "text": "fine"}', "{"])
    done = vecsearch_command("index", "notes", "--json")
    assert list(done.json) == [field.name for field in fields(Report)]
    assert (done.json["added"], done.json["chunks"], done.json["encoded"]) == (3, 3, 3)
    assert done.json["failed"][0]["source"] == str(notes / "bad.jsonl:2")
    assert set(done.json["failed"][0]) == set(done.json["skipped"][0]) == {"source", "reason"}
    assert done.json["skipped"] == [{"source": str(notes / "empty.md"), "reason": "empty file"}]
    assert (done.status, done.err) == (1, "")


def test_documents_that_failed_are_named_and_the_rest_is_committed(vecsearch_command: Command, notes: Path) -> None:
    write_records(notes / "bad.jsonl", ['{"id": "x", "text": "fine"}', *["{"] * 14])
    done = vecsearch_command("index", "notes")
    assert done.status == 1
    lines = done.err.splitlines()
    assert lines[0].startswith(f"failed: {Path('notes', 'bad.jsonl')}:2: not valid JSON")
    assert (len(lines), lines[-1]) == (11, "failed: and 4 more; --json lists them all")
    assert "3 added" in done.out
    assert vecsearch_command("info", "--json").json["documents"] == 3


def test_pictures_in_a_folder_are_one_line_and_all_in_the_json(vecsearch_command: Command, notes: Path) -> None:
    for name in ("a.png", "deep/b.png", "deep/c.png"):
        write(notes / name, b"\x89PNG\r\n\x1a\n\x00")
    write(notes / "empty.md", "")
    done = vecsearch_command("index", "notes")
    assert (done.status, done.err.splitlines()) == (
        0,
        [
            f"skipped: 3 such as {Path('notes', 'a.png')}: binary file (PNG); --json lists them all",
            f"skipped: {Path('notes', 'empty.md')}: empty file",
        ],
    )
    write(notes / "d.png", b"\x89PNG\r\n\x1a\n\x00 changed")
    for name in ("a.png", "deep/b.png", "deep/c.png"):
        write(notes / name, b"\x89PNG\r\n\x1a\n\x00 too")
    skipped = vecsearch_command("index", "notes", "--json").json["skipped"]
    names = ("a.png", "d.png", "deep/b.png", "deep/c.png")
    assert skipped == [{"source": str(notes / name), "reason": "binary file (PNG)"} for name in names]


def test_a_picture_that_was_named_has_a_line_of_its_own(vecsearch_command: Command, notes: Path) -> None:
    for name in ("a.png", "b.png", "c.png", "d.png"):
        write(notes.parent / "pictures" / name, b"\x89PNG\r\n\x1a\n\x00")
    named = [str(Path("pictures", name)) for name in ("a.png", "b.png")]
    done = vecsearch_command("index", *named, "notes")
    assert done.err.splitlines() == [f"skipped: {name}: binary file (PNG)" for name in named]


def test_a_dry_run_says_what_would_be_and_makes_nothing(vecsearch_command: Command, notes: Path, place: Path) -> None:
    done = vecsearch_command("index", "notes", "--dry-run")
    assert (done.status, ".vecsearch: would be: 2 added" in done.out) == (0, True)
    assert sorted(path.name for path in place.iterdir()) == ["notes"]
    vecsearch_command("index", "notes")
    write(notes / "cats.md", "cats meow")
    before = content_of(place)
    assert vecsearch_command("index", "notes", "--dry-run", "--json").json["updated"] == 1
    assert content_of(place) == before


def test_options_of_a_new_index_are_kept_and_not_changed_afterwards(vecsearch_command: Command, notes: Path) -> None:
    vecsearch_command("index", "notes", "--chunk-tokens", "32", "--overlap", "4")
    info = vecsearch_command("info", "--json").json
    assert (info["chunk_tokens"], info["overlap"]) == (32, 4)
    assert vecsearch_command("index", "notes", "--chunk-tokens", "32").status == 0
    for flag, value, has in (("--chunk-tokens", "16", "32"), ("--overlap", "0", "4")):
        refused = vecsearch_command("index", "notes", flag, value)
        assert refused.status == 1
        assert f"was created with {flag} {has}, not {value}" in refused.err


def test_the_language_and_the_recall_of_a_new_index_are_kept_and_said(vecsearch_command: Command, notes: Path) -> None:
    assert vecsearch_command("index", "notes", "--language", "de", "--recall", "0.9").status == 0
    info = vecsearch_command("info", "--json").json
    assert (info["language"], info["recall"]) == ("de", 0.9)
    assert "words  language de" in vecsearch_command("info").out
    assert vecsearch_command("index", "notes", "--language", "de", "--recall", "0.9").status == 0
    for flag, value, has in (("--language", "en", "de"), ("--recall", "1.0", "0.9")):
        refused = vecsearch_command("index", "notes", flag, value)
        assert (refused.status, refused.out) == (1, "")
        assert f"was created with {flag} {has}, not {value}" in refused.err


def test_unless_told_the_language_is_found_out_and_the_recall_high(vecsearch_command: Command, notes: Path) -> None:
    vecsearch_command("index", "notes")
    info = vecsearch_command("info", "--json").json
    assert (info["language"], info["recall"]) == ("auto", 0.99)


@pytest.mark.parametrize(
    ("flag", "value", "status", "said"),
    [
        ("--language", "klingon", 1, "language is 'klingon', expected one of: auto, "),
        ("--language", "EN", 1, "language is 'EN', expected one of: auto, "),
        ("--language", "", 1, "language is '', expected one of: auto, "),
        ("--recall", "0", 1, "recall is 0.0, expected a number above 0 and at most 1 (1: exact search)"),
        ("--recall", "1.01", 1, "recall is 1.01, expected"),
        ("--recall", "nan", 1, "recall is nan, expected"),
        ("--recall", "most", 2, "'most' is not a valid float"),
    ],
)
def test_a_language_or_recall_that_cannot_be_makes_no_index(
    vecsearch_command: Command, notes: Path, place: Path, flag: str, value: str, status: int, said: str
) -> None:
    done = vecsearch_command("index", "notes", flag, value)
    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert [path.name for path in place.iterdir()] == ["notes"]


def test_include_and_exclude_choose_files(vecsearch_command: Command, notes: Path) -> None:
    write(notes / "birds.txt", "birds sing")
    report = vecsearch_command("index", "notes", "--include", "*.md", "--include", "*.txt", "--exclude", "d*", "--json")
    assert report.json["added"] == 2


def test_the_fields_of_records_can_be_named(vecsearch_command: Command, place: Path) -> None:
    write(place / "a.csv", "key,body,name\nk,alpha,Greek\n")
    refused = vecsearch_command("index", "a.csv")
    assert (refused.status, "--id-field" in refused.err) == (1, True)
    done = vecsearch_command("index", "a.csv", "--id-field", "key", "--text-field", "body", "--title-field", "name")
    assert done.status == 0
    assert vecsearch_command("search", "alpha", "--json").json["hits"][0]["text"] == "Greek alpha"


def test_info_says_what_the_index_holds(vecsearch_command: Command, notes: Path, place: Path) -> None:
    vecsearch_command("index", "notes")
    info = vecsearch_command("info", "--json").json
    assert list(info) == [field.name for field in fields(Info)]
    assert (info["documents"], info["chunks"], info["files"], info["dim"]) == (2, 2, 2, 32)
    text = vecsearch_command("info")
    assert text.status == 0
    for words in ("2 from 2 files", "counting, 32 dimensions", "cosine", "0 deleted chunks", "of at most 64 tokens"):
        assert words in text.out


def test_delete_counts_what_was_there_and_what_was_not(vecsearch_command: Command, notes: Path) -> None:
    vecsearch_command("index", "notes")
    done = vecsearch_command("delete", "notes/cats.md", "absent", "absent")
    assert (done.status, done.out) == (0, "1 document deleted, 1 not in the index\n")
    assert vecsearch_command("delete", "notes/dogs.md", "x", "--json").json == {"deleted": 1, "absent": 1}
    assert vecsearch_command("delete", "caf\udce9").out == "0 documents deleted, 1 not in the index\n"


def test_a_path_that_is_not_there_is_an_error_that_leaves_nothing(vecsearch_command: Command, place: Path) -> None:
    done = vecsearch_command("index", "tpyo")
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert "tpyo" in done.err
    assert list(place.iterdir()) == []


def test_the_index_is_where_the_flag_says_then_the_environment_then_the_nearest_upwards(
    vecsearch_command: Command, notes: Path, place: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def path() -> str:
        return str(Path(vecsearch_command("info", "--json").json["path"]).resolve())

    vecsearch_command("index", "notes")
    assert path() == str(place / ".vecsearch")
    (notes / "deep").mkdir()
    monkeypatch.chdir(notes / "deep")
    assert path() == str(place / ".vecsearch")
    Index.create(notes / ".vecsearch", model=encoder)
    assert path() == str(notes / ".vecsearch")
    Index.create(place / "named", model=encoder)
    monkeypatch.setenv("VECSEARCH_INDEX", str(place / "named"))
    assert path() == str(place / "named")
    flagged = vecsearch_command("info", "--json", "-i", place / ".vecsearch").json
    assert flagged["path"] == str(place / ".vecsearch")
    monkeypatch.setenv("VECSEARCH_INDEX", str(place / "nowhere"))
    missing = vecsearch_command("info")
    assert (missing.status, "nowhere" in missing.err) == (1, True)
