"""`vecsearch index --keep-text`: an index is made with it or without, and stays so."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Index


def test_an_index_keeps_texts_when_it_was_made_so(
    vecsearch_command: Command, place: Path, encoder: CountingEncoder
) -> None:
    write(place / "notes" / "a.md", "alpha")
    assert vecsearch_command("index", "notes", "--keep-text").status == 0
    assert "1 from 1 file, texts kept" in vecsearch_command("info").out
    assert Index.open(place / ".vecsearch", model=encoder).text("notes/a.md") == "alpha"
    write(place / "notes" / "b.md", "beta")
    assert vecsearch_command("index", "notes").status == 0
    assert Index.open(place / ".vecsearch", model=encoder).text("notes/b.md") == "beta"
    refused = vecsearch_command("index", "notes", "--no-keep-text")
    assert (refused.status, "was made with --keep-text True, not False" in refused.err) == (1, True)
