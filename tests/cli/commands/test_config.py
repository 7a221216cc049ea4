"""Values for options from the environment and from files: who wins, what is refused, and how it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index


@pytest.fixture
def own(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own file; it does not exist yet."""
    monkeypatch.setenv("VECSEARCH_CONFIG", str(place / "own"))
    (place / "own").mkdir()
    with Index.create(place / ".vecsearch", model=CountingEncoder()) as index:
        index.add(Document(f"d{number}", f"heron {number}") for number in range(20))
    return place / "own" / "config.toml"


def hits(vecsearch_command: Command, *arguments: str) -> int:
    done = vecsearch_command("search", "heron", "--ids", *arguments)
    assert done.status == 0, done.err
    return done.out.count("\n")


def test_the_command_line_wins_over_the_environment_over_the_project_over_the_user(
    own: Path, place: Path, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hits(vecsearch_command) == 10
    own.write_text("limit = 8\n")
    assert hits(vecsearch_command) == 8
    own.write_text("limit = 8\n[search]\nlimit = 7\n")
    assert hits(vecsearch_command) == 7
    (place / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.vecsearch]\nlimit = 6\n')
    assert hits(vecsearch_command) == 6
    (place / "vecsearch.toml").write_text("limit = 5\n")
    assert hits(vecsearch_command) == 5
    monkeypatch.setenv("VECSEARCH_LIMIT", "4")
    assert hits(vecsearch_command) == 4
    assert hits(vecsearch_command, "-n", "3") == 3


def test_each_value_is_shown_with_where_it_comes_from(
    own: Path, place: Path, vecsearch_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no option has a value" in vecsearch_command("config").out
    own.write_text('model = "other"\n[map]\nseed = 3\n')
    (place / "vecsearch.toml").write_text('exclude = ["*.tmp"]\n')
    monkeypatch.setenv("VECSEARCH_MIN_SIMILARITY", "0.2")
    assert vecsearch_command("config").out.splitlines() == [
        "min-similarity = '0.2'  ($VECSEARCH_MIN_SIMILARITY)",
        f"exclude = ['*.tmp']  ({place / 'vecsearch.toml'})",
        f"model = 'other'  ({own})",
        f"map.seed = 3  ({own})",
    ]
    shown = vecsearch_command("config", "--json").json
    assert shown["file"] == str(own)
    assert shown["settings"][1] == {
        "command": None,
        "option": "exclude",
        "value": ["*.tmp"],
        "source": str(place / "vecsearch.toml"),
    }


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("own", "limit = ", "cannot be read: "),
        ("own", "\xff", "cannot be read: "),
        ("own", "[serach]\nlimit = 1\n", "sets serach, an unknown command: did you mean search?"),
        ("own", "limt = 1\n", "sets limt, an unknown option: did you mean limit?"),
        ("own", "[search]\nchunk-tokens = 9\n", "sets chunk-tokens, an unknown option"),
        ("project", "limt = 1\n", "sets limt, an unknown option: did you mean limit?"),
        ("project", "output = '/etc/passwd'\n", "sets output, which a file beside an index may not"),
    ],
)
def test_what_a_file_cannot_set_is_one_clear_line(
    own: Path, place: Path, vecsearch_command: Command, file: str, text: str, said: str
) -> None:
    path = own if file == "own" else place / "vecsearch.toml"
    path.write_bytes(text.encode("latin-1"))
    done = vecsearch_command("config")
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith(f"vecsearch: {path} ")
    assert said in done.err


def test_a_value_of_a_wrong_kind_is_wrong_usage(own: Path, vecsearch_command: Command) -> None:
    own.write_text('limit = "many"\n')
    done = vecsearch_command("search", "heron")
    assert done.status == 2
    assert "'many' is not a valid integer" in done.err


def test_settings_of_a_file_are_for_new_indexes_alone(own: Path, place: Path, vecsearch_command: Command) -> None:
    (place / "notes").mkdir()
    (place / "notes" / "a.md").write_text("a heron")
    (place / "vecsearch.toml").write_text("[index]\nchunk-tokens = 48\nexclude = '*.tmp'\n")
    assert vecsearch_command("index", "notes").status == 0
    assert Index.open(place / ".vecsearch").info().chunk_tokens != 48
    assert vecsearch_command("index", "notes", "-i", "new").status == 0
    assert Index.open(place / "new").info().chunk_tokens == 48
    done = vecsearch_command("index", "notes", "--chunk-tokens", "48")
    assert "was created with --chunk-tokens" in done.err
