"""What a long-running program wants to know goes to the logger `vecsearch`, and nowhere unless somebody listens."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.loading import set_loader
from vecsearch import Document, Index


def test_commits_new_versions_and_opened_models_are_logged(
    tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="vecsearch")
    path = tmp_path / "index"
    writer = Index.create(path, model=encoder)
    set_loader(lambda _: encoder, monkeypatch)
    reader = Index.open(path)
    writer.add([Document("a", "red house")])
    reader.refresh()
    reader.refresh()  # nothing new, nothing to say
    reader.search("red")
    reader.search("red")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("DEBUG", f"{path}: opened encoder counting"),
        ("INFO", f"{path}: committed version 2: 1 documents, 1 chunks"),
        ("INFO", f"{path}: reading version 2"),
        ("INFO", f"{path}: reading version 2"),
        ("DEBUG", f"{path}: opened encoder counting"),
    ]
    assert all(record.name.startswith("vecsearch.") for record in caplog.records)


def test_nothing_is_printed_unless_somebody_listens(tmp_path: Path, encoder: CountingEncoder, capfd) -> None:
    Index.create(tmp_path / "index", model=encoder).add(["red house"])
    assert capfd.readouterr() == ("", "")
