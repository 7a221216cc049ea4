"""Flags for a new index: they are kept, and an existing index is held to them."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Index


def test_the_splitter_and_the_context_of_a_new_index_are_kept_and_not_changed_afterwards(
    vecsearch_command: Command, place: Path, encoder: CountingEncoder
) -> None:
    encoder.max_tokens = 254
    (place / "notes").mkdir()
    (place / "notes" / "ships.md").write_text("# Ships\n\n" + "Ships float on water. " * 40, encoding="utf-8")
    made = vecsearch_command("index", "notes", "--splitter", "sentences", "--context")
    assert (made.status, made.err) == (0, "")
    info = vecsearch_command("info", "--json").json
    assert (info["splitter"], info["context"], info["chunk_tokens"]) == ("sentences", True, 32)
    assert "overlap 0, cut by sentences, encoded under their titles" in vecsearch_command("info").out
    assert vecsearch_command("index", "notes", "--splitter", "sentences", "--context").status == 0
    assert vecsearch_command("index", "notes").status == 0
    for flags, said in (
        (["--splitter", "structure"], "was created with --splitter sentences, not structure"),
        (["--no-context"], "was created with --context True, not False"),
    ):
        refused = vecsearch_command("index", "notes", *flags)
        assert refused.status == 1
        assert said in refused.err


def test_a_splitter_that_there_is_not_is_refused(vecsearch_command: Command, place: Path) -> None:
    (place / "notes").mkdir()
    refused = vecsearch_command("index", "notes", "--splitter", "words")
    assert refused.status == 2
    assert "'structure', 'sentences', 'semantic'" in refused.err


def test_an_index_is_cut_along_structure_and_encoded_alone_by_default(vecsearch_command: Command, place: Path) -> None:
    (place / "notes").mkdir()
    (place / "notes" / "ships.md").write_text("# Ships\n\nShips float.", encoding="utf-8")
    vecsearch_command("index", "notes")
    info = vecsearch_command("info", "--json").json
    assert (info["splitter"], info["context"]) == ("structure", False)


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
    assert (refused.status, "was created with --keep-text True, not False" in refused.err) == (1, True)
