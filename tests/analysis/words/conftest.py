"""Tiny models whose words are compared: those of the encoders' tests, written file by file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.tiny_bert import write_tiny_bert


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The folder of a tiny BERT."""
    write_tiny_bert(tmp_path / "tiny")
    return tmp_path / "tiny"
