"""docs/searching.md has every option of a search, and its example of ids runs."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from tests.helpers.loading import set_loader
from tests.helpers.subcommands import named_commands
from vecsearch import Document, Index
from vecsearch.cli.main import cli
from vecsearch.search.options import SearchOptions

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "searching.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [field.name for field in fields(SearchOptions) if field.name != "k"])
def test_an_option_of_a_search_stands_on_the_page_and_is_one_of_the_command(name: str) -> None:
    assert re.search(rf"`{name}\b", PAGE)
    flags = {flag for parameter in named_commands(cli)["search"].params for flag in parameter.opts}
    assert f"--{name.replace('_', '-')}" in flags


def test_the_example_of_ids_runs(tmp_path: Path, encoder, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    set_loader(lambda _: encoder, monkeypatch)
    Index.create("notes.vecsearch", model=encoder).add([Document("a", "reset it"), Document("b", "a lamp")])
    [code] = re.findall(r"^```python\n(.*?)^```$", PAGE.split("## Ids alone\n")[1].split("\n## ")[0], re.M | re.S)
    names: dict[str, object] = {}
    exec(compile(code, "searching.md", "exec"), names)
    assert names["ids"] == ["a#0", "b#0"]
    assert capsys.readouterr().out == "reset it\n"


@pytest.mark.parametrize("page", ["searching.md", "commands.md"])
@pytest.mark.parametrize("flag", ["--ids", "--dense-weight"])
def test_the_pages_on_searches_and_commands_say_what_a_flag_is_for(page: str, flag: str) -> None:
    assert flag in (DOCS / page).read_text(encoding="utf-8")
