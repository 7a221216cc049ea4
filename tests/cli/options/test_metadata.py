"""`vecsearch index --meta`: what is typed gets a type, and every document has it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.commands import Command
from tests.helpers.writing import write
from vecsearch.cli.options.metadata import parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42),
        ("-7", -7),
        ("0", 0),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("true", True),
        ("false", False),
        ("2024-05-31", date(2024, 5, 31)),
        ("apollo", "apollo"),
        ("", ""),
        ("007", "007"),
        ('"42"', "42"),
        ('"', '"'),
        ("2024-02-31", "2024-02-31"),
        ("1e999", "1e999"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("True", "True"),
        ("1.2.3", "1.2.3"),
        ("٤٢", "٤٢"),
        ("9" * 19, "9" * 19),
        ("a=b", "a=b"),
    ],
)
def test_a_value_has_the_type_that_it_looks_like(text: str, value: object) -> None:
    found = parse_value(text)
    assert (found, type(found)) == (value, type(value))


@given(st.text())
def test_a_quoted_value_is_the_text_itself(text: str) -> None:
    assert parse_value(f'"{text}"') == text


@given(st.integers(-(10**18) + 1, 10**18 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.dates())
def test_a_value_that_is_written_out_is_read_as_what_it_was(value: object) -> None:
    found = parse_value(str(value))
    assert (found, type(found)) == (value, type(value))


def test_every_document_has_the_metadata_and_can_be_found_by_it(vecsearch_command: Command, place: Path) -> None:
    write(place / "notes" / "a.md", "alpha")
    done = vecsearch_command("index", "notes", "--meta", "team=cats", "--meta", "year=2024", "--meta", "url=a?b=c")
    assert done.status == 0
    [hit] = vecsearch_command("search", "alpha", "--where", "year > 2020 AND team = 'cats'", "--json").json["hits"]
    assert {"team": "cats", "year": 2024, "url": "a?b=c", "name": "a.md"}.items() <= hit["metadata"].items()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["team"], "'team' is not KEY=VALUE"),
        (["=x"], "'=x' is not KEY=VALUE"),
        (["team=a", "team=b"], "team is given twice"),
    ],
)
def test_what_is_no_pair_is_wrong_usage(vecsearch_command: Command, place: Path, given: list[str], words: str) -> None:
    done = vecsearch_command("index", ".", *(part for pair in given for part in ("--meta", pair)))
    assert (done.status, words in done.err, list(place.iterdir())) == (2, True, [])
