"""All live rows of an index in one segment."""

from __future__ import annotations

from vecsearch.storage.commit import Commit
from vecsearch.storage.garbage import collect
from vecsearch.storage.segment import Content
from vecsearch.storage.store import Store
from vecsearch.types import FloatArray


def compact(store: Store, queries: FloatArray | None = None) -> bool:
    """Rewrite the index as one segment without deleted rows; False when it already is. The caller holds the lock.

    With `queries`, unit vectors (m, dim), the segment is always rewritten and its ANN index is calibrated on them,
    too. Holds all rows and vectors in memory: 1.5 kB a chunk for the vectors at 384 dimensions.
    """
    base = store.snapshot()
    if queries is None and len(base.parts) <= 1 and all(part.alive is None for part in base.parts):
        return False
    with Commit(store) as commit:
        contents = [part.segment.where(part.mask(), base.manifest.language) for part in base.parts]
        segment = commit.segment(Content.concat(contents), base.manifest.recall, queries)
        commit.publish(base.manifest.next(segments=(segment,), change={}))
    collect(store)
    return True
