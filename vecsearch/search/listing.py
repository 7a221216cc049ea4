"""Which documents a version holds: with a matching chunk, in some files or folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vecsearch.errors import PathNotFound
from vecsearch.search.lookup import documents_named, folder_keys, is_below
from vecsearch.storage.store import Part, Store
from vecsearch.types import Listed


def listed(store: Store, parts: Sequence[Part], matching: Sequence[Part], paths: Sequence[str]) -> list[Listed]:
    """Return the documents with a row that is live in `matching`, in the order of their ids.

    With `paths` only those of these files, below these folders, or with these ids; `parts` have all live rows. Raises
    PathNotFound for a path that no document of the index has.
    """
    named = documents_named(store, parts, paths)
    folders = {path: folder_keys(store, path) for path in paths}
    rows = {(number, span.start) for documents in named for number, span in documents}
    unused = {path for path, documents in zip(paths, named, strict=True) if not documents}
    found = []
    for number, document, first, live in _documents(store, parts, matching):
        path = parts[number].segment.value("path", first) or ""
        under = [given for given, keys in folders.items() if path and is_below(keys, path)]
        unused.difference_update(under)
        if live and (not paths or under or (number, first) in rows):
            found.append(document)
    if unused:
        raise PathNotFound(f"{store.name} has no document at or below {min(unused)}: vecsearch ls lists them")
    return sorted(found, key=lambda document: document.document_id)


def _documents(
    store: Store, parts: Sequence[Part], matching: Sequence[Part]
) -> Iterator[tuple[int, Listed, int, bool]]:
    """Yield the live documents: the number of their part, the first row, and whether a row of them matches."""
    for number, (part, match) in enumerate(zip(parts, matching, strict=True)):
        segment = part.segment
        for first in segment.first_rows.tolist():
            if not part.is_live(first):
                continue
            rows = segment.rows_from(first)
            path, document_id = segment.value("path", first), segment.value("document_id", first)
            source = segment.value("source", first) if path is None else str(store.resolve(path))
            live = match.alive is None or bool(np.any(match.alive[rows]))
            document = Listed(document_id, source, rows.stop - rows.start, is_file=path == document_id)
            yield number, document, first, live
