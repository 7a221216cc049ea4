"""`vecsearch verify --repair` for what it can replace only in the current version: it is said once, and ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.writing import write
from vecsearch.storage.lexical.terms import Stemmers

WRONG = "its words are not those of the texts in chunks.parquet"


def test_wrong_words_are_repaired_and_then_go_with_their_version(
    vecsearch_command: Command, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(place / "notes" / "cats.md", "cats purr")
    with monkeypatch.context() as patch:
        patch.setattr(Stemmers, "terms", lambda self, form, number: [self.term(f"{form}x", number)])
        vecsearch_command("index", "notes")
    found = vecsearch_command("verify")
    assert found.status == 1
    assert found.out.splitlines()[0].endswith(f"postings.bin: {WRONG}: verify --repair rebuilds it")
    repaired = vecsearch_command("verify", "--repair").out.splitlines()
    assert repaired[0].startswith("repaired: segments/")
    assert repaired[1].endswith(f"postings.bin: {WRONG}: only past versions use it, and it is removed with them")
    for flags in ([], ["--repair"]):
        again = vecsearch_command("verify", *flags)
        assert (again.status, again.out.splitlines()) == (1, repaired[1:])
    assert vecsearch_command("verify", "--json").json["problems"][0]["past"]
    vecsearch_command("log", "--keep", "1")
    assert vecsearch_command("verify").status == 0
