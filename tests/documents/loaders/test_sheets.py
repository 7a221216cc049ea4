"""Sheets: rows with the names of their columns, and the number that each has in its sheet."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from tests.helpers import made_files as made
from tests.helpers.checking import place_of
from vecsearch.documents import Skip
from vecsearch.documents.loaders.tables import row_line, shown
from vecsearch.reports import Failure
from vecsearch.types import Document, Heading

DocumentIn = Callable[[str, bytes], Document]
ReadHere = Callable[..., list[Document | Failure]]


def test_each_row_speaks_for_itself_and_has_its_number(document_in: DocumentIn) -> None:
    rows = [["Name", "Born", "Town"], ["Ada", 1815, "London"], ["Alan", 1912.5, ""]]
    document = document_in("a.xlsx", made.xlsx({"People": rows, "Empty": [], "More": [["x", 1]]}, first_row=4))
    assert document.text == (
        "People\n\nName | Born | Town\nName: Ada | Born: 1815 | Town: London\nName: Alan | Born: 1912.5"
        "\n\nMore\n\nx | 1"
    )
    assert place_of(document, "Alan") == "People, row 6"
    assert place_of(document, "x | 1") == "More, row 4"
    assert document.outline.headings[0] == Heading(0, 1, "People")
    assert [heading.title for heading in document.outline.headings] == ["People", "More"]


@pytest.mark.parametrize(
    ("rows", "last"),
    [
        ([["a title"], ["N", "B"], ["x", 1]], "N: x | B: 1"),  # lines above the names
        ([["N", "B"], ["x", 1, "", "far"]], "x | 1 | far"),  # nobody knows what the fourth is called
        ([["x", "y"], ["x", "x"]], "x: x | y: x"),
        ([["x", "x"], ["x", "y"]], "x | y"),  # names are not given twice
        ([[1, 2], [3, 4]], "3 | 4"),
        ([["only"], ["one"]], "one"),
        ([["N", "B"]], "N | B"),
        ([["N", "B"], ["two  lines\nhere", 1]], "N: two lines here | B: 1"),
    ],
)
def test_the_names_of_columns_are_found_where_there_are_any(
    document_in: DocumentIn, rows: list[list[str | float]], last: str
) -> None:
    assert document_in("a.xlsx", made.xlsx({"S": rows})).text.split("\n")[-1] == last


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (0.1, "0.1"),
        (1e20, "1e+20"),
        (True, "True"),
        (None, ""),
        ("", ""),
        (date(2024, 5, 31), "2024-05-31"),
        (datetime(2024, 5, 31), "2024-05-31"),
        (datetime(2024, 5, 31, 7, 30), "2024-05-31 07:30:00"),
        (time(7, 30), "07:30:00"),
        (timedelta(hours=25), "1 day, 1:00:00"),
        ({"a": [1]}, "{'a': [1]}"),
        (float("nan"), "None"),
    ],
)
def test_values_are_shown_as_people_read_them(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_line_has_no_empty_values() -> None:
    assert row_line(["a", "b", ""], [None, "x", 2, "", "y"]) == "b: x | 2 | y"


def test_what_the_workbook_says_of_itself_is_metadata(document_in: DocumentIn) -> None:
    assert document_in("a.xlsx", made.xlsx({"S": [["x"]]})).metadata == {"type": "sheets", **made.PROPERTIES}


def test_a_workbook_without_cells_is_skipped(read_here: ReadHere, tmp_path: Path) -> None:
    assert read_here("a.xlsx", made.xlsx({"S": []})) == [Skip(str(tmp_path / "a.xlsx"), "no text in it")]


def test_a_workbook_of_another_program_is_read_as_that_program_reads_it(document_in: DocumentIn) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Days"
    book.active.append(["What", "When"])
    book.active.append(["Launch", date(2024, 5, 31)])
    book.create_chartsheet("Chart")
    file = BytesIO()
    book.save(file)
    assert document_in("a.xlsx", file.getvalue()).text == "Days\n\nWhat | When\nWhat: Launch | When: 2024-05-31"


def test_a_workbook_that_unpacks_to_too_much_is_refused(read_here: ReadHere) -> None:
    bomb = made.repacked(made.xlsx({"S": [["x"]]}), {"xl/media/a.bin": bytes(3_000_000)})
    (failure,) = read_here("a.xlsx", bomb, always=1_000_000, ratio=100)
    assert type(failure) is Failure
    assert failure.reason == "unpacks to more than 1,000,000 bytes: unpack it and index the folder"


def test_a_web_page_that_is_called_a_sheet_is_a_page(document_in: DocumentIn) -> None:
    document = document_in("export.xls", b"<html><table><tr><td>a<td>b</table></html>")
    assert (document.text, document.metadata["type"]) == ("a\tb", "html")


@pytest.mark.parametrize("name", ["prices.csv", "prices.tsv"])
def test_a_table_that_holds_no_records_is_text(document_in: DocumentIn, name: str) -> None:
    document = document_in(name, b"item,price\npen,3\n" if name.endswith("csv") else b"item\tprice\npen\t3\n")
    assert (document.text, document.metadata) == ("item: pen | price: 3", {"type": "table"})
    assert place_of(document, "pen") == "row 2"


def test_a_locked_workbook_fails_with_that_reason(read_here: ReadHere, tmp_path: Path) -> None:
    space = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
    locked = (
        f'<?xml version="1.0"?><manifest:manifest {space}><manifest:file-entry manifest:full-path="content.xml">'
        "<manifest:encryption-data></manifest:encryption-data></manifest:file-entry></manifest:manifest>"
    )
    sheets = made.repacked(made.odf("spreadsheet", ""), {"META-INF/manifest.xml": locked})
    begin = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 5, 0, 0, 0, 0)
    old = made.compound({"Workbook": begin + struct.pack("<HHHHH", 0x002F, 6, 0, 1, 2)})
    for name, data in (("a.ods", sheets), ("a.xls", old)):
        found = read_here(name, data)
        assert found == [Failure(str(tmp_path / name), "encrypted: remove the password to index it")]


def test_what_is_no_workbook_inside_fails_with_the_reason(read_here: ReadHere) -> None:
    (failure,) = read_here("a.xls", made.compound({"Workbook": b"\x09\x08\xff\xff"}))
    assert type(failure) is Failure
    assert failure.reason.startswith("damaged, or not what its name says: ")


def test_a_workbook_that_its_parser_panics_at_fails_and_the_rest_of_the_archive_is_read(read_here: ReadHere) -> None:
    cut_off = made.compound({"Workbook": bytes(made.SECTOR)})[: made.SECTOR + 512]
    panicked, after = read_here("a.zip", made.zipped({"a.xls": cut_off, "b.md": "needle"}))
    assert type(panicked) is Failure
    assert panicked.reason.startswith("damaged, or not what its name says: ")
    assert isinstance(after, Document)
    assert after.text == "needle"
