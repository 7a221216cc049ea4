"""Names of files in what is reported about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.forging import HOSTILE, unseen

every_name = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


def create(folder: Path, name: str, content: bytes) -> None:
    """Create a file, or skip the test where the system refuses such a name."""
    folder.mkdir(exist_ok=True)
    try:
        (folder / name.replace("/", "")).write_bytes(content)
    except OSError:
        pytest.skip("this system has no such names")


@every_name
@pytest.mark.parametrize(
    ("suffix", "content"), [(".pdf", b"%PDF-1.7 broken"), (".bin", b"\0\1"), (".jsonl", b'{"text": 1}\n')]
)
def test_cannot_forge_a_line_by_the_name_of_a_file_that_is_not_read(
    place: Path, text: str, suffix: str, content: bytes, vecsearch_command: Command
) -> None:
    create(place / "notes", f"x{text}{suffix}", content)
    (place / "notes" / "good.md").write_text("A heron.")
    for form in ((), ("--json",)):
        said = vecsearch_command("index", "notes", *form)
        assert not unseen(said.out + said.err)
        assert "vecsearch: no problems" not in (said.out + said.err).split("\n")
        assert said.out + said.err


@every_name
def test_cannot_forge_a_line_by_a_name_that_is_no_option(place: Path, text: str, vecsearch_command: Command) -> None:
    create(place, f"--x{text}", b"")
    for name in place.iterdir():
        said = vecsearch_command("index", name.name)
        assert said.status == 2
        assert not unseen(said.err)
        assert "vecsearch: no problems" not in said.err.split("\n")


@every_name
def test_cannot_forge_a_line_by_a_name_that_does_not_exist(place: Path, text: str, vecsearch_command: Command) -> None:
    said = vecsearch_command("index", f"notes{text}")
    assert said.status in (1, 2)
    assert not unseen(said.err)
    assert "vecsearch: no problems" not in said.err.split("\n")
