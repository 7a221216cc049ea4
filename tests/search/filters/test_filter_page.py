"""docs/filters.md says what is so: its example runs, each of its conditions finds what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.loading import set_loader
from vecsearch import Index
from vecsearch.search.filters.binding import BUILT_IN
from vecsearch.search.filters.values import Kind

PAGE = (Path(__file__).parents[3] / "docs" / "filters.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line[1:-1].split("|")] for line in re.findall(r"^\|.*\|$", PAGE, re.M)]
EXAMPLES = [(row[-2].strip("`"), row[-1]) for row in ROWS if re.fullmatch("[a-d, ]*", row[-1])]


@pytest.fixture
def example(tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the page's example leaves behind; the model is a counting one."""
    monkeypatch.chdir(tmp_path)
    set_loader(lambda _: encoder, monkeypatch)
    [code] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)
    names: dict[str, Any] = {}
    exec(compile(code, "filters.md", "exec"), names)
    return names


def test_the_example_runs(example: dict[str, Any]) -> None:
    assert [hit.document_id for hit in example["hits"]] == ["c"]
    assert (example["count"], example["ids"]) == (2, ["b", "c"])


def test_each_condition_finds_what_the_page_says(example: dict[str, Any]) -> None:
    index: Index = example["index"]
    assert len(EXAMPLES) > 25
    for where, found in EXAMPLES:
        assert ", ".join(index.document_ids(where)) == found, where


def test_the_page_names_every_column_and_every_type() -> None:
    first = [row[0].strip("`") for row in ROWS]
    assert [name for name in first if name in BUILT_IN] == list(BUILT_IN)
    assert [name for name in first if name in {kind.value for kind in Kind}] == [kind.value for kind in Kind]
