"""What is in an index, for people: counts from the manifest, bytes from the disk. Opens no segment."""

from __future__ import annotations

import os
from pathlib import Path

from vecsearch.reports import Info
from vecsearch.storage.manifest import Manifest
from vecsearch.storage.store import Store


def describe(store: Store, manifest: Manifest) -> Info:
    """What a version holds; `bytes` are of the whole folder, with all versions that are kept."""
    return Info(
        path=str(store.path),
        version=manifest.version,
        created=manifest.created,
        model=manifest.model.name,
        fingerprint=manifest.model.fingerprint,
        dim=manifest.model.dim,
        metric=manifest.metric.value,
        chunk_tokens=manifest.chunking.max_tokens,
        overlap=manifest.chunking.overlap,
        splitter=manifest.chunking.splitter.value,
        context=manifest.chunking.context,
        keep_text=manifest.keep_text,
        language=manifest.language,
        recall=manifest.recall,
        measured_recall=manifest.measured_recall,
        documents=manifest.documents,
        chunks=manifest.chunks,
        deleted=sum(entry.rows - entry.live for entry in manifest.segments),
        segments=len(manifest.segments),
        files=manifest.sources.rows if manifest.sources else 0,
        bytes=_bytes_in(store.path),
    )


def _bytes_in(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name)).st_size
            except FileNotFoundError:  # a writer has just removed it
                continue
    return total
