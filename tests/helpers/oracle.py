"""What the answer to a search must be, by brute force in float64 over plain lists: shares no code with the library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tests.helpers.counting import CountingEncoder
from vecsearch import Hit


class Expected(NamedTuple):
    document_id: str
    ordinal: int
    score: float


def brute_force(
    chunks: Mapping[tuple[str, int], np.ndarray],
    query: np.ndarray,
    k: int,
    metric: str = "cosine",
    min_similarity: float | None = None,
    per_document: int | None = None,
) -> list[Expected]:
    """The k best of raw vectors by (document id, ordinal): score descending, then document id, then ordinal."""
    wide = query.astype(np.float64)
    scored = []
    for (document_id, ordinal), vector in chunks.items():
        score = float(vector.astype(np.float64) @ wide)
        if metric == "cosine":
            score /= float(np.linalg.norm(vector.astype(np.float64)) * np.linalg.norm(wide))
        scored.append(Expected(document_id, ordinal, score))
    scored.sort(key=lambda item: (-round(item.score, 5), item.document_id, item.ordinal))
    kept: list[Expected] = []
    for item in scored:
        if min_similarity is not None and item.score < min_similarity:
            continue
        if per_document is None or sum(other.document_id == item.document_id for other in kept) < per_document:
            kept.append(item)
    return kept[:k]


def assert_answers(hits: list[Hit], expected: list[Expected]) -> None:
    """The hits are those expected, in order, with exact scores; scores nearer than 1e-5 may stand in either order."""
    assert len(hits) == len(expected)
    np.testing.assert_allclose([hit.score for hit in hits], [item.score for item in expected], atol=2e-5, rtol=1e-5)
    for hit, item in zip(hits, expected, strict=True):
        if hit.chunk_id != f"{item.document_id}#{item.ordinal}":
            near = {f"{o.document_id}#{o.ordinal}" for o in expected if abs(o.score - hit.score) < 2e-5}
            assert hit.chunk_id in near or abs(expected[-1].score - hit.score) < 2e-5


def chunk_vectors(documents: Mapping[str, str], encoder: CountingEncoder) -> dict[tuple[str, int], np.ndarray]:
    """The vectors of documents of one chunk each."""
    return {(identifier, 0): encoder.vector(text) for identifier, text in documents.items()}
