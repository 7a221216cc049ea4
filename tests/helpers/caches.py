"""Vectors that any process can make again, in a cache and out of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from vecsearch.models.cache import Cache
from vecsearch.types import FloatArray, Role

DIM = 16
WIDE = 384  # dimensions of which a hundred vectors take 150 kB


def vector_of(text: str, dim: int = DIM) -> FloatArray:
    """The vector of a text."""
    return np.random.default_rng(list(text.encode())).standard_normal(dim).astype(np.float32)


def fill(cache: Cache, texts: list[str], fingerprint: str = "f", dim: int = DIM, model: str = "") -> None:
    cache.put(fingerprint, Role.DOCUMENT, texts, np.stack([vector_of(text, dim) for text in texts]), model)


def known(cache: Cache, texts: list[str], fingerprint: str = "f", dim: int = DIM) -> dict[str, FloatArray]:
    return cache.get(fingerprint, Role.DOCUMENT, texts, dim)


def assert_right(found: dict[str, FloatArray], dim: int = DIM) -> None:
    for text, vector in found.items():
        np.testing.assert_array_equal(vector, vector_of(text, dim))


def texts_of(name: object, count: int = 100) -> list[str]:
    """So many texts of a name."""
    return [f"{name} {number}" for number in range(count)]


def fill_wide(cache: Cache, name: object, count: int = 100) -> None:
    fill(cache, texts_of(name, count), dim=WIDE)


def known_wide(cache: Cache, name: object, count: int = 100) -> int:
    found = known(cache, texts_of(name, count), dim=WIDE)
    assert_right(found, WIDE)
    return len(found)


def assert_whole(path: Path) -> None:
    """SQLite finds nothing wrong, each vector is in a batch, and each batch says what is in it."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        counted = db.execute("SELECT batch, count(*), sum(length(vector)), min(id) FROM vectors GROUP BY batch")
        said = db.execute("SELECT first, vectors, bytes, first FROM batches ORDER BY first")
        assert counted.fetchall() == said.fetchall()
        assert db.execute("SELECT count(*) FROM batches WHERE model NOT IN (SELECT number FROM models)").fetchone() == (
            0,
        )
