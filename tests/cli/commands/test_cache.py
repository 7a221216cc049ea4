"""`vecsearch cache info`, `clear` and `prune`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch.models import Cache
from vecsearch.reports import CachedModel, CacheInfo

COUNTING = CountingEncoder()


@pytest.fixture
def indexed(place: Path, vecsearch_command: Command, cache_folder: Path) -> Iterator[Path]:
    """The cache folder after three chunks were encoded and a file was derived from a model.

    Another reader keeps the cache open, such that its log is there before and after a command.
    """
    for name in ("cats", "dogs", "birds"):
        write(place / "notes" / f"{name}.md", f"{name} are animals\n")
    assert vecsearch_command("index", "notes").status == 0
    write(cache_folder / "models" / "graph", "0" * 2_000_000)
    reader = Cache()
    assert reader.info().vectors == 3
    yield cache_folder
    del reader


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_info_says_what_is_kept_and_of_which_model(vecsearch_command: Command, indexed: Path) -> None:
    done = vecsearch_command("cache", "info")
    assert (done.status, done.err) == (0, "")
    path, disk, vectors, model, derived = lines(done.out)
    assert path == f"cache {indexed / 'vectors-2.sqlite'}"
    assert disk.endswith("MB of at most 10,000 MB")
    assert vectors.startswith("vectors 3, the oldest used 20")
    assert model.startswith(f"model counting ({COUNTING.fingerprint[:12]}): 3 vectors, 0.0 MB, last used 20")
    assert derived == "derived 2.0 MB of files derived from models"


def test_info_as_json_has_what_the_library_says(vecsearch_command: Command, indexed: Path) -> None:
    found = vecsearch_command("cache", "info", "--json").json
    assert list(found) == [field.name for field in fields(CacheInfo)]
    assert found["bytes"] == sum(path.stat().st_size for path in indexed.glob("vectors-2.sqlite*"))
    assert (found["vectors"], found["size"], found["derived_bytes"]) == (3, 10_000_000_000, 2_000_000)
    [model] = found["models"]
    assert list(model) == [field.name for field in fields(CachedModel)]
    assert (model["name"], model["fingerprint"], model["vectors"]) == ("counting", COUNTING.fingerprint, 3)
    assert model["bytes"] == 3 * COUNTING.dim * 4
    assert model["last_use"] == found["oldest_use"]


def test_of_an_empty_cache_nothing_is_said_and_nothing_is_made(
    vecsearch_command: Command, place: Path, cache_folder: Path
) -> None:
    for arguments in (["info"], ["clear"], ["clear", "--all"], ["prune"], ["prune", "--older-than", "0"]):
        done = vecsearch_command("cache", *arguments)
        assert (done.status, done.err) == (0, "")
    assert lines(vecsearch_command("cache", "info").out)[1:3] == ["on disk 0.0 MB of at most 10,000 MB", "vectors 0"]
    assert list(cache_folder.iterdir()) == []


@pytest.mark.parametrize("options", [[], ["--model", "counting"], ["--model", COUNTING.fingerprint[:4]]])
def test_clear_removes_the_vectors_which_are_made_again_when_they_are_needed(
    vecsearch_command: Command, indexed: Path, encoder: CountingEncoder, options: list[str]
) -> None:
    done = vecsearch_command("cache", "clear", *options)
    assert (done.status, done.out, done.err) == (0, "3 vectors removed\n", "")
    assert (indexed / "models" / "graph").exists()
    encoder.encoded.clear()
    assert vecsearch_command("index", "notes", "-i", "other", "--json").json["encoded"] == 3
    assert len(encoder.encoded) == 3


def test_clear_all_removes_the_derived_files_too(vecsearch_command: Command, indexed: Path) -> None:
    done = vecsearch_command("cache", "clear", "--all", "--json")
    found = vecsearch_command("cache", "info", "--json").json
    assert done.json == {"removed": 3, "derived_bytes": 2_000_000, "bytes": found["bytes"]}
    assert (found["vectors"], found["derived_bytes"]) == (0, 0)
    said = vecsearch_command("cache", "clear", "--all").out
    assert said == "0 vectors removed, and 0.0 MB of derived files\n"


def test_prune_removes_what_is_too_old_or_too_much(vecsearch_command: Command, indexed: Path) -> None:
    assert vecsearch_command("cache", "prune", "--older-than", "1", "--max-size", "1GB", "--json").json["removed"] == 0
    assert vecsearch_command("cache", "prune").out.startswith("0 vectors removed, ")
    done = vecsearch_command("cache", "prune", "--max-size", "0", "--json")
    assert done.json["removed"] == 3
    assert done.json["bytes"] == sum(path.stat().st_size for path in indexed.glob("vectors-2.sqlite*"))


def test_the_environment_sets_the_size(
    vecsearch_command: Command, indexed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VECSEARCH_CACHE_SIZE", "1MB")
    assert vecsearch_command("cache", "info", "--json").json["size"] == 1_000_000
    monkeypatch.setenv("VECSEARCH_CACHE_SIZE", "0")
    assert vecsearch_command("index", "notes", "-i", "other", "--json").json["encoded"] == 3
    assert vecsearch_command("cache", "prune").out.startswith("3 vectors removed, ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clear", "--model", "cat"], f"counting ({COUNTING.fingerprint[:12]})"),
        (["clear", "--model", ""], "model ''"),
        (["prune", "--max-size", "much"], "such as 500MB or 4GB"),
        (["prune", "--older-than", "nan"], "older_than is"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_nothing_goes(
    vecsearch_command: Command, indexed: Path, arguments: list[str], message: str
) -> None:
    done = vecsearch_command("cache", *arguments)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith("vecsearch: ")
    assert message in done.err
    assert vecsearch_command("cache", "info", "--json").json["vectors"] == 3


@pytest.mark.parametrize("name", ["VECSEARCH_CACHE_SIZE", "VECSEARCH_CACHE_PRECISION"])
@pytest.mark.parametrize("arguments", [["cache", "info"], ["index", "notes"]])
def test_a_bad_environment_is_named_in_one_line(
    vecsearch_command: Command, indexed: Path, monkeypatch: pytest.MonkeyPatch, name: str, arguments: list[str]
) -> None:
    monkeypatch.setenv(name, "plenty")
    done = vecsearch_command(*arguments)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith(f"vecsearch: ${name}: ")


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["clear", "--model", "x", "--all"], ["prune", "--older-than", "-1"], ["prune", "--older-than", "x"]],
)
def test_wrong_usage_is_status_2(vecsearch_command: Command, indexed: Path, arguments: list[str]) -> None:
    done = vecsearch_command("cache", *arguments)
    assert (done.status, done.out) == (2, "")
    assert vecsearch_command("cache", "info", "--json").json["vectors"] == 3


def test_a_cache_that_cannot_be_used_is_said_in_one_line(
    vecsearch_command: Command, place: Path, cache_folder: Path
) -> None:
    (cache_folder / "vectors-2.sqlite").mkdir()
    for arguments in (["info"], ["clear"], ["prune"]):
        done = vecsearch_command("cache", *arguments)
        assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
        assert "vectors-2.sqlite cannot be read or changed" in done.err
