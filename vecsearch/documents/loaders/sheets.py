"""Sheets (.xlsx, .xlsm, .xlsb, .xls, .ods), by calamine: the values of cells, not their formulas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile, is_zipfile

from vecsearch.documents.composing import Composer
from vecsearch.documents.loaders.odf import check_unencrypted, odf_properties
from vecsearch.documents.loaders.packages import Package, inflated
from vecsearch.documents.loaders.tables import add_rows
from vecsearch.documents.piece import Piece
from vecsearch.errors import InvalidDocument
from vecsearch.imports import require
from vecsearch.types import Document

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook


def load_sheets(piece: Piece) -> Iterator[Document]:
    """Yield the document with the rows of all sheets: each sheet is a heading, each row a line and a place."""
    composer = Composer(piece.limits)
    metadata = _properties(piece)
    workbook = _open(piece)
    for sheet in workbook.sheets_metadata:
        if str(sheet.typ) == "SheetTypeEnum.WorkSheet":  # others hold a chart or a macro
            _add_sheet(composer, workbook, sheet.name)
    yield piece.document(composer.parsed(metadata))


def _open(piece: Piece) -> CalamineWorkbook:
    calamine = require("python_calamine", "documents", "reading sheets", package="python-calamine")
    with piece.open() as file, _panics_as_errors():
        workbook: CalamineWorkbook = calamine.CalamineWorkbook.from_filelike(file)
    return workbook


def _add_sheet(composer: Composer, workbook: CalamineWorkbook, name: str) -> None:
    """Add the rows of a sheet."""
    with _panics_as_errors():
        sheet = workbook.get_sheet_by_name(name)
        rows: list[list[Any]] = sheet.to_python(skip_empty_area=True)
    if rows and sheet.start is not None:
        composer.place(name)
        composer.heading(name, 1)
        add_rows(composer, rows, sheet.start[0] + 1, name)


@contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Turn a panic in calamine into InvalidDocument: it is not an Exception, and would end the process."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a class that cannot be imported
            raise
        raise InvalidDocument(f"damaged, or not what its name says: {' '.join(str(error).split())[:300]}") from None


def _properties(piece: Piece) -> dict[str, Any]:
    """Return the metadata of a zipped workbook; unpacks everything in it once, because calamine has no budget."""
    with piece.open() as file:
        if not is_zipfile(file):
            return {}
        with ZipFile(file) as archive:
            for info in archive.infolist():
                with archive.open(info) as member:
                    for _ in inflated(member, piece.budget):
                        pass
            package = Package(archive, piece.budget)
            check_unencrypted(package)
            return {**package.office_properties(), **odf_properties(package)}
