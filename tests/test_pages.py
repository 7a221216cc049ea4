"""README and docs/: what they link to exists, and their tables list what there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from tests.helpers.subcommands import named_commands
from tests.test_layers import ROOMS
from vecsearch import Failure, Info, Report
from vecsearch.cli.main import cli
from vecsearch.reports import CachedModel, CacheInfo, NeedsExtra, Problem, Verification, Version
from vecsearch.storage.manifest import Manifest
from vecsearch.storage.rows import SCHEMA

HOUSE = Path(__file__).parents[1]
DOCS = {path.name: path.read_text(encoding="utf-8") for path in sorted((HOUSE / "docs").glob("*.md"))}
PAGES = [*sorted(HOUSE.glob("*.md")), *sorted((HOUSE / "docs").glob("*.md"))]


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its first two lines."""
    below = DOCS[page].split(f"{heading}\n", 1)[1]
    rows = re.search(r"(?:^\|.*\|$\n?)+", below, re.M).group().splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        assert re.match(r"https?://", target) or (page.parent / target).exists(), target
    for target in re.findall(r"`((?:vecsearch|cli|tests|benchmarks|docs)/[\w./-]+)`", text):
        assert (HOUSE / target).exists() or target == "docs/", target


def test_the_format_page_lists_the_columns_of_a_segment() -> None:
    listed = [(names(row[0]), row[1]) for row in table("format.md", "## chunks.parquet")]
    assert [name for cell, _ in listed for name in cell] == [*SCHEMA.names, "metadata.<key>", "metadata"]
    kinds = {"16 bytes": "fixed_size_binary[16]"}
    for cell, kind in listed[:-2]:
        for name in cell:
            words = kind.split(", ")
            assert kinds.get(words[0], words[0]) == str(SCHEMA.field(name).type)
            assert ("null" in words) == SCHEMA.field(name).nullable


def test_the_format_page_lists_the_fields_of_a_manifest() -> None:
    listed = [name for row in table("format.md", "## Manifest") for name in names(row[0])]
    assert sorted(listed) == sorted([*(field.name for field in fields(Manifest)), "format", "checksum"])


def test_the_map_lists_every_room_floor_by_floor() -> None:
    rows = [names(row[0]) for row in table("architecture.md", "## The rooms, from the ground up")]
    listed = [name for row in rows for name in row]
    assert len(listed) == len(set(listed))
    floors = [{name.removesuffix("/").removesuffix(".py") for name in row} for row in rows]
    assert [room for floor in floors for room in sorted(floor)] == [room for floor in ROOMS for room in sorted(floor)]
    for name in listed:
        assert (HOUSE / "vecsearch" / name).exists(), name


def test_the_commands_page_lists_every_command_and_the_keys_of_its_json() -> None:
    listed = {name: names(keys) for cell, keys in table("commands.md", "--json`") for name in names(cell)}
    assert list(listed) == list(named_commands(cli))
    for name, kind in (("index", Report), ("info", Info), ("cache info", CacheInfo)):
        assert listed[name] == [field.name for field in fields(kind)]
    assert listed["verify"] == [*(field.name for field in fields(Verification)), "ok"]
    lists = {cell: names(keys) for cell, keys in table("commands.md", "paths inside the index:")}
    assert lists["`failed`, `skipped`"] == [field.name for field in fields(Failure)]
    assert lists["`skipped` for want of a package"] == [field.name for field in fields(NeedsExtra)]
    assert lists["`versions` of `log`"] == [field.name for field in fields(Version)]
    assert lists["`models` of `cache info`"] == [field.name for field in fields(CachedModel)]
    assert lists["`problems` of `verify`"] == [field.name for field in fields(Problem)]
