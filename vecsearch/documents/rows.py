"""Files of records → rows: .jsonl, .csv, .tsv and .parquet, one row or batch in memory at a time.

A row is a dict by field name, with the values of its format. `records.py` knows what the fields mean. A row that cannot
be read has a `problem` instead of values, and the next one is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vecsearch.documents.csv_rows import csv_rows
from vecsearch.documents.limits import Limits
from vecsearch.documents.parquet_rows import parquet_rows
from vecsearch.documents.row import Readable, Row, bounded_lines, open_text, too_long


def read_rows(path: Readable, limits: Limits | None = None) -> Iterator[Row]:
    """Yield the rows of the file, read by its extension. Raises OSError, and InvalidDocument for another format."""
    limits = limits or Limits()
    match path.suffix.lower():
        case ".parquet":
            return parquet_rows(path, limits)
        case ".csv" | ".tsv":
            return csv_rows(path, limits)
        case _:
            return _json_rows(path, limits)


def _json_rows(path: Readable, limits: Limits) -> Iterator[Row]:
    with open_text(path, newline="\n") as lines:
        for number, line in enumerate(bounded_lines(lines, limits), 1):
            if line is None:
                yield Row(number, {}, too_long(limits))
            elif line.strip():
                yield _json_row(number, line)


def _json_row(number: int, line: str) -> Row:
    values, problem = json_of_line(line)
    if problem is None and not isinstance(values, dict):
        problem = f"a JSON {type(values).__name__}; expected an object"
    return Row(number, {}, problem) if problem else Row(number, values)


def json_of_line(line: str) -> tuple[Any, str | None]:
    """Return the JSON value in a line, or None and what is wrong with the line."""
    try:
        return json.loads(line.rstrip("\r\n"), parse_constant=lambda _: None), None  # NaN and Infinity are not JSON
    except json.JSONDecodeError as error:
        return None, f"not valid JSON: {error.msg} at column {error.colno}"
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or deeply nested lists
        return None, f"JSON that cannot be read: {error}"
