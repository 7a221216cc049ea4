"""An endpoint's answer to vectors: JSON as in OpenAI's API reference, embeddings/create. All of it is checked."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from vecsearch.types import FloatArray

_SHOWN = 60  # characters of an invalid answer


class AnswerInvalid(ValueError):
    """An answer is not a list of vectors; the message says what it is instead."""


def read_answer(content: bytes, n: int) -> FloatArray:
    """Return the vectors of an answer in the order of the n texts: float32 (n, dim), finite; raises AnswerInvalid.

    Vectors are matched by their `index`. Each may be base64 of little-endian float32 or a list of numbers: we request
    the first, and not every server supports it.
    """
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise AnswerInvalid(f"what is not JSON: {_short(content.decode(errors='replace'))}") from None
    rows = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise AnswerInvalid(f"JSON without a list of data: {_short(answer)}")
    if len(rows) != n:
        raise AnswerInvalid(f"{len(rows)} vectors for {n} texts")
    vectors: dict[int, FloatArray] = {}
    for row in rows:
        index = row.get("index") if isinstance(row, dict) else None
        if type(index) is not int or not 0 <= index < n or index in vectors:
            raise AnswerInvalid(f"the index {_short(index)}, expected each from 0 to {n - 1} once")
        vectors[index] = _vector(row.get("embedding"))
    if len(lengths := {len(vector) for vector in vectors.values()}) > 1:
        raise AnswerInvalid(f"vectors of {min(lengths)} and of {max(lengths)} numbers")
    return np.stack([vectors[index] for index in range(n)])


def _vector(embedding: Any) -> FloatArray:
    try:
        if isinstance(embedding, str):
            values = np.frombuffer(base64.b64decode(embedding, validate=True), "<f4")
        else:
            values = np.asarray(embedding)
        if values.ndim != 1 or not len(values) or values.dtype.kind not in "if":
            raise ValueError
        with np.errstate(over="ignore"):  # it becomes infinity, which is refused below
            vector: FloatArray = values.astype(np.float32)
    except ValueError:  # not base64, not a multiple of four bytes, lists in lists
        raise AnswerInvalid(f"a vector that is not a list of numbers: {_short(embedding)}") from None
    if not np.isfinite(vector).all():
        raise AnswerInvalid("a vector that holds NaN or infinity")
    return vector


def _short(value: Any) -> str:
    return repr(value if isinstance(value, str) else json.dumps(value))[: _SHOWN + 2]
