"""Lines of standard input that are no text: each loses its own answer, and no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.commands import Command, Outcome
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index

Asked = Callable[..., Outcome]


@pytest.fixture
def ask(vecsearch_command: Command, place: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Runs `search -` with bytes as standard input."""
    Index.create(place / ".vecsearch", model=encoder).add([Document("a", "cats purr"), Document("b", "dogs bark")])

    def run(data: bytes, *options: str) -> Outcome:
        class Bytes(str):
            """A text that is these bytes, whatever they are."""

            def encode(self, *_: object) -> bytes:
                return data

        return vecsearch_command("search", "-", *options, stdin=Bytes())

    return run


@pytest.mark.parametrize("bad", [b"caf\xe9", b"\xff", b"\xed\xa0\x80", b"cats \xf0\x9f", b"\x80" * 1_000])
@pytest.mark.parametrize("place_of_it", [0, 1, 2])
def test_cannot_lose_other_answers_by_a_byte_that_is_no_text(ask: Asked, bad: bytes, place_of_it: int) -> None:
    lines = [b"cats", b"dogs"]
    lines.insert(place_of_it, bad)
    outcome = ask(b"\n".join(lines) + b"\n", "--json", "-k", "1")
    assert [json.loads(line)["query"] for line in outcome.out.splitlines()] == ["cats", "dogs"]
    assert outcome.status == 1
    (error,) = outcome.err.splitlines()
    assert error.startswith(f"Error: query {place_of_it + 1} (")
    assert "is not UTF-8" in error
    assert len(error) < 400


def test_cannot_be_taken_for_an_answer_when_no_line_is_text(ask: Asked) -> None:
    outcome = ask(b"\xff\n\xfe\n", "--ids")
    assert (outcome.status, outcome.out) == (1, "")
    assert len(outcome.err.splitlines()) == 2
