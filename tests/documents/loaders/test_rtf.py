"""Rich Text Format: words in their encoding, and what the file says of itself."""

from __future__ import annotations

from collections.abc import Callable

from tests.helpers.samples import RTF
from vecsearch.types import Document

DocumentIn = Callable[[str, str], Document]


def test_words_are_read_in_their_encoding_and_properties_are_metadata(document_in: DocumentIn) -> None:
    document = document_in("a.rtf", RTF)
    assert document.text == "A needle in the hay.\nGrüße und €."
    assert document.metadata == {"type": "rtf", "title": "A title", "author": "Ada", "created": "2024-05-31"}


def test_cells_of_a_table_are_parted(document_in: DocumentIn) -> None:
    assert document_in("a.rtf", r"{\rtf1 \trowd\cellx1 a\cell b\cell\row x\par}").text == "a|b\nx"


def test_a_day_that_is_none_is_left_out(document_in: DocumentIn) -> None:
    assert document_in("a.rtf", r"{\rtf1{\info{\creatim\yr2024\mo13\dy1}} x\par}").metadata == {"type": "rtf"}
