"""`Index.add` takes tables by the Arrow interface, and says what to do about everything that is no document."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Document, Index, InvalidDocument

ROWS: list[dict[str, Any]] = [
    {"id": "a", "text": "alpha", "year": 2020, "tags": ["x"], "day": date(2024, 1, 31)},
    {"id": "b", "text": "beta", "year": None, "tags": [], "day": None},
]
EXPECTED = [
    Document("a", "alpha", {"day": date(2024, 1, 31), "tags": ["x"], "year": 2020}),
    Document("b", "beta", {"tags": []}),
]


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return Index.create(tmp_path / "index", model=encoder)


class Exporting:
    """A table of some library: nothing but the interface; DuckDB's relations and Polars' frames are like this."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)


TABLE = pa.Table.from_pylist(ROWS)


@pytest.mark.parametrize(
    "table",
    [
        TABLE,
        TABLE.to_batches()[0],
        TABLE.to_reader(),
        Exporting(TABLE),
        pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]),
    ],
    ids=["table", "batch", "reader", "interface", "chunked"],
)
def test_a_table_of_arrow_is_a_record_for_each_row(index: Index, table: Any) -> None:
    assert index.add(table).added == 2
    assert list(index) == EXPECTED


def test_a_frame_of_pandas_is_too(index: Index) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "key": [1, 2, 3],
            "body": ["alpha", "beta", None],
            "name": ["A", "", "C"],
            "score": [0.5, float("nan"), 1.0],
            "when": pandas.to_datetime(["2024-01-31 12:00", None, "2024-02-01 00:00"]),
            "kind": pandas.Categorical(["x", "y", "x"]),
        }
    )
    report = index.add(frame, id_field="key", text_field="body", title_field="name")
    assert (report.added, [(each.source, each.reason) for each in report.failed]) == (
        2,
        [("3", "no 'body': give each document a str as its text")],
    )
    assert list(index) == [
        Document("1", "A alpha", {"kind": "x", "score": 0.5, "title": "A", "when": datetime(2024, 1, 31, 12)}),
        Document("2", "beta", {"kind": "y"}),
    ]
    with pytest.raises(InvalidDocument, match=r"no column 'key' .*; reset_index\(\) makes a column of its index"):
        index.add(frame.set_index("key"), id_field="key", text_field="body")
    indexed = frame.rename(columns={"key": "id", "body": "text"})[["id", "text"]].iloc[[0]]
    assert index.add(indexed.set_axis([7])).updated == 1  # an index without a name is no column


def test_frames_of_polars_and_relations_of_duckdb_are_too(tmp_path: Path, encoder: CountingEncoder) -> None:
    for name in ("polars", "duckdb"):
        library = pytest.importorskip(name)
        index = Index.create(tmp_path / name, model=encoder)
        table = library.DataFrame(ROWS) if name == "polars" else library.from_arrow(TABLE)
        assert index.add(table).added == 2
        assert list(index) == EXPECTED


def test_a_lazy_frame_is_to_be_collected(index: Index) -> None:
    polars = pytest.importorskip("polars")
    with pytest.raises(InvalidDocument, match=r"not polars.*LazyFrame: collect\(\) it first"):
        index.add(polars.DataFrame(ROWS).lazy())


def test_values_keep_their_types(index: Index) -> None:
    table = pa.table(
        {
            "id": pa.array([1], pa.uint16()),
            "text": pa.array(["alpha"], pa.large_string()),
            "price": pa.array([Decimal("19.90")], pa.decimal128(10, 2)),
            "at": pa.array([datetime(2024, 1, 31, 12)], pa.timestamp("ns")),
            "inner": pa.array([{"a": 1, "b": None}]),
        }
    )
    assert index.add(table).added == 1
    [document] = index
    assert document.metadata["price"] == Decimal("19.90")
    assert document.metadata["at"] == datetime(2024, 1, 31, 12)
    assert document.metadata["inner"] == {"a": 1, "b": None}


def test_a_table_streams(index: Index) -> None:
    """A table larger than memory: no batch is asked for before the one before it has been taken."""
    taken: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for n in range(40):
            taken.append(n)
            yield pa.record_batch({"id": [f"{n}-{i}" for i in range(500)], "text": ["one text"] * 500})

    schema = pa.schema([("id", pa.string()), ("text", pa.string())])
    seen: list[tuple[int, int]] = []
    reader = pa.RecordBatchReader.from_batches(schema, batches())
    index.add(reader, progress=lambda progress: seen.append((progress.documents, len(taken))))
    assert index.info().documents == 20_000
    assert seen[0][1] < 30


def test_a_generator_of_records_may_name_its_fields_too(index: Index) -> None:
    records = ({"key": UUID(int=n), "body": f"text {n}", "id": n} for n in range(3))
    assert index.add(records, id_field="key", text_field="body").added == 3
    assert [document.metadata for document in index] == [{"id": n} for n in range(3)]
    assert str(UUID(int=2)) in index


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table({"a": [1], "text": ["x"]}), "pyarrow's Table has no column '_id' or 'id' for the id of its records; "
         "it has a, text: name one with id_field="),
        (pa.table({"id": [1], "body": ["x"]}), "no column 'text' for the text .* name one with text_field="),
        (pa.table({}), "it has none"),
        (pa.table([[1], [2], ["x"]], names=["id", "id", "text"]), "several columns called id: rename all but one"),
        (pa.chunked_array([["a", "b"]]), "not pyarrow's ChunkedArray, a column: give its values as a list"),
    ],
)  # fmt: skip
def test_a_table_without_records_is_refused_in_one_line(index: Index, table: Any, said: str) -> None:
    with pytest.raises(InvalidDocument, match=said) as raised:
        index.add(table)
    assert "\n" not in str(raised.value)
    assert index.info().version == 1


def test_a_column_of_pandas_and_a_frame_that_arrow_cannot_hold_are_refused(index: Index) -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InvalidDocument, match=r"not pandas's Series, a column: give its values as a list"):
        index.add(pandas.Series(["a", "b"]))
    mixed = pandas.DataFrame({"id": ["a", "b"], "text": ["x", "y"], "other": [1, "x"]})
    with pytest.raises(InvalidDocument, match=r"pandas's DataFrame cannot be read as an Arrow table: .*other"):
        index.add(mixed)
    assert index.add(mixed.to_dict("records")).added == 2


async def stream() -> AsyncIterator[str]:
    yield "a text"


MISTAKES = [
    ("some text", "not one str: put it into a list"),
    (b"some text", "not one bytes: put it into a list"),
    ({"id": "a", "text": "x"}, "not one dict: put it into a list"),
    (Document("a", "x"), "not one Document: put it into a list"),
    ({"id": ["a"], "text": ["x"]}, r"not a dict of columns: give a list of records, \[dict\(zip\(d, row\)\)"),
    (None, "an iterable of documents, not NoneType"),
    (5, "not int"),
    (Path("somewhere"), "not the path 'somewhere': index files and folders with sync"),
    (io.StringIO("text"), r"not an open file: read it with read_stream\(file, name\)"),
    (stream(), r"not an asynchronous iterable: collect it first"),
    (
        type("DataFrame", (), {"__module__": "pandas"})(),
        r"without the Arrow .*to_dict\('records'\)",
    ),
    ([("a", "x")], r"document 0 is tuple; expected Document, str, or a dict .*: write Document\(id, text, metadata\)"),
    ([b"x"], "document 0 is bytes; .*: decode it first"),
    ([["a", "b"]], "document 0 is list; expected Document, str, or a dict with 'id' and 'text'"),
    ([SimpleNamespace(page_content="x")], "document 0 is types.SimpleNamespace; expected Document"),
    (np.array([1.5]), "document 0 is numpy.float64; expected"),
    ([None], "document 0 is NoneType; expected"),
]


@pytest.mark.parametrize(("given", "said"), MISTAKES, ids=[said[:20] for _, said in MISTAKES])
def test_what_is_no_document_is_refused_with_the_call_that_works(index: Index, given: Any, said: str) -> None:
    with pytest.raises(InvalidDocument, match=said) as raised:
        index.add(given)
    assert "\n" not in str(raised.value)
    assert len(index) == 0


def test_the_name_of_a_file_is_not_taken_for_a_text(index: Index, folder: Path) -> None:
    path = write(folder / "a.md", "alpha")
    with pytest.raises(InvalidDocument, match=r"not the path .*a.md': index files and folders with sync"):
        index.add(str(path))


def test_a_mistake_is_found_before_the_lock_is_waited_for(index: Index) -> None:
    with index.writing(), pytest.raises(InvalidDocument):
        index.add(None)  # type: ignore[arg-type]


def test_a_generator_of_mixed_things_ends_at_what_is_no_document(index: Index) -> None:
    items = ["a text", {"id": "b", "text": "beta"}, Document("c", "gamma"), {"id": "d"}, ("e", "x")]
    with pytest.raises(InvalidDocument, match="document 4 is tuple"):
        index.add(each for each in items)
    report = index.add(each for each in items[:4])
    assert (report.added, [each.source for each in report.failed]) == (3, ["d"])


def test_an_id_may_be_any_integer(index: Index) -> None:
    assert index.add([{"id": np.int64(3), "text": "x"}, {"id": 4, "text": "y"}]).added == 2
    assert [document.id for document in index] == ["3", "4"]


@pytest.mark.parametrize(
    ("identifier", "said"),
    [(1.5, "its id is 1.5, of type float"), (True, "its id is True, of type bool"), (None, "no 'id'")],
)
def test_an_id_of_another_kind_is_a_failure(index: Index, identifier: Any, said: str) -> None:
    [failure] = index.add([{"id": identifier, "text": "x"}]).failed
    assert said in failure.reason
