"""docs/metadata.md says what is so: its example runs, each of its conditions finds what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.loading import set_loader
from vecsearch import Index
from vecsearch.cli.options.metadata import parse_value

PAGE = (Path(__file__).parents[2] / "docs" / "metadata.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line[1:-1].split("|")] for line in re.findall(r"^\|.*\|$", PAGE, re.M)]
KINDS = {"a boolean": "bool", "an integer": "int", "a number": "float", "a date": "date", "a text": "str"}


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> Index:
    """The index of the page's example; the model is a counting one."""
    monkeypatch.chdir(tmp_path)
    set_loader(lambda _: encoder, monkeypatch)
    [code] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
    names: dict[str, object] = {}
    exec(compile(code, "metadata.md", "exec"), names)
    assert names["ids"] == ["notes/cats.md"]
    assert isinstance(names["index"], Index)
    return names["index"]


def test_each_condition_finds_what_the_page_says(index: Index) -> None:
    examples = [(row[-2].strip("`"), row[-1]) for row in ROWS if re.match(r"notes/|fish-1", row[-1])]
    assert len(examples) == 10
    for where, found in examples:
        assert ", ".join(sorted(index.document_ids(where), key=lambda i: (i == "fish-1", i))) == found, where


def test_values_have_the_types_that_the_page_says() -> None:
    rows = [(re.findall("`([^`]+)`", row[0]), row[1].split(",")[0]) for row in ROWS if row[1].split(",")[0] in KINDS]
    assert len(rows) == 5
    for values, kind in rows:
        for value in values:
            assert type(parse_value(value)).__name__ == KINDS[kind], value
