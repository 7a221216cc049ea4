"""`vecsearch map`: a picture from the shell, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.drawings import page_data
from tests.helpers.writing import write_records


@pytest.fixture(autouse=True)
def papers(place: Path, vecsearch_command: Command) -> None:
    rows = [f'{{"id": "p{n}", "text": "paper {n} says word{n}", "even": {str(n % 2 == 0).lower()}}}' for n in range(8)]
    write_records(place / "papers.jsonl", rows)
    assert vecsearch_command("index", "papers.jsonl").status == 0


def test_a_page_is_drawn_here_if_nothing_else_is_said(place: Path, vecsearch_command: Command) -> None:
    done = vecsearch_command("map", "--method", "pca")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("8 chunks drawn to map.html by pca; the two axes have ")
    assert done.out.endswith("% of the variance\n")
    assert any("word7" in text for text in page_data((place / "map.html").read_text(encoding="utf-8"))["text"])


def test_every_option_reaches_the_picture(place: Path, vecsearch_command: Command) -> None:
    flags = ["--method", "pca", "--color", "even", "--where", "document_id <> 'p0'", "--points", "5", "--seed", "2"]
    done = vecsearch_command("map", "-o", "m.svg", *flags, "--query", "word3", "--query", "paper")
    assert done.out.startswith("5 of 7 chunks, a sample with seed 2, and 2 queries drawn to m.svg by pca; the two")
    written = (place / "m.svg").read_text(encoding="utf-8")
    assert written.count("★") == 2
    one = vecsearch_command("map", "--query", "word3")
    assert one.out.startswith("8 chunks and a query drawn to map.html")


def test_json_has_the_report(place: Path, vecsearch_command: Command) -> None:
    done = vecsearch_command("map", "-o", "m.parquet", "--method", "pca", "--color", "even", "--json")
    share = done.json.pop("share")
    assert 0 < share <= 1
    assert done.json["legend"] == {"False": 4, "True": 4}
    assert (done.json["file"], done.json["points"], done.json["queries"]) == ("m.parquet", 8, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "map.pdf"], "map.pdf: a map cannot be written as this type"),
        (["--color", "evn"], "color is 'evn', which no chunk has: did you mean even?"),
        (["--where", "evn"], "names evn, which no chunk has"),
        (["--query", ""], "the query is empty"),
        (["--points", "1"], "points is 1, expected a whole number of at least 2"),
        (["-i", "nowhere"], "no index at nowhere"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(vecsearch_command: Command, arguments: list[str], said: str) -> None:
    done = vecsearch_command("map", *arguments)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert done.err.count("\n") == 1
