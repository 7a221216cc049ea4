"""Queries by example and by arithmetic: more like this, less like that, king - man + woman.

A sum adds directions: each of its vectors has the length of its weight (Mikolov, Yih and Zweig 2013, Linguistic
Regularities in Continuous Space Word Representations, add unit vectors as well). A document's direction is the mean of
its chunks'. The chunks and documents that a query is made of are not among its hits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import isfinite
from numbers import Real
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from vecsearch.chunking import Chunking, read_chunks
from vecsearch.documents import load
from vecsearch.errors import InvalidOption, InvalidQuery, UnknownId
from vecsearch.models.cached_encoding import VectorCache, encode_cached
from vecsearch.models.encoder import Encoder
from vecsearch.search.lookup import PartRows, documents_named, rows_of_chunk
from vecsearch.storage.store import Part, Store
from vecsearch.types import Document, Example, FloatArray, Role
from vecsearch.vectors import check_vectors, unit_rows

Item: TypeAlias = "str | FloatArray | Example"
_NOTHING = 1e-6  # a sum of unit vectors shorter than this is rounding
_LIGHTEST, _HEAVIEST = 1e-6, 1e6  # weights, between which float32 holds every sum
_KINDS = "a text, an id, a vector or an Example"


def parse_examples(items: Item | Sequence[Item] | None, *, name: str, ids: bool, sign: float = 1.0) -> list[Example]:
    """Return an option's items as examples, with weights of this sign; a str is an id when `ids`, else a text.

    Raises InvalidOption for anything else than a text, an id, a vector or an Example.
    """
    if items is None:
        return []
    alone = isinstance(items, (str, Example)) or (isinstance(items, np.ndarray) and items.ndim < 2)
    if not alone and not isinstance(items, (Sequence, np.ndarray)):
        raise InvalidOption(f"{name} is {type(items).__name__}, expected {_KINDS}, or several of them")
    several: Sequence[Any] = [items] if alone else items  # type: ignore[assignment]  # the type checker cannot see it
    return [_parse_example(item, name, ids=ids, sign=sign) for item in several]


def _parse_example(item: Item, name: str, *, ids: bool, sign: float) -> Example:
    match item:
        case str():
            item = Example(id=item) if ids else Example(text=item)
        case np.ndarray():
            item = Example(vector=item)
        case Example():
            pass
        case _:
            raise InvalidOption(f"{name} holds {type(item).__name__}, expected {_KINDS}")
    for field, kind in (("text", str), ("id", str), ("vector", np.ndarray)):
        if (value := getattr(item, field)) is not None and not isinstance(value, kind):
            actual = type(value).__name__
            raise InvalidOption(f"{name} holds an Example whose {field} is {actual}, expected {kind.__name__}")
    given = sum(value is not None for value in (item.text, item.id, item.vector))
    if given != 1:
        raise InvalidOption(f"{name} holds an Example with {given} of text, id and vector, expected one of them")
    _check_weight(name, item.weight)
    return replace(item, weight=sign * item.weight)


def _check_weight(name: str, weight: float) -> None:
    if isinstance(weight, bool) or not isinstance(weight, Real) or not _LIGHTEST <= weight <= _HEAVIEST:
        expected = f"a number from {_LIGHTEST:g} to {_HEAVIEST:g}"
        raise InvalidOption(f"{name} holds an Example of weight {weight!r}, expected {expected}")


def locate_examples(examples: Sequence[Example], store: Store, parts: Sequence[Part]) -> list[list[PartRows]]:
    """Return for each example its rows in the index; none for a text, a vector, and a file that is not indexed.

    Raises UnknownId for an id that is neither in the index nor a file.
    """
    located = []
    for example in examples:
        rows = [] if example.id is None else _rows_of(example.id, store, parts)
        if example.id is not None and not rows and not _is_file(example.id):
            raise UnknownId(f"{example.id!r} is neither a document or chunk of {store.name} nor a file")
        located.append(rows)
    return located


def _rows_of(name: str, store: Store, parts: Sequence[Part]) -> list[PartRows]:
    """The rows of the document with this id, of all documents of the file at this path, or of the chunk."""
    [documents] = documents_named(store, parts, [name])
    return documents or rows_of_chunk(store, parts, name)


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # longer than a name may be, or with a NUL byte
        return False


def without_rows(parts: Sequence[Part], located: Sequence[Sequence[PartRows]]) -> tuple[Part, ...]:
    """Return the parts as if the rows of these examples were deleted."""
    left = list(parts)
    for number, rows in (each for of_example in located for each in of_example):
        alive = left[number].mask()
        alive[rows] = False
        left[number] = Part(left[number].segment, alive, int(np.count_nonzero(alive)))
    return tuple(left)


def example_directions(
    examples: Sequence[Example],
    located: Sequence[Sequence[PartRows]],
    parts: Sequence[Part],
    dim: int,
    encode_texts: Callable[[Sequence[str]], FloatArray],
    encode_file: Callable[[str], FloatArray],
) -> list[FloatArray]:
    """Return the direction of each example, unit float32 (dim,); `located` are their rows in these parts.

    Texts are encoded together, and files that are not indexed chunk by chunk, (n, dim); neither encoder is called
    without need. Raises InvalidQuery, InvalidVector.
    """
    texts = list(dict.fromkeys(example.text for example in examples if example.text is not None))
    encoded = dict(zip(texts, encode_texts(texts), strict=True)) if texts else {}
    directions = []
    for example, rows in zip(examples, located, strict=True):
        if example.vector is not None:
            vectors = check_vectors(example.vector[None], 1, dim, name=lambda _: "an example")
            directions.append(unit_rows(vectors)[0][0])
        elif example.text is not None:
            directions.append(unit_rows(encoded[example.text][None])[0][0])
        elif rows:
            stored = [parts[number].segment.flat.vectors[of_part] for number, of_part in rows]
            directions.append(_mean(np.concatenate(stored), str(example.id)))
        else:
            directions.append(_mean(unit_rows(encode_file(str(example.id)))[0], str(example.id)))
    return directions


def file_vectors(path: str, encoder: Encoder, cache: VectorCache, chunking: Chunking) -> FloatArray:
    """Return the raw vectors of the chunks that a file would be indexed as, float32 (n, dim); raises InvalidQuery."""
    texts = list(_file_texts(path, encoder, cache, chunking))
    if not texts:
        raise InvalidQuery(f"{path} holds no text to search by")
    return encode_cached(encoder, cache, texts, Role.DOCUMENT, name=lambda i: f"chunk {i} of {path}").vectors


def _file_texts(path: str, encoder: Encoder, cache: VectorCache, chunking: Chunking) -> Iterator[str]:
    for document in load(Path(path), path):
        if not isinstance(document, Document):
            raise InvalidQuery(f"{path} cannot be searched by: {document.reason}")
        for chunked in read_chunks([document], encoder, chunking, partial(_sentence_vectors, encoder, cache)):
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


def add_directions(
    queries: FloatArray | None, examples: Sequence[Example], directions: Sequence[FloatArray]
) -> FloatArray:
    """Add the weighted directions of examples to each query, raw float32 (q, dim); without queries they are one.

    Raises InvalidQuery when a sum cancels out.
    """
    total = np.zeros((1, len(directions[0]))) if queries is None else unit_rows(queries)[0].astype(np.float64)
    for example, direction in zip(examples, directions, strict=True):
        total = total + example.weight * direction.astype(np.float64)
    lengths = np.linalg.norm(total, axis=1)
    heaviest = max(0.0 if queries is None else 1.0, *(abs(example.weight) for example in examples))
    if not (lengths > _NOTHING * heaviest).all():
        raise InvalidQuery("the query and its examples cancel out, which leaves no direction: drop one of them")
    return total.astype(np.float32)
