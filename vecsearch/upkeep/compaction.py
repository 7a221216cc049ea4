"""One segment instead of many, without a trace of what was deleted."""

from __future__ import annotations

from dataclasses import replace

from vecsearch.storage.commit import Commit
from vecsearch.storage.garbage import collect
from vecsearch.storage.manifest import now, written_by
from vecsearch.storage.segment import Content
from vecsearch.storage.store import Store
from vecsearch.types import FloatArray


def compact(store: Store, asked: FloatArray | None = None) -> bool:
    """The index is one segment without deleted rows; False when it was that already. The lock is held.

    What finds rows approximately is measured on vectors that are `asked`, unit rows (m, dim), too; then nothing is
    left as it is. Holds all vectors in memory while it works: 1.5 kB a chunk at 384 dimensions, and the rows.
    """
    base = store.snapshot()
    if asked is None and len(base.parts) <= 1 and all(part.alive is None for part in base.parts):
        return False
    with Commit(store) as commit:
        contents = [part.segment.where(part.mask(), base.manifest.language) for part in base.parts]
        segment = commit.segment(Content.joined(contents), base.manifest.recall, asked)
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
