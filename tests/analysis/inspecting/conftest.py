"""Tiny models to look into: those of the encoders' tests, written file by file, and sentence-transformers itself."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="session")
def peer() -> Any:
    """sentence-transformers itself; what needs it is skipped where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
