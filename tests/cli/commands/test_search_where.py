"""`vecsearch search --where`: a condition from the shell, and what is said about one that does not hold water."""

from __future__ import annotations

import pytest

from tests.helpers.commands import Command
from tests.helpers.writing import write_records


@pytest.fixture(autouse=True)
def papers(place, vecsearch_command: Command) -> None:  # type: ignore[no-untyped-def]
    rows = [f'{{"id": "p{year}", "text": "paper {year}", "year": {year}, "lang": "en"}}' for year in (2018, 2020, 2022)]
    write_records(place / "papers.jsonl", rows)
    assert vecsearch_command("index", "papers.jsonl").status == 0


def test_only_what_matches_is_shown(vecsearch_command: Command) -> None:
    done = vecsearch_command("search", "paper", "--where", "year >= 2020 AND lang = 'en'", "--json")
    assert (done.status, done.err) == (0, "")
    assert sorted(hit["document_id"] for hit in done.json["hits"]) == ["p2020", "p2022"]
    none = vecsearch_command("search", "paper", "--where", "year > 2030")
    assert (none.status, none.out) == (1, "nothing found\n")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("yaer > 2020", "the condition names yaer, which no chunk has: did you mean year? the metadata keys here are"),
        ("year = '2020'", "compares year, which holds numbers, with '2020': write as in year = 2020"),
        ("year >", "cannot be parsed at character 6"),
        ('lang = "en"', "a text is written in single quotes"),
        ("", "is empty"),
        ("lang = 'caf\udce9'", "a condition is a text"),
    ],
)
def test_what_is_wrong_with_a_condition_is_said_in_one_line(vecsearch_command: Command, where: str, said: str) -> None:
    done = vecsearch_command("search", "paper", "--where", where)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert done.err.count("\n") == 1
