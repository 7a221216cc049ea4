"""Names of documents, ids or paths -> the ids of those that an index holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidDocument
from vecsearch.storage.store import Part, Store


def held_documents(path: Path, version: int, names: Collection[str]) -> dict[str, str]:
    """The id of each named document that a version of the index at `path` holds; a name that is no id is a path.

    Raises InvalidDocument when it holds none of them, and for a path of a file that gave several documents.
    """
    store = Store(path)
    parts = store.snapshot(version).parts
    wanted = sorted(filter(is_storable, names))  # an index holds no other
    held = {name: name for name, _ in _found(parts, "document_id", wanted)}
    keys = {name: _key(store, name) for name in wanted if name not in held}
    by_key: dict[str, list[str]] = {}
    for key, document_id in _found(parts, "path", sorted(set(filter(None, keys.values())))):
        by_key.setdefault(key, []).append(document_id)
    for name, path_key in keys.items():
        if path_key in by_key:
            held[name] = _only(name, by_key[path_key])
    if not held:
        raise InvalidDocument(
            f"{store.name} holds none of the {len(names)} judged documents, such as {min(names)!r}: name them by the "
            "document_id that vecsearch search --json shows, or by the path of their file"
        )
    return held


def _found(parts: Sequence[Part], column: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The documents that are there whose value in a text column is one of `values`: that value, and their id."""
    for part in parts:
        for row in part.segment.documents_with(column, values).tolist():
            if part.is_live(row):
                yield part.segment.value(column, row), part.segment.value("document_id", row)


def _key(store: Store, name: str) -> str | None:
    """How the index calls the file at a path; None for what is no path at all."""
    try:
        return store.key(Path(name).resolve())
    except (OSError, ValueError):  # a name with a NUL, or longer than a path may be
        return None


def _only(path: str, ids: Sequence[str]) -> str:
    if len(ids) > 1:
        raise InvalidDocument(f"{path} gave {len(ids)} documents, such as {min(ids)!r}: name one of them by its id")
    return ids[0]
