"""`vecsearch trust`: what is trusted is listed, added and removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import Command
from vecsearch.trust import read_trust, trust_file, trusts_address

URL = "http://gpu:8000/v1"


def test_an_address_is_trusted_from_then_on_and_no_longer_when_it_is_removed(vecsearch_command: Command) -> None:
    done = vecsearch_command("trust", f"{URL.upper().replace('V1', 'v1')}/")
    assert (done.status, done.out, done.err) == (0, f"{URL} is trusted\n", "")
    assert trusts_address(URL)
    assert vecsearch_command("trust", URL).out == f"{URL} is trusted\n"
    assert vecsearch_command("trust").out == f"{URL}\n"
    assert vecsearch_command("trust", "--remove", URL).out == f"{URL} is no longer trusted\n"
    assert vecsearch_command("trust", "--remove", URL).out == f"{URL} was not trusted\n"
    assert not trusts_address(URL)


def test_a_models_name_has_its_address(vecsearch_command: Command) -> None:
    assert vecsearch_command("trust", f"openai:bge-m3@{URL}").out == f"{URL} is trusted\n"


def test_a_folder_is_trusted_by_its_whole_path(vecsearch_command: Command, place: Path) -> None:
    (place / "theirs").mkdir()
    assert vecsearch_command("trust", "theirs").out == f"{place / 'theirs'} is trusted\n"
    (place / "theirs").rmdir()
    assert vecsearch_command("trust", "theirs", "--remove").out == f"{place / 'theirs'} is no longer trusted\n"


def test_json_has_the_file_and_both_lists(vecsearch_command: Command, place: Path) -> None:
    nothing = {"addresses": [], "folders": [], "roots": []}
    assert vecsearch_command("trust", "--json").json == {"path": str(trust_file()), **nothing}
    vecsearch_command("trust", URL)
    vecsearch_command("trust", ".")
    found = vecsearch_command("trust", "--json").json
    assert found == {"path": str(trust_file()), "addresses": [URL], "folders": [str(place)], "roots": []}
    assert vecsearch_command("trust", "--remove", ".", "--json").json == {**found, "folders": []}


def test_nothing_is_said_to_be_trusted(vecsearch_command: Command) -> None:
    assert vecsearch_command("trust").out == "nothing is trusted\n"
    assert not trust_file().exists()


@pytest.mark.parametrize(
    "entry", ["no-such-folder", "htp://host", "http://me:pw@host/v1", "http://", "localhost:8000", "", "-1"]
)
def test_what_is_neither_is_one_line_and_nothing_is_trusted(vecsearch_command: Command, entry: str) -> None:
    done = vecsearch_command("trust", "--", entry)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert "pw" not in done.err
    assert read_trust().addresses == ()


def test_removing_nothing_is_wrong_usage(vecsearch_command: Command) -> None:
    assert vecsearch_command("trust", "--remove").status == 2


def test_a_configuration_that_cannot_be_written_is_one_line(
    vecsearch_command: Command, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "file").write_text("no folder")
    monkeypatch.setenv("VECSEARCH_CONFIG", str(place / "file" / "config"))
    done = vecsearch_command("trust", URL)
    assert (done.status, done.err.count("\n")) == (1, 1)
