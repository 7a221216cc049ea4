"""Clusters as metadata: a new version of the index whose chunks say which cluster they are in. Nothing is encoded.

KEY        the number of the cluster, from 1; absent in a chunk that is in none
KEY_words  its words, "card, delivery, arrive"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidOption
from vecsearch.search.filters.names import BUILT_IN
from vecsearch.storage.columns import PREFIX
from vecsearch.storage.commit import Commit
from vecsearch.storage.garbage import collect
from vecsearch.storage.manifest import now, written_by
from vecsearch.storage.segment import Content
from vecsearch.storage.store import Part, Store
from vecsearch.types import IntArray


def check_key(key: str) -> None:
    """Raises InvalidOption for what cannot be the name of a metadata column."""
    if not is_storable(key) or not key.strip():
        raise InvalidOption(f"write_to is {key!r}; the name of a metadata column, as cluster")
    if key in BUILT_IN:
        raise InvalidOption(f"write_to is {key!r}, a column of every chunk: choose another name")


def check_free(parts: Sequence[Part], key: str) -> None:
    """Raises InvalidOption when a chunk that is there has metadata under the keys that would be written."""
    for name in _names(key):
        for part in parts:
            table = part.segment.table
            if name in table.column_names and table.column(name).filter(pa.array(part.mask())).null_count < part.live:
                raise InvalidOption(
                    f"chunks have metadata under {name.removeprefix(PREFIX)} already: write to another name, or "
                    "overwrite it"
                )


def write_clusters(store: Store, key: str, labels: Sequence[IntArray], names: Sequence[str]) -> int:
    """Makes a version whose chunks say their cluster, and gives its number. The lock is held.

    labels[i], int64 (rows,), are those of the current version's part i, below 0 for a chunk in no cluster; names[j]
    is what cluster j is called. Every segment is written anew, one at a time, its deleted rows left out.
    """
    base = store.snapshot()
    manifest = base.manifest
    with Commit(store) as commit:
        entries = []
        for part, own in zip(base.parts, labels, strict=True):
            mask = part.mask()
            if mask.any():
                content = part.segment.where(mask, manifest.language)
                rows = _with_columns(content.rows, key, own[mask], names)
                entries.append(commit.segment(Content(rows, content.vectors, content.postings), manifest.recall))
        version = store.versions()[-1] + 1
        commit.publish(
            replace(
                manifest,
                version=version,
                created=now(),
                written_by=written_by(),
                segments=tuple(entries),
                change={"clustered": int(sum((own >= 0).sum() for own in labels))},
            )
        )
    collect(store)
    return version


def _with_columns(rows: pa.Table, key: str, labels: IntArray, names: Sequence[str]) -> pa.Table:
    """The rows with the two columns instead of any that have their names, metadata in alphabetical order."""
    number, words = _names(key)
    nowhere = labels < 0
    called = np.array([*names, ""], object)[np.where(nowhere, len(names), labels)]
    columns = {
        number: pa.array(labels + 1, pa.int64(), mask=nowhere),
        words: pa.array(called, pa.string(), mask=nowhere),
    }
    table = rows.drop_columns([name for name in columns if name in rows.column_names])
    for name, column in columns.items():
        table = table.append_column(pa.field(name, column.type), column)
    metadata = sorted(name for name in table.column_names if name.startswith(PREFIX))
    return table.select([name for name in table.column_names if not name.startswith(PREFIX)] + metadata)


def _names(key: str) -> tuple[str, str]:
    """The columns of the number and of the words."""
    return f"{PREFIX}{key}", f"{PREFIX}{key}_words"
