"""A summary of an index: counts from the manifest, bytes from the disk. Opens no segment."""

from __future__ import annotations

import os
from pathlib import Path

from vecsearch.reports import Info
from vecsearch.storage.file_stamps import count_files
from vecsearch.storage.manifest import Manifest
from vecsearch.storage.store import Store
from vecsearch.storage.synced import read_synced


def describe(store: Store, manifest: Manifest) -> Info:
    """Summarise a version; `bytes` is the size of the whole folder, including all versions that are kept."""
    types, source_bytes = count_files(store.read_stamps(manifest))
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
        bytes=bytes_in(store.path),
        roots=tuple(str(store.resolve(root.key)) for root in store.read_roots(manifest)),
        synced=max(read_synced(store.path).values(), default=None),
        types=types,
        source_bytes=source_bytes,
    )


def bytes_in(folder: Path) -> int:
    """Return the size of all files in a folder; links are not followed."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except FileNotFoundError:  # a writer has just removed it
                continue
    return total
