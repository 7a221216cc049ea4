"""What an index holds and answers, to compare before and after something went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vecsearch import Index, IndexDamaged, IndexNotFound
from vecsearch.files import TEMPORARY

QUERIES = np.random.default_rng(7).standard_normal((3, 32)).astype(np.float32)


def state_of(path: Path) -> Any:
    """All that a user can see of an index but the paths and times: every answer, counts, versions' tags.

    A str when it cannot be opened.
    """
    try:
        index = Index.open(path)
    except IndexNotFound:
        return "none"
    except IndexDamaged:
        return "damaged"
    info = index.info()
    assert (len(index), info.documents) == (info.chunks, len(documents_of(index)))
    tags = sorted((version.tags, version.documents) for version in index.log() if version.tags)
    return answers(index), info.documents, info.chunks, info.files, tags


def answers(index: Index) -> list[list[tuple[str, float, str]]]:
    """Every chunk with its score, for a few queries."""
    found = index.search(QUERIES, k=100_000)
    return [[(hit.chunk_id, hit.score, hit.text) for hit in hits] for hits in found]


def documents_of(index: Index) -> dict[str, str]:
    """The first chunks' texts that a search can find, by document id."""
    hits = index.search(QUERIES[0], k=100_000)
    return {hit.document_id: hit.text for hit in sorted(hits, key=lambda hit: -hit.start)}


def temporary_files(path: Path) -> list[Path]:
    """Files that were never finished."""
    return list(path.rglob(f"{TEMPORARY}*"))
