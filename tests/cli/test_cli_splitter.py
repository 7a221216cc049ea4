from __future__ import annotations

from pathlib import Path

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder


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
        (["--splitter", "structure"], "was made with --splitter sentences, not structure"),
        (["--no-context"], "was made with --context True, not False"),
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
