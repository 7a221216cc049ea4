"""Clusters as metadata: a new version of the index that stores each chunk's cluster. Nothing is encoded.

KEY        the number of the cluster, from 1; absent from a chunk in no cluster
KEY_words  the words of the cluster, "card, delivery, arrive"
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidOption
from vecsearch.search.filters.binding import BUILT_IN
from vecsearch.session import Session
from vecsearch.storage.columns import holds_key, with_columns
from vecsearch.storage.commit import Commit
from vecsearch.storage.garbage import collect
from vecsearch.storage.segment import Content
from vecsearch.storage.store import Part
from vecsearch.types import IntArray


def check_key(key: str) -> None:
    """Raise InvalidOption for a name that a metadata column cannot have."""
    if not is_storable(key) or not key.strip():
        raise InvalidOption(f"write_to is {key!r}, expected the name of a metadata column, such as cluster")
    if key in BUILT_IN:
        raise InvalidOption(f"write_to is {key!r}, a built-in column: choose another name")


def check_free(parts: Sequence[Part], key: str) -> None:
    """Raise InvalidOption when a live chunk has metadata under the keys to be written."""
    for name in _names(key):
        if any(holds_key(part.segment.table, name, part.alive) for part in parts):
            raise InvalidOption(f"chunks already have metadata under {name}: write to another name, or overwrite it")


def write_clusters(session: Session, key: str, labels: Sequence[IntArray], names: Sequence[str]) -> int:
    """Publish a version that stores each chunk's cluster, and return its number.

    The caller holds the lock, and `session` reads the current version. labels[i], int64 (rows,), are those of its part
    i, below 0 for a chunk in no cluster; names[j] is the name of cluster j. Every segment is rewritten, one at a time,
    without its deleted rows.
    """
    manifest = session.manifest
    with Commit(session.store) as commit:
        entries = []
        for part, part_labels in zip(session.parts, labels, strict=True):
            mask = part.mask()
            if mask.any():
                content = part.segment.where(mask, manifest.language)
                rows = _with_columns(content.rows, key, part_labels[mask], names)
                entries.append(commit.segment(Content(rows, content.vectors, content.postings), manifest.recall))
        clustered = int(sum((part_labels >= 0).sum() for part_labels in labels))
        published = manifest.next(segments=tuple(entries), change={"clustered": clustered})
        commit.publish(published)
    collect(session.store)
    return published.version


def _with_columns(rows: pa.Table, key: str, labels: IntArray, names: Sequence[str]) -> pa.Table:
    """Add the two columns, in place of any of the same name, and sort the metadata columns by name."""
    number, words = _names(key)
    outside = labels < 0
    cluster_names = np.array([*names, ""], object)[np.where(outside, len(names), labels)]
    columns = {
        number: pa.array(labels + 1, pa.int64(), mask=outside),
        words: pa.array(cluster_names, pa.string(), mask=outside),
    }
    return with_columns(rows, columns)


def _names(key: str) -> tuple[str, str]:
    """Return the two keys, for the number and the words."""
    return key, f"{key}_words"
