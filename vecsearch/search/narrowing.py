"""Which documents a search is limited to: by files and folders, by globs of their paths, and by their types.

Rows of other documents are not live to a search, as with a condition: so k hits come back when k are there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from vecsearch.documents.globs import Glob, parse_glob
from vecsearch.errors import InvalidOption, PathNotFound
from vecsearch.search.lookup import documents_at, folder_keys, is_below
from vecsearch.storage.columns import metadata_rows
from vecsearch.storage.document_values import PREFIX, REST
from vecsearch.storage.store import Part, Store
from vecsearch.types import BoolArray

_LISTED = 20  # types in a message
_TYPE = "type"  # the key of metadata in which loaders say what a document is


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Files, folders and ids, globs, and types; a document has to fit one of each kind that is given.

    A glob is written as in .gitignore and matched with the path relative to the root it was indexed with, and with the
    path relative to the working folder; the last one that matches decides, and `!glob` leaves out. A type is the end of
    a file's name, "md", or what its loader calls it, "markdown".
    """

    paths: Sequence[str] = ()
    globs: Sequence[str] = ()
    types: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raises InvalidOption for an invalid glob, and for one text in place of several."""
        for name in ("paths", "globs", "types"):
            if isinstance(getattr(self, name), str):
                raise InvalidOption(f"{name} is the str {getattr(self, name)!r}; expected a list")
        for glob in self.globs:
            if parse_glob(glob) is None:
                raise InvalidOption(f"the glob {glob!r} matches nothing: write it as in .gitignore")


@dataclass(slots=True)
class Fitting:
    """What of one index fits: for each of its parts the rows, bool (rows,), and which names and types nothing has."""

    rows: list[BoolArray]
    unused_paths: set[str]
    unused_types: set[str]
    types: set[str] = field(default_factory=set)  # those of all documents, where types are asked for


def narrowed(part: Part, rows: BoolArray) -> Part:
    """Return a part in which other rows are not live."""
    alive = rows if part.alive is None else rows & part.alive
    return Part(part.segment, alive, int(np.count_nonzero(alive)))


def check_fitting(name: str, found: Sequence[Fitting], narrowing: Narrowing) -> None:
    """Raise unless each path and type is that of a document in one of the indexes, and a document fits.

    Raises PathNotFound, InvalidOption.
    """
    for path in narrowing.paths:
        if all(path in each.unused_paths for each in found):
            raise PathNotFound(f"no document of {name} is at or below {path}: vecsearch ls lists them")
    for kind in narrowing.types:
        if all(kind in each.unused_types for each in found):
            known = ", ".join(sorted(set().union(*(each.types for each in found)))[:_LISTED])
            raise InvalidOption(f"no document of {name} is of type {kind}" + (f"; there are {known}" if known else ""))
    if not any(rows.any() for each in found for rows in each.rows):
        given = [*narrowing.paths, *narrowing.globs, *narrowing.types]
        raise PathNotFound(f"no document of {name} fits {' '.join(given)}: vecsearch ls lists them")


def fitting(store: Store, parts: Sequence[Part], roots: Sequence[str], narrowing: Narrowing) -> Fitting:
    """Return what of an index fits; `roots` are the keys of its roots."""
    found = Fitting([], set(narrowing.paths), set(narrowing.types))
    named = _named(store, parts, narrowing.paths, found.unused_paths)
    folders = {path: folder_keys(store, path) for path in narrowing.paths}
    takes = partial(_takes, [glob for text in narrowing.globs if (glob := parse_glob(text))])
    forms = partial(_forms, store, _innermost_first(roots), Path.cwd())
    for number, part in enumerate(parts):
        segment = part.segment
        firsts = segment.first_rows
        live = np.ones(len(firsts), np.bool_) if part.alive is None else part.alive[firsts]
        places = segment.columns(["path", "document_id"], firsts).to_pydict()
        fits = live.copy()
        if narrowing.paths:
            below = _each(places["path"], live, partial(_is_in, folders, found.unused_paths))
            fits &= below | np.isin(firsts, named[number])
        if narrowing.globs:
            names = [path or identifier for path, identifier in zip(places["path"], places["document_id"], strict=True)]
            is_file = [path is not None for path in places["path"]]
            pairs = list(zip(names, is_file, strict=True))
            fits &= _each(pairs, live, lambda pair: takes(forms(pair[0]) if pair[1] else [pair[0]]))
        if narrowing.types:
            fits &= _of_types(part, places["path"], live, narrowing.types, found)
        found.rows.append(segment.documents.over_rows(fits))
    return found


def _named(store: Store, parts: Sequence[Part], paths: Sequence[str], unused: set[str]) -> list[list[int]]:
    """The first rows of the documents with these names, for each part; takes names with a document out of `unused`."""
    rows: list[list[int]] = [[] for _ in parts]
    for path, documents in zip(paths, documents_at(store, parts, paths), strict=True):
        if documents:
            unused.discard(path)
        for number, span in documents:
            rows[number].append(span.start)
    return rows


def _is_in(folders: Mapping[str, Sequence[str]], unused: set[str], key: str | None) -> bool:
    """Whether the file `key` is below one of the folders; takes these out of `unused`."""
    under = [path for path, keys in folders.items() if key is not None and is_below(keys, key)]
    unused.difference_update(under)
    return bool(under)


def _each(values: Sequence[Any], live: BoolArray, test: Callable[[Any], bool]) -> BoolArray:
    """The answer for each value of a live document, asked once for equal ones, bool (m,)."""
    answers = {value: test(value) for value in {value for value, ok in zip(values, live.tolist(), strict=True) if ok}}
    return np.array([answers.get(value, False) for value in values], np.bool_)


def _innermost_first(roots: Sequence[str]) -> list[str]:
    return sorted(roots, key=len, reverse=True)


def _forms(store: Store, roots: Sequence[str], here: Path, key: str) -> list[str]:
    """A file's path relative to its root and, where it is below the working folder, to that."""
    found = []
    for root in roots:
        if key == root:
            found.append(PurePosixPath(key).name)
            break
        if root == "." and not key.startswith("../"):
            found.append(key)
            break
        if key.startswith(f"{root}/"):
            found.append(key[len(root) + 1 :])
            break
    full = str(store.resolve(key).absolute())
    if full.startswith(prefix := os.path.join(here, "")):
        found.append(Path(full[len(prefix) :]).as_posix())
    return found or [key]


def _takes(globs: Sequence[Glob], forms: Sequence[str]) -> bool:
    """Whether the last glob that matches a form of a path, or a folder above it, takes it; as ripgrep decides."""
    tried = [(form, *_above(form)) for form in forms]
    for glob in reversed(globs):
        if any(glob.matches(each) for form in tried for each in form):
            return not glob.negated
    return all(glob.negated for glob in globs)


def _above(path: str) -> Iterator[str]:
    return accumulate(f"{name}/" for name in path.split("/")[:-1])


def _of_types(
    part: Part, paths: Sequence[str | None], live: BoolArray, types: Sequence[str], found: Fitting
) -> BoolArray:
    """Which documents are of one of the types, bool (m,); notes in `found` which types there are."""
    segment = part.segment
    wanted = {_bare(name) for name in types}
    columns = {"ordinal", PREFIX + _TYPE, REST} & set(segment.table.column_names)
    rows = metadata_rows(segment.columns(sorted(columns), segment.first_rows), [_TYPE])
    fits = np.zeros(len(paths), np.bool_)
    for number in np.flatnonzero(live).tolist():
        of_document = set(_types(paths[number], rows[number].get(_TYPE)))
        found.types |= of_document
        fits[number] = not wanted.isdisjoint(of_document)
    found.unused_types = {name for name in types if _bare(name) not in found.types}
    return fits


def _types(path: str | None, said: object) -> Iterator[str]:
    if path is not None and (suffix := PurePosixPath(path).suffix):
        yield _bare(suffix)
    if isinstance(said, str):
        yield said.lower()


def _bare(name: str) -> str:
    return name.lower().removeprefix(".")
