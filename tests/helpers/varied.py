"""An index for tests of export and import: chunks over several segments, every type of metadata, deleted rows."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vecsearch.storage.merge_policy
import vecsearch.upkeep.exporting
import vecsearch.upkeep.importing
from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Document, Index

METADATA: list[dict[str, Any]] = [
    {"year": 2020, "lang": "en", "open": True, "share": 0.5, "tags": ["a", "b"], "mixed": 1},
    {"year": 2021, "day": date(2021, 3, 4), "at": datetime(2021, 3, 4, 5, 6, 7, 8), "mixed": "one"},
    {"year": 2022, "moment": datetime(2022, 1, 2, 3, 4, 5, tzinfo=timezone.utc), "nested": {"a": [1, {"b": None}]}},
    {"year": "unknown", "days": [date(2020, 1, 1), date(2020, 1, 2)], "ø": "漢字 😀"},
    {},
    {"share": 2, "mixed": date(2023, 1, 1), "empty": [], "large": 2**70},
]
QUERIES = np.random.default_rng(3).standard_normal((6, 32)).astype(np.float32)


def small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes at which a few documents make several segments, row groups and batches."""
    monkeypatch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 7)
    monkeypatch.setattr(vecsearch.upkeep.exporting, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(vecsearch.upkeep.importing, "ROWS_AT_ONCE", 3)


def varied_index(place: Path, folder: Path, encoder: CountingEncoder) -> Index:
    """Documents of one to ten chunks, some from files, with all types of metadata, some of them deleted."""
    made = Index.create(place, model=encoder, chunk_tokens=8, overlap=2)
    for i, metadata in enumerate(METADATA * 3):
        text = " ".join(f"word{i}x{j} more{j}" for j in range(1 + 7 * (i % 5)))
        made.add([Document(f"d{i}", text, metadata, source=None if i % 2 else f"https://example.org/{i}")])
    write(folder / "cats.md", "# Cats\n\n## Sounds\n\ncats purr\n\n## Food\n\n" + "cats eat fish and mice. " * 9)
    made.sync(folder)
    assert made.delete(["d1", "d8", "d14"]) == 3
    assert made.info().segments > 2
    assert made.info().deleted > 0
    return made
