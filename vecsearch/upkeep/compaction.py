"""One segment instead of many, without a trace of what was deleted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vecsearch.columns import joined
from vecsearch.commit import Commit
from vecsearch.garbage import collect
from vecsearch.manifest import now, written_by
from vecsearch.store import Store


def compact(store: Store) -> bool:
    """The index is one segment without deleted rows; False when it was that already. The lock is held.

    Holds all vectors in memory while it works: 1.5 kB a chunk at 384 dimensions, and the rows.
    """
    base = store.snapshot()
    if len(base.parts) <= 1 and all(part.alive is None for part in base.parts):
        return False
    with Commit(store) as commit:
        contents = [part.segment.where(part.mask()) for part in base.parts]
        rows = joined([rows for rows, _ in contents])
        segment = commit.segment(rows, np.concatenate([vectors for _, vectors in contents]))
        commit.publish(
            replace(
                base.manifest,
                version=store.versions()[-1] + 1,
                created=now(),
                written_by=written_by(),
                segments=(segment,),
                change={},
            )
        )
    collect(store)
    return True
