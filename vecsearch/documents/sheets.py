"""Sheets: Excel's .xlsx, .xlsm, .xlsb and .xls and OpenDocument's .ods, read by calamine. Values, not formulas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile, is_zipfile

from vecsearch.documents.composing import Composer
from vecsearch.documents.odf import check_readable, odf_properties
from vecsearch.documents.packages import Package, inflated
from vecsearch.documents.pieces import Piece
from vecsearch.documents.tables import add_rows
from vecsearch.errors import ExtraMissing, InvalidDocument
from vecsearch.types import Document

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


def sheets_document(piece: Piece) -> Document:
    """The document with the rows of all sheets: each sheet is a heading, each row a line and a place."""
    composer = Composer(piece.limits)
    metadata = _properties(piece)
    workbook = _workbook(piece)
    for sheet in workbook.sheets_metadata:
        if str(sheet.typ) == "SheetTypeEnum.WorkSheet":  # others hold a chart or a macro
            _add_sheet(composer, workbook, sheet.name)
    return composer.document(piece.id, piece.source, metadata)


def _workbook(piece: Piece) -> CalamineWorkbook:
    try:
        import python_calamine as calamine
    except ModuleNotFoundError as error:
        if error.name != "python_calamine":
            raise
        raise ExtraMissing.of("python-calamine", "documents", "reading sheets") from None
    with piece.open() as file, _panics_told():
        return calamine.CalamineWorkbook.from_filelike(file)


def _add_sheet(composer: Composer, workbook: CalamineWorkbook, name: str) -> None:
    """Add the rows of a sheet."""
    with _panics_told():
        sheet = workbook.get_sheet_by_name(name)
        rows: list[list[Any]] = sheet.to_python(skip_empty_area=True)
    if rows and sheet.start is not None:
        composer.place(name)
        composer.heading(name, 1)
        add_rows(composer, rows, sheet.start[0] + 1, name)


@contextmanager
def _panics_told() -> Iterator[None]:
    """A panic of calamine's is an InvalidDocument: as it comes it is no Exception, and would end the process."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a class that cannot be imported
            raise
        raise InvalidDocument(f"damaged, or not what its name says: {' '.join(str(error).split())[:300]}") from None


def _properties(piece: Piece) -> dict[str, Any]:
    """What a zipped workbook says of itself; all that it unpacks to is counted, as calamine counts nothing."""
    with piece.open() as file:
        if not is_zipfile(file):
            return {}
        with ZipFile(file) as archive:
            for info in archive.infolist():
                with archive.open(info) as member:
                    for _ in inflated(member, piece.budget):
                        pass
            package = Package(archive, piece.budget)
            check_readable(package)
            return {**package.office_properties(), **odf_properties(package)}
