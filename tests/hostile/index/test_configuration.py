"""A file of options that comes with an index."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index


@pytest.mark.parametrize("name", ["vecsearch.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    "line",
    [
        "model = 'openai:m@http://127.0.0.1:9'",
        "output = 'precious'",
        "rerank = 'x'",
        "[search]\nmodel = 'x'",
        "yes = true",
    ],
)
def test_cannot_set_where_texts_or_files_go_by_a_file_beside_it(
    place: Path, vecsearch_command: Command, name: str, line: str
) -> None:
    with Index.create(place / "theirs", model=CountingEncoder()) as index:
        index.add([Document("a", "heron")])
    head = "" if name == "vecsearch.toml" else "[tool.vecsearch]\n"
    text = line.replace("[search]", "[tool.vecsearch.search]") if head and line.startswith("[") else head + line
    (place / name).write_text(text)
    for command in (("search", "heron"), ("info",), ("delete", "a")):
        done = vecsearch_command(*command, "-i", place / "theirs")
        assert (done.status, done.out) == (1, "")
        assert "which a file beside an index may not" in done.err
    assert Index.open(place / "theirs").document_ids() == ["a"]
