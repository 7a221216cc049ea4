"""Queries by example and by arithmetic: more like this one, less like that one, king - man + woman.

A sum adds directions: each of its vectors has the length of its weight (Mikolov, Yih and Zweig 2013, Linguistic
Regularities in Continuous Space Word Representations, add unit vectors as well). A document's direction is the mean
of its chunks'. Chunks and documents that a query is made of are not among its hits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from vecsearch.checks import is_storable
from vecsearch.chunking import read_chunks
from vecsearch.documents import load
from vecsearch.errors import InvalidOption, InvalidQuery
from vecsearch.models.cached_encoding import VectorCache, encode_cached
from vecsearch.models.encoder import Encoder
from vecsearch.search.questions import encode_queries
from vecsearch.storage.store import Part, Snapshot, Store
from vecsearch.types import Document, Example, FloatArray, Role
from vecsearch.vectors import check_vectors, unit_rows

Item: TypeAlias = "str | FloatArray | Example"
_NOTHING = 1e-6  # a sum of unit vectors shorter than this is rounding
_LIGHTEST, _HEAVIEST = 1e-6, 1e6  # weights, between which float32 holds every sum
_LONGEST_ORDINAL = 9  # digits
_KINDS = "a text, an id, a vector or an Example"


class Place(NamedTuple):
    """Rows of a part of a version, by the number of the part."""

    part: int
    rows: slice


@dataclass(frozen=True, slots=True)
class Library:
    """What examples are looked up in and encoded with: a version, and the encoder, which is opened if one is a text."""

    store: Store
    snapshot: Snapshot
    encoder: Callable[[], Encoder]
    cache: VectorCache

    def find(self, identifier: str) -> list[Place]:
        """The rows of the document or chunk, or of the documents of the indexed file, of this name; none: no such."""
        if not is_storable(identifier):
            return []
        path = self.store.key(Path(identifier))
        if found := self._documents("document_id", identifier) or self._documents("path", path):
            return found
        name, _, ordinal = identifier.rpartition("#")
        if not ordinal.isdecimal() or len(ordinal) > _LONGEST_ORDINAL:
            return []
        before = int(ordinal)
        return [
            Place(part, slice(rows.start + before, rows.start + before + 1))
            for part, rows in self._documents("document_id", name)
            if rows.start + before < rows.stop
        ]

    def _documents(self, column: str, value: str) -> list[Place]:
        return [
            Place(number, part.segment.rows_from(first))
            for number, part in enumerate(self.snapshot.parts)
            for first in part.segment.documents_with(column, [value]).tolist()
            if part.is_live(first)
        ]


def checked(items: Item | Sequence[Item] | None, *, name: str, ids: bool, sign: float = 1.0) -> list[Example]:
    """The examples that an option's items are, with weights of this sign; a str is an id when `ids`, else a text.

    Raises InvalidOption for what is no example.
    """
    if items is None:
        return []
    alone = isinstance(items, (str, Example)) or (isinstance(items, np.ndarray) and items.ndim < 2)
    if not alone and not isinstance(items, (Sequence, np.ndarray)):
        raise InvalidOption(f"{name} is {type(items).__name__}; {_KINDS}, or several of them")
    several: Sequence[Any] = [items] if alone else items  # type: ignore[assignment]  # which it is
    return [_checked(item, name, ids=ids, sign=sign) for item in several]


def _checked(item: Item, name: str, *, ids: bool, sign: float) -> Example:
    match item:
        case str():
            item = Example(id=item) if ids else Example(text=item)
        case np.ndarray():
            item = Example(vector=item)
        case Example():
            pass
        case _:
            raise InvalidOption(f"{name} holds {type(item).__name__}; {_KINDS}")
    for field, kind in (("text", str), ("id", str), ("vector", np.ndarray)):
        if (value := getattr(item, field)) is not None and not isinstance(value, kind):
            found = type(value).__name__
            raise InvalidOption(f"{name} holds an Example whose {field} is {found}, expected {kind.__name__}")
    given = [value is not None for value in (item.text, item.id, item.vector)]
    if sum(given) != 1:
        raise InvalidOption(f"{name} holds an Example with {sum(given)} of text, id and vector; name one")
    _check_weight(name, item.weight)
    return replace(item, weight=sign * item.weight)


def _check_weight(name: str, weight: float) -> None:
    if isinstance(weight, bool) or not isinstance(weight, Real) or not _LIGHTEST <= weight <= _HEAVIEST:
        between = f"a number from {_LIGHTEST:g} to {_HEAVIEST:g}"
        raise InvalidOption(f"{name} holds an Example of weight {weight!r}; {between}")


def places_of(examples: Sequence[Example], library: Library) -> list[Place]:
    """The rows of the examples that are in the index."""
    return [place for example in examples if example.id is not None for place in library.find(example.id)]


def without(parts: Sequence[Part], places: Sequence[Place]) -> tuple[Part, ...]:
    """The parts as if these rows were deleted."""
    left = list(parts)
    for place in places:
        alive = left[place.part].mask()
        alive[place.rows] = False
        left[place.part] = Part(left[place.part].segment, alive, int(np.count_nonzero(alive)))
    return tuple(left)


def added_up(queries: FloatArray | None, examples: Sequence[Example], library: Library) -> FloatArray:
    """To each query, raw float32 (q, dim), the examples are added; without queries they are one: float32 (q, dim).

    Raises InvalidQuery for an example that there is not, and when nothing is left of a sum.
    """
    dim = library.snapshot.manifest.model.dim
    total = np.zeros((1, dim)) if queries is None else unit_rows(queries)[0].astype(np.float64)
    for example, vector in zip(examples, _vectors(examples, library), strict=True):
        total = total + example.weight * vector.astype(np.float64)
    lengths = np.linalg.norm(total, axis=1)
    heaviest = max(0.0 if queries is None else 1.0, *(abs(example.weight) for example in examples))
    if not (lengths > _NOTHING * heaviest).all():
        raise InvalidQuery("what is added and taken away leaves nothing to search by: leave some of it out")
    return total.astype(np.float32)


def _vectors(examples: Sequence[Example], library: Library) -> Iterator[FloatArray]:
    """The direction of each example, unit float32 (dim,)."""
    texts = list(dict.fromkeys(example.text for example in examples if example.text is not None))
    encoded = dict(zip(texts, encode_queries(texts, library.encoder(), library.cache), strict=True)) if texts else {}
    for example in examples:
        if example.vector is not None:
            dim = library.snapshot.manifest.model.dim
            yield unit_rows(check_vectors(example.vector[None], 1, dim, name=lambda _: "an example"))[0][0]
        elif example.text is not None:
            yield unit_rows(encoded[example.text][None])[0][0]
        else:
            yield _mean(_of_id(str(example.id), library), str(example.id))


def _of_id(identifier: str, library: Library) -> FloatArray:
    """The unit vectors of what has this name, in the index or else on disk: float32 (n, dim)."""
    if places := library.find(identifier):
        return np.concatenate([library.snapshot.parts[part].segment.flat.vectors[rows] for part, rows in places])
    if not _is_file(identifier):
        raise InvalidQuery(f"{identifier!r} is neither a document or chunk of {library.store.name} nor a file")
    encoder = library.encoder()
    texts = list(_texts_of_file(identifier, encoder, library))
    if not texts:
        raise InvalidQuery(f"{identifier} holds no text to search by")
    encoded = encode_cached(encoder, library.cache, texts, Role.DOCUMENT, name=lambda i: f"chunk {i} of {identifier}")
    return unit_rows(encoded.vectors)[0]


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except OSError:  # longer than a name may be
        return False


def _texts_of_file(identifier: str, encoder: Encoder, library: Library) -> Iterator[str]:
    for document in load(Path(identifier), identifier):
        if not isinstance(document, Document):
            raise InvalidQuery(f"{identifier} cannot be searched by: {document.reason}")
        chunking = library.snapshot.manifest.chunking
        for chunked in read_chunks([document], encoder, chunking, partial(_sentence_vectors, encoder, library.cache)):
            yield from chunked.texts


def _sentence_vectors(encoder: Encoder, cache: VectorCache, texts: Sequence[str]) -> FloatArray:
    return encode_cached(encoder, cache, texts, Role.DOCUMENT, name="sentence {}".format).vectors


def _mean(vectors: FloatArray, name: str) -> FloatArray:
    """The direction of the mean of unit vectors, unit float32 (dim,)."""
    mean = vectors.astype(np.float64).mean(axis=0)
    length = float(np.linalg.norm(mean))
    if not isfinite(length) or length < _NOTHING:
        raise InvalidQuery(f"the chunks of {name} point in all directions: name one of them")
    unit: FloatArray = (mean / length).astype(np.float32)
    return unit
