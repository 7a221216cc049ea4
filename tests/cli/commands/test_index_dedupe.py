"""`vecsearch index --dedupe` and `--drop-boilerplate`: what is said several times is named, or left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.made_files import pdf
from tests.helpers.writing import write


def needs_rensa() -> None:
    pytest.importorskip("rensa", reason="the package that makes MinHash sketches")


@pytest.mark.parametrize(("how", "kind", "added"), [("report", "near-duplicate", 13), ("collapse", "left out", 1)])
def test_what_repeats_another_document_is_named(
    vecsearch_command: Command, place: Path, how: str, kind: str, added: int
) -> None:
    needs_rensa()
    for number in range(13):
        write(place / "notes" / f"{number:02}.md", "the same words in every file")
    done = vecsearch_command("index", "notes", "--dedupe", how)
    lines = done.out.splitlines()
    assert (done.status, done.err) == (0, "")
    assert lines[0] == f"{kind}: notes/01.md repeats notes/00.md (similarity 1.00)"
    assert lines[10] == "and 2 more; --json lists them all"
    assert f"{added} added" in done.out
    assert ("12 chunks with the text of another document" in done.out) is (how == "report")


def test_json_lists_all_of_them(vecsearch_command: Command, place: Path) -> None:
    needs_rensa()
    for name in "ab":
        write(place / "notes" / f"{name}.md", "the same words")
    found = vecsearch_command("index", "notes", "--dedupe", "report", "--json").json
    assert found["duplicates"] == 1
    assert found["near_duplicates"] == [
        {"document_id": "notes/b.md", "before": "notes/a.md", "similarity": 1.0, "left_out": False}
    ]


def test_running_titles_are_not_encoded_when_that_is_asked_for(
    vecsearch_command: Command, place: Path, encoder: CountingEncoder
) -> None:
    pytest.importorskip("pypdfium2", reason="the package that reads PDF")
    (place / "a.pdf").write_bytes(pdf([f"Running title\nAbout {name}." for name in ("cats", "dogs", "fish", "birds")]))
    assert vecsearch_command("index", "a.pdf", "--drop-boilerplate").status == 0
    assert encoder.encoded
    assert not any("Running" in text for text in encoder.encoded)
