"""Tiny cross-encoders, and sentence-transformers where it is installed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.tiny_cross import write_tiny_cross


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("VECSEARCH_TRUST_REMOTE_CODE", raising=False)


@pytest.fixture
def cross(tmp_path: Path) -> Path:
    """The folder of a tiny cross-encoder of the BERT family."""
    write_tiny_cross(tmp_path / "cross")
    return tmp_path / "cross"


@pytest.fixture(scope="session")
def peer() -> Any:
    """sentence-transformers itself; what needs it is skipped where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
