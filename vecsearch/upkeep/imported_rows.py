"""Check rows that anybody may have written, as what an index holds of chunks; the first that is wrong is named.

Arrow's types say what a column holds, but not that a text is UTF-8, a date one that Python has, or a span within its
document. What gets into an index unchecked fails later, in a search.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.errors import InvalidDocument
from vecsearch.storage.columns import DOCUMENT, rest_of
from vecsearch.storage.document_values import REST, is_metadata
from vecsearch.storage.metadata_values import check_metadata
from vecsearch.storage.typed_columns import from_json, is_json
from vecsearch.types import BoolArray, FloatArray, IntArray

_DAYS = (-719_162, 2_932_896)  # of the years 1 to 9999, from 1970 on
_MICROSECONDS = (_DAYS[0] * 86_400_000_000, (_DAYS[1] + 1) * 86_400_000_000 - 1)
_UNREADABLE = (ValueError, TypeError, ArithmeticError, RecursionError, InvalidDocument)


class RowChecks:
    """Checks tables of whole documents, the rows of a file one after another; raises ArrowInvalid."""

    def __init__(self) -> None:
        self._first = 0  # row of the next table in the file, from 0

    def check(self, rows: pa.Table, vector: str) -> None:
        """Check a table with the columns of chunks and one of unit vectors, which is called `vector`."""
        for name in rows.column_names:
            self._check_bytes(name, rows.column(name))
        self._refuse(vector, _missing(rows.column(vector)), lambda _: "no value, expected one")
        self._check_order(rows)
        self._check_numbers(rows)
        self._check_metadata(rows)
        self._check_texts(rows)
        self._first += rows.num_rows

    def name_of(self, rows: int) -> Callable[[int], str]:
        """Return a function that names a row of the last table, of `rows` rows."""
        first = self._first - rows
        return lambda row: f"row {first + row}"

    def check_lengths(self, lengths: FloatArray, column: str, tolerance: float) -> None:
        """Check the lengths of the vectors of the last table, float32 (n,), to be 1."""
        wrong = ~(np.abs(lengths - 1) <= tolerance)
        if wrong.any():
            row = int(np.argmax(wrong))
            where = f"{self.name_of(len(lengths))(row)}, column {column}"
            raise pa.ArrowInvalid(f"{where}: not a unit vector: its length is {lengths[row]}")

    def _refuse(self, column: str, wrong: BoolArray, reason: Callable[[int], str]) -> None:
        if wrong.any():
            row = int(np.argmax(wrong))
            raise pa.ArrowInvalid(f"row {self._first + row}, column {column}: {reason(row)}")

    def _check_bytes(self, name: str, column: pa.ChunkedArray) -> None:
        if (error := _invalid(column)) is None:
            return
        first, end = 0, len(column)
        while end - first > 1:
            middle = (first + end) // 2
            first, end = (middle, end) if _invalid(column[first:middle]) is None else (first, middle)
        raise pa.ArrowInvalid(f"row {self._first + first}, column {name}: {error}")

    def _check_order(self, rows: pa.Table) -> None:
        ids, ordinals = rows.column("document_id").combine_chunks(), rows.column("ordinal").to_numpy()
        self._refuse("document_id", np.asarray(pc.equal(pc.binary_length(ids), 0)), lambda _: "an empty id")
        same = np.append(False, np.asarray(pc.equal(ids[1:], ids[:-1])))
        wrong = (ordinals != 0) & ~(same & (np.diff(ordinals.astype(np.int64), prepend=-1) == 1))
        self._refuse("ordinal", wrong, lambda row: f"{ordinals[row]}: a document's chunks are not together, in order")

    def _check_numbers(self, rows: pa.Table) -> None:
        starts, ends, lines, norms = (rows.column(name).to_numpy() for name in ("start", "end", "line", "norm"))
        sizes = np.asarray(pc.utf8_length(rows.column("text"))).astype(np.int64)
        self._refuse("start", starts < 0, lambda row: f"{starts[row]}, expected at least 0")
        self._refuse(
            "end",
            (ends < starts) | (ends - starts != sizes),
            lambda row: f"{ends[row]}, expected {starts[row] + sizes[row]}: text has {sizes[row]} characters",
        )
        self._refuse("line", lines < 1, lambda row: f"{lines[row]}, expected at least 1")
        positive = (norms > 0) & np.isfinite(norms)
        self._refuse("norm", ~positive, lambda row: f"{norms[row]}, expected a positive number")

    def _check_metadata(self, rows: pa.Table) -> None:
        for field in rows.schema:
            if not is_metadata(field.name):
                continue
            column = rows.column(field.name).combine_chunks()
            if field.name == REST or is_json(field):
                self._check_json(field.name, column, rest_of if field.name == REST else from_json)
            elif pa.types.is_list(field.type):
                outside = _outside(column.flatten())
                wrong = np.zeros(len(column), np.bool_)
                wrong[np.asarray(pc.list_parent_indices(column))[outside]] = True
                self._refuse(field.name, wrong, lambda _: "a date outside the years 1 to 9999")
            else:
                self._refuse(field.name, _outside(column), lambda _: "a date outside the years 1 to 9999")

    def _check_json(self, name: str, column: Any, decode: Callable[[Any], Any]) -> None:
        """Check texts to be JSON that can be read back; equal ones, as in the chunks of a document, once."""
        for text in column.unique().to_pylist():
            try:
                if text is not None:
                    check_metadata({name: decode(text)})
            except _UNREADABLE as error:
                reason = " ".join(str(error).split())[:200] or type(error).__name__
                self._refuse(name, np.asarray(pc.fill_null(pc.equal(column, text), False)), lambda _: reason)  # noqa: B023

    def _check_texts(self, rows: pa.Table) -> None:
        """Check each chunk to be the part of its document that its span says, where whole documents are kept."""
        if DOCUMENT not in rows.column_names:
            return
        ordinals, whole = rows.column("ordinal").to_numpy(), rows.column(DOCUMENT)
        first = ordinals == 0
        absent = _missing(whole)
        self._refuse(DOCUMENT, first & absent, lambda _: "the text of a document is missing")
        self._refuse(DOCUMENT, ~first & ~absent, lambda _: "a text, expected one at the first chunk of a document only")
        document = ""
        spans = (rows.column(name).to_pylist() for name in (DOCUMENT, "start", "end", "text"))
        for row, (text, start, end, part) in enumerate(zip(*spans, strict=True)):
            document = document if text is None else text
            if document[start:end] != part:
                raise pa.ArrowInvalid(
                    f"row {self._first + row}, column text: it differs from its document from {start} to {end}"
                )


def _invalid(column: pa.ChunkedArray) -> Exception | None:
    try:
        column.validate(full=True)
    except (pa.ArrowException, ValueError) as error:
        return error
    return None


def _missing(column: pa.ChunkedArray) -> BoolArray:
    return np.asarray(column.is_null())


def _outside(values: Any) -> BoolArray:
    """Which dates and times, bool (n,), Python has no type for."""
    if pa.types.is_date32(values.type):
        (least, most), numbers = _DAYS, values.cast(pa.int32())
    elif pa.types.is_timestamp(values.type):
        (least, most), numbers = _MICROSECONDS, values.cast(pa.int64())
    else:
        return np.zeros(len(values), np.bool_)
    plain: IntArray = np.asarray(pc.fill_null(numbers, 0))
    return (plain < least) | (plain > most)
