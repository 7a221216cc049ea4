"""`vecsearch search`: hits as people read them and as JSON, many questions, nothing that a document could inject."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.helpers.commands import Command, Outcome
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write, write_records
from vecsearch import Document, Index

KEYS = [
    "rank",
    "score",
    "similarity",
    "document_id",
    "chunk_id",
    "source",
    "start",
    "end",
    "line",
    "row",
    "page",
    "place",
    "heading",
    "text",
    "metadata",
]


@pytest.fixture
def notes(place: Path, vecsearch_command: Command) -> Path:
    write(place / "notes" / "cats.md", "# Cats\n\ncats purr\n")
    write(place / "notes" / "dogs.md", "# Dogs\n\ndogs bark\n")
    write_records(place / "notes" / "more.jsonl", ['{"id": "b1", "text": "birds sing", "legs": 2}'])
    assert vecsearch_command("index", "notes").status == 0
    return place / "notes"


def test_hits_are_shown_with_place_heading_similarity_and_text(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("search", "cats purr", "-k", "1")
    assert (done.status, done.err) == (0, "")
    first, *rest = done.out.splitlines()
    assert re.fullmatch(rf" 1\. {re.escape(str(Path('notes', 'cats.md')))}:1 › Cats  similarity 0\.\d\d", first)
    assert rest == ["    cats purr", ""]


def test_a_record_is_shown_with_its_row_id_and_title_and_the_metadata_that_is_asked_for(
    vecsearch_command: Command, place: Path
) -> None:
    write(place / "rows.csv", 'id,title,text,year\n7,"A\ntitle",birds sing,2020\n')
    vecsearch_command("index", "rows.csv")
    done = vecsearch_command("search", "birds", "--show", "year, topic")
    first, metadata, text, _ = done.out.splitlines()
    assert first.startswith(' 1. rows.csv:2 · 7 · "A title"  similarity ')
    assert (metadata.strip(), text.strip()) == ("year: 2020 · topic: none", "birds sing")
    [hit] = vecsearch_command("search", "birds", "--json").json["hits"]
    assert (hit["row"], hit["line"], hit["metadata"]) == (1, 2, {"title": "A\ntitle", "year": "2020"})
    for name in ("rows.csv:2", "7", "7#0"):
        assert vecsearch_command("show", name, "--json").json["document_id"] == "7"


def test_files_and_lines_for_editors(vecsearch_command: Command, notes: Path) -> None:
    files = vecsearch_command("search", "birds sing", "-l").out.splitlines()
    assert files[0] == str(Path("notes", "more.jsonl"))
    assert sorted(files) == sorted(str(Path("notes", name)) for name in ("cats.md", "dogs.md", "more.jsonl"))
    [line] = vecsearch_command("search", "dogs bark", "--vim", "-n", "1").out.splitlines()
    assert line == f"{Path('notes', 'dogs.md')}:1:dogs bark"
    nothing = vecsearch_command("search", "dogs", "-l", "--min-similarity", "2")
    assert nothing == Outcome(1, "", "nothing found\n")
    assert "--ids or -l: give one of them" in vecsearch_command("search", "dogs", "-l", "--ids").err


def test_the_passages_around_a_hit_are_shown(vecsearch_command: Command, place: Path) -> None:
    write(place / "long.txt", "\n\n".join(f"Paragraph {n} has its own words, which are word{n}." for n in range(9)))
    vecsearch_command("index", "long.txt", "--chunk-tokens", "16")
    lines = vecsearch_command("search", "word4", "-n", "1", "-C", "1").out.splitlines()
    assert [line[0] for line in lines[1:-1]] == [" ", "|", " "]
    assert "word4" in lines[2]


def test_hits_as_json_have_the_documented_keys(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("search", "birds sing", "--json")
    assert done.out.count("\n") == 1
    assert list(done.json) == ["query", "hits"]
    assert done.json["query"] == "birds sing"
    assert [list(hit) for hit in done.json["hits"]] == [KEYS] * 3
    assert [hit["rank"] for hit in done.json["hits"]] == [1, 2, 3]
    best = done.json["hits"][0]
    assert (best["document_id"], best["chunk_id"], best["text"]) == ("b1", "b1#0", "birds sing")
    assert (best["source"], best["line"], best["page"], best["metadata"]) == (
        str(notes / "more.jsonl"),
        1,
        None,
        {"legs": 2},
    )
    assert best["score"] == best["similarity"] == pytest.approx(1)


def test_options_reach_the_search(vecsearch_command: Command, notes: Path) -> None:
    def ids(*options: str) -> list[str]:
        return [hit["document_id"] for hit in vecsearch_command("search", "birds", "--json", *options).json["hits"]]

    assert ids("-k", "1") == ["b1"]
    assert ids("--min-similarity", "0.5") == ["b1"]
    assert len(ids("--per-document", "1", "--metric", "dot", "--mode", "dense")) == 3
    dot = vecsearch_command("search", "birds sing", "--json", "--mode", "dense", "--metric", "dot").json["hits"][0][
        "score"
    ]
    assert dot > 5


def test_many_questions_are_read_from_standard_input(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("search", "-", "--json", "-k", "1", stdin="cats\n\n  dogs  \nbirds")
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [answer["query"] for answer in answers] == ["cats", "dogs", "birds"]
    assert [answer["hits"][0]["document_id"] for answer in answers] == ["notes/cats.md", "notes/dogs.md", "b1"]
    titled = vecsearch_command("search", "-", "-k", "1", stdin="cats\nbirds\n").out
    assert [line for line in titled.splitlines() if line in ("cats", "birds")] == ["cats", "birds"]


def test_marks_of_encodings_and_line_ends_are_no_part_of_a_question(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("search", "-", "--json", "-k", "1", stdin="\ufeffcats\r\n\ufeff\r\ndogs\r\ufeffbirds")
    assert [json.loads(line)["query"] for line in done.out.splitlines()] == ["cats", "dogs", "birds"]


def test_a_path_is_deleted_as_it_is_shown_from_any_folder(
    vecsearch_command: Command, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (notes.parent / "other").mkdir()
    monkeypatch.chdir(notes.parent / "other")
    shown = re.search(r"1\. (\S+):1", vecsearch_command("search", "cats", "-k", "1").out).group(1)  # type: ignore[union-attr]
    assert shown == str(Path("..", "notes", "cats.md"))
    assert vecsearch_command("delete", shown, "--json").json == {"deleted": 1, "absent": 0}
    nothing = vecsearch_command("delete", shown, "absent")
    assert (nothing.status, nothing.out) == (1, "0 documents deleted, 2 not in the index\n")


def test_ids_are_lines_that_show_and_a_shell_can_read(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("search", "birds sing", "--ids")
    hits = vecsearch_command("search", "birds sing", "--json").json["hits"]
    assert done == Outcome(0, "".join(f"{hit['chunk_id']}\t{hit['score']:.6f}\n" for hit in hits), "")
    for line in done.out.splitlines():
        assert vecsearch_command("show", line.split("\t")[0]).status == 0


def test_ids_of_many_questions_begin_with_the_number_of_the_question(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("search", "-", "--ids", "-k", "1", stdin="cats\n\nbirds\n")
    assert [line.split("\t")[:2] for line in done.out.splitlines()] == [["1", "notes/cats.md#0"], ["2", "b1#0"]]
    alone = vecsearch_command("search", "-", "--ids", "-k", "1", stdin="birds\n")
    assert alone.out.startswith("1\tb1#0\t")


def test_ids_as_json_have_the_keys_of_hits_that_are_known_without_a_text(
    vecsearch_command: Command, notes: Path
) -> None:
    done = vecsearch_command("search", "birds", "--ids", "--json", "--like", "notes/cats.md", "-k", "2")
    hits = vecsearch_command("search", "birds", "--json", "--like", "notes/cats.md", "-k", "2").json["hits"]
    known = ["rank", "score", "similarity", "document_id", "chunk_id"]
    assert done.json == {"query": "birds", "hits": [{key: hit[key] for key in known} for hit in hits]}
    assert [list(hit) for hit in done.json["hits"]] == [known] * 2


def test_ids_of_what_is_like_an_example_need_no_query(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("search", "--like", "notes/cats.md", "--ids", "--min-similarity", "-1")
    assert {line.split("\t")[0] for line in done.out.splitlines()} == {"notes/dogs.md#0", "b1#0"}
    nothing = vecsearch_command("search", "--like", "notes/cats.md", "--ids", "--min-similarity", "2")
    assert nothing == Outcome(1, "", "")


def test_an_id_with_a_line_break_and_a_tab_is_one_line(
    vecsearch_command: Command, place: Path, encoder: CountingEncoder
) -> None:
    Index.create(place / "odd", model=encoder).add([Document("a\tb\nc\x1b[31m", "birds sing")])
    (line,) = vecsearch_command("search", "birds", "--ids", "-i", "odd").out.splitlines()
    assert line.split("\t")[0] == r"a b c\x1b[31m#0"


@pytest.mark.parametrize("flag", ["--full", "--explain"])
def test_ids_and_what_is_said_of_passages_exclude_each_other(
    vecsearch_command: Command, notes: Path, flag: str
) -> None:
    done = vecsearch_command("search", "cats", "--ids", flag)
    assert (done.status, done.out) == (2, "")
    assert "--ids prints no passages: leave out --full and --explain" in done.err


def test_no_question_on_standard_input_has_no_answer(vecsearch_command: Command, notes: Path) -> None:
    assert vecsearch_command("search", "-", "--json", stdin="\n \n") == Outcome(0, "", "")


def test_nothing_found_is_said_and_status_1(vecsearch_command: Command, notes: Path) -> None:
    done = vecsearch_command("search", "cats", "--min-similarity", "2")
    assert (done.status, done.out) == (1, "nothing found\n")
    assert vecsearch_command("search", "cats", "--min-similarity", "2", "--json").json["hits"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", " "], "empty"),
        (["search", "cats", "-k", "0"], "k is 0"),
        (["search", "caf\udce9"], "surrogate"),
        (["search", "cats", "-i", "nowhere"], "nowhere"),
        (["info", "-i", "nowhere"], "vecsearch index FOLDER"),
        (["delete", "a", "-i", "nowhere"], "nowhere"),
    ],
)
def test_an_error_is_one_line(vecsearch_command: Command, notes: Path, arguments: list[str], message: str) -> None:
    done = vecsearch_command(*arguments)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("vecsearch: ")
    assert done.err.count("\n") == 1
    assert message in done.err


def test_whatever_a_document_holds_no_control_character_reaches_the_terminal(
    vecsearch_command: Command, place: Path, encoder: CountingEncoder
) -> None:
    nasty = "\x1b[31mred\x1b]0;title\x07 \x9b2J bell\x07 back\x08space \u202eturned\u202c \x7f carriage\r return"
    index = Index.create(place / ".vecsearch", model=encoder)
    index.add([Document(f"id {nasty}", f"text {nasty}"), Document("b", f"text {nasty}", source=f"source {nasty}")])
    write(place / "notes" / "heading.md", f"# heading \x1b[31mred\n\ntext {nasty}\n")
    write(place / "notes" / "bad.jsonl", '{"id": "a\x1b[31m"\n')
    said = vecsearch_command("index", "notes")
    assert said.status == 1
    outcomes = [said, vecsearch_command("search", "text"), vecsearch_command("search", "--full", nasty)]
    outcomes.append(vecsearch_command("search", "-", stdin=f"text {nasty}\nother {nasty}\n"))
    outcomes.append(vecsearch_command("index", f"absent {nasty}"))
    for outcome in outcomes:
        said_at_all = outcome.out + outcome.err
        assert not [c for c in said_at_all if c in "\x1b\x07\x08\x7f\x9b\r\u202e\u202c"], said_at_all
    assert len(index.search("text")) == 2


def test_long_passages_are_cut_to_the_lines_about_the_question_unless_asked_in_full(
    vecsearch_command: Command, place: Path
) -> None:
    filler = "\n".join(f"line {i}" for i in range(12))
    write(place / "long.py", f"{filler}\nthe zebra is here\n{filler}")
    vecsearch_command("index", "long.py", "--chunk-tokens", "64")
    short = vecsearch_command("search", "zebra", "-k", "1").out.splitlines()
    assert any("the zebra is here" in line for line in short)
    assert len(short) == 1 + 2 + 1
    full = vecsearch_command("search", "zebra", "-k", "1", "--full").out.splitlines()
    assert len(full) > 10
    assert not any("…" in line for line in full)
