"""Files of rows: a row that cannot be read fails alone, and no file holds more than one of its size may."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Index
from vecsearch.documents import Limits, Reader, RecordFields, load
from vecsearch.documents.texts import read_texts
from vecsearch.errors import InvalidDocument
from vecsearch.ingest.streams import read_stream
from vecsearch.reports import Failure
from vecsearch.types import Document

_FIELDS = {"id": ["a", "b", "c"], "text": ["alpha", "beta", "gamma"]}
_SHORT = Limits(text=1_000)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        yield reader


def outcomes(path: Path, reader: Reader | None = None) -> list[str]:
    """The ids of the documents, and the rest of each source behind the path with the reason for a failure."""
    try:
        found = list(load(path, "x", None, reader))
    except InvalidDocument as error:
        return [f"refused: {error}"]
    return [
        one.id if isinstance(one, Document) else f"{one.source.removeprefix(str(path))} {one.reason}" for one in found
    ]


def _bytes_as_text(*values: bytes) -> pa.Array:
    array = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(values), array.buffers())


UNREADABLE = {
    "a date beyond the year 9999": pa.array([0, 4_000_000, 1], pa.int32()).cast(pa.date32()),
    "a date before the year 1": pa.array([0, -4_000_000, 1], pa.int32()).cast(pa.date32()),
    "a time beyond the year 9999": pa.array([0, 2**62, 1], pa.timestamp("us")),
    "a time in milliseconds": pa.array([0, 2**50, 1], pa.timestamp("ms")),
    "a time in a zone": pa.array([0, 2**62, 1], pa.timestamp("us", "Europe/Berlin")),
    "a duration beyond what Python counts": pa.array([0, 2**62, 1], pa.duration("s")),
    "text that is no UTF-8": _bytes_as_text(b"x", b"\xff\xfe", b"z"),
    "a date in a list": pa.array([[0], [4_000_000], [1]], pa.list_(pa.int32())).cast(pa.list_(pa.date32())),
    "a date in a struct": pa.StructArray.from_arrays(
        [pa.array([0, 4_000_000, 1], pa.int32()).cast(pa.date32())], ["x"]
    ),
    "a date in a map": pa.MapArray.from_arrays(
        [0, 1, 2, 3], ["k", "k", "k"], pa.array([0, 4_000_000, 1], pa.int32()).cast(pa.date32())
    ),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_cannot_end_a_run_with_a_value_that_python_lacks(what: str, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({**_FIELDS, "x": UNREADABLE[what]}), path)
    first, failure, last = outcomes(path, reader)
    assert (first, last) == ("a", "c")
    assert failure.startswith(":2 its field 'x' cannot be read: ")


READABLE = {
    "an unknown zone": pa.array([0, 1, 2], pa.timestamp("us", "Mars/Olympus")),
    "a zone of nonsense": pa.array([0, 1, 2], pa.timestamp("s", "\x1b[31m")),
    "decimals of seventy digits": pa.array([1, 2, 3], pa.int64()).cast(pa.decimal256(70, 2)),
    "maps with a key twice": pa.array([[("a", 1)], [("a", 1), ("a", 2)], None], pa.map_(pa.string(), pa.int32())),
    "dictionaries": pa.array(["x", None, "x"]).dictionary_encode(),
    "bytes": pa.array([b"\xff", b"\0", b""]),
    "nothing at all": pa.nulls(3),
}


@pytest.mark.parametrize("what", READABLE)
def test_cannot_lose_its_rows_by_an_odd_column(what: str, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({**_FIELDS, "x": READABLE[what]}), path)
    assert outcomes(path, reader) == ["a", "b", "c"]


def test_cannot_bring_the_rest_of_its_folder_down(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    pq.write_table(pa.table({**_FIELDS, "x": UNREADABLE["a date beyond the year 9999"]}), notes / "a.parquet")
    (notes / "b.md").write_text("delta pelican")
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    report = index.sync([notes])
    assert (report.added, len(report.failed)) == (3, 1)
    assert index.search("pelican", k=1, mode="lexical")[0].text == "delta pelican"


def _repeated(rows: int, size: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * size]))


def _table(text: Any, rows: int, **options: Any) -> bytes:
    file = io.BytesIO()
    ids = pa.array(range(rows)) if rows < 100_000 else pa.nulls(rows, pa.int64())
    pq.write_table(pa.table({"id": ids, "text": text}), file, **options)
    return file.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "one text for every row": lambda: _table(_repeated(20_000, 600_000), 20_000, compression="zstd"),
    "one text for every row, in small groups": lambda: _table(_repeated(5_000, 100_000), 5_000, row_group_size=100),
    "texts that are one letter": lambda: _table(
        pa.array(["x" * 600_000] * 120), 120, compression="zstd", use_dictionary=False
    ),
    "rows of nothing": lambda: _table(pa.nulls(20_000_000, pa.string()), 20_000_000, row_group_size=20_000_000),
    "a list of millions": lambda: _table(
        pa.ListArray.from_arrays([0, 1, 60_000_000], pa.array(np.zeros(60_000_000, np.int8))), 2
    ),
}


@pytest.mark.parametrize("what", BOMBS)
def test_cannot_unpack_a_small_table_to_gigabytes(what: str, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(BOMBS[what]())
    assert path.stat().st_size < 300_000
    *rest, last = outcomes(path, reader)
    assert last.startswith("refused: unpacks to more than ")
    assert len(rest) < 1_000


def test_cannot_hide_what_it_unpacks_to_behind_its_own_figures(tmp_path: Path) -> None:
    """A text of 5,000 characters that 5,000 rows share takes one page: what counts is what becomes of it."""
    path = tmp_path / "a.parquet"
    path.write_bytes(_table(_repeated(5_000, 5_000), 5_000))
    with Reader(Limits(always=5_000_000, ratio=1)) as reader:
        assert pq.read_metadata(path).row_group(0).column(1).total_uncompressed_size < 50_000
        with pytest.raises(InvalidDocument, match=r"unpacks to more than 5,000,000 bytes"):
            list(load(path, "x", None, reader))


def test_cannot_lose_other_groups_by_damage_in_one(reader: Reader, tmp_path: Path) -> None:
    rows = 3_000
    file = io.BytesIO()
    columns = {"id": [str(row) for row in range(rows)], "text": [f"text {row}" for row in range(rows)]}
    pq.write_table(pa.table(columns), file, row_group_size=1_000, compression="none", use_dictionary=False)
    data = bytearray(file.getvalue())
    place = data.index(b"text 1001")
    data[place - 400 : place + 2_000] = b"\xff" * 2_400
    path = tmp_path / "a.parquet"
    path.write_bytes(data)
    found = outcomes(path, reader)
    failures = [one for one in found if not one.isdecimal()]
    assert failures
    assert {str(row) for row in (*range(1_000), *range(2_000, 3_000))} <= set(found)


LONG = "x" * 1_500
ROWS = {
    "a field": ("a.csv", f"id,text\n1,ok\n2,{LONG}\n3,fine\n", ":3"),
    "a quoted field": ("a.csv", f'id,text\n1,ok\n2,"{LONG}"\n3,fine\n', ":3"),
    "a quoted field of many lines": ("a.csv", 'id,text\n1,ok\n2,"' + "x,y\n" * 500 + '"\n3,fine\n', ":503"),
    "a quoted field with quotes": ("a.csv", 'id,text\n1,ok\n2,"' + 'a ""b""\n' * 300 + '",c\n3,fine\n', ":303"),
    "many fields": ("a.csv", "id,text\n1,ok\n" + "2," * 900 + "\n3,fine\n", ":3"),
    "tabs": ("a.tsv", f"id\ttext\n1\tok\n2\t{LONG}\n3\tfine\n", ":3"),
    "a line of JSON": ("a.jsonl", f'{{"id":1,"text":"ok"}}\n{{"id":2,"text":"{LONG}"}}\n{{"id":3,"text":"c"}}\n', ":2"),
    "a line of blanks": ("a.jsonl", '{"id":1,"text":"ok"}\n' + " " * 1_500 + '\n{"id":3,"text":"c"}\n', ":2"),
}


@pytest.mark.parametrize("what", ROWS)
def test_cannot_take_other_rows_along_by_its_length(what: str, tmp_path: Path) -> None:
    name, content, place = ROWS[what]
    path = tmp_path / name
    path.write_text(content)
    with Reader(_SHORT) as reader:
        found = list(reader.load(path, "x", RecordFields(), expect_records=True))
    assert [one.id for one in found if isinstance(one, Document)] == ["1", "3"]
    (failure,) = (one for one in found if isinstance(one, Failure))
    assert failure.source == f"{path}{place}"
    assert failure.reason == "more than 1,000 characters, too long for one document: split it"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('id,text\n1,a\n2,"open\n3,b\n4,c\n', ["1", "2", "3", "4"]),
        ('id,text\n"1,a\n2,b\n3,c\n', ["1", "2", "3"]),
        ('id,text\n1,a\n2,"b""\n3,c\n', ["1", "2", "3"]),
        ('id,text\n1,a\n2,"x\n3,"y\n4,"z\n5,c\n', ["1", "2", "4", "5"]),
    ],
)
def test_cannot_swallow_the_rows_after_a_quote_that_is_never_closed(
    content: str, expected: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content)
    found = outcomes(path)
    assert any("a quote in it is never closed" in one for one in found)
    assert found[-1] == expected[-1]


def test_cannot_have_its_lines_read_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,a\n" + '2,"b""\n' * 3_001)
    found = outcomes(path)
    assert found[0] == "1"
    assert 0 < sum("never closed" in one for one in found) <= 12


@pytest.mark.parametrize(
    "value",
    [
        "1" * 100_000,
        "[" * 100_000,
        "[" * 500 + "]" * 500,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "-" * 1_000,
        '"\\ud800',
        "\x00",
    ],
    ids=range(7),
)
@pytest.mark.parametrize("padding", [0, 100_000])  # read here, and in the other process
def test_cannot_end_a_run_with_what_json_lets_it_write(
    value: str, padding: int, reader: Reader, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        f'{{"id": 1, "text": "a"}}\n{{"id": 2, "text": "b", "x": {value}}}\n{" " * padding}\n{{"id": 3, "text": "c"}}\n'
    )
    if "\x00" in value:
        path.write_text(path.read_text().replace("\x00", " " * 9_000 + "\x00"))
    first, failure, last = outcomes(path, reader)
    assert (first, last) == ("1", "3")
    assert failure.startswith(":2 ")


@pytest.mark.parametrize("row", ['{"id": 1}', '{"id": 1, "text": ""}', "{", '{"id": 1, "text": " "}', "[]"])
def test_cannot_flood_the_report_with_its_rows(row: str, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": 1, "text": "a"}\n' + f"{row}\n" * 25_000 + '{"id": 2, "text": "b"}\n')
    found = outcomes(path, reader)
    assert len(found) == 10_003
    assert found[-2] == "2"
    assert found[-1] in (" 15,000 more of its rows cannot be read", " 15,000 more of its rows have no text")


def test_cannot_show_a_thousand_names_in_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"column {number}" for number in range(3_000)) + "\n" + "a," * 2_999 + "b\n")
    (refused,) = outcomes(path)
    assert refused.endswith("column 19 and 2,980 more: name one with --id-field")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_cannot_escape_the_limits_through_standard_input(name: str, tmp_path: Path) -> None:
    if name == "a.parquet":
        data = BOMBS["one text for every row"]()
    else:
        data = (b"id,text\n1,ok\n2," if name == "a.csv" else b'{"id":1,"text":"ok"}\n') + b"x" * 64_000_100 + b"\n"
    *_, last = read_stream(io.BytesIO(data), name)
    assert isinstance(last, Failure)
    assert last.reason.startswith(("unpacks to more than ", "more than 64,000,000 characters"))


@pytest.mark.parametrize("json_lines", [True, False])
def test_cannot_fill_the_memory_with_a_line_to_embed(json_lines: bool) -> None:
    class Endless(io.TextIOBase):
        """A stream without line ends."""

        left = 200

        def readline(self, size: int = -1) -> str:  # type: ignore[override]
            self.left -= 1
            assert 0 < size <= 64_000_002
            return "x" * min(size, 100_000_000) if self.left == 199 else "x" * (min(size, 1_000_000) * (self.left > 0))

    tracemalloc.start()
    try:
        with pytest.raises(InvalidDocument, match=r"^line 1: more than 64,000,000 characters"):
            list(read_texts(Endless(), RecordFields(), json_lines=json_lines))  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()
