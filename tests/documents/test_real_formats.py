"""Real files of every format: what a person would look for is in the text, at its page, slide, sheet or cell."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers.checking import check_document, place_of
from vecsearch.documents import Reader, Skip, load
from vecsearch.reports import Failure
from vecsearch.types import Document

Shared = Callable[[str], Path]

PHRASES = [
    ("LICENSE", "Permission is hereby granted, free of charge", ""),
    ("RECEIPT-2024-TXN-98765_retail_purchase.pdf", "TXN: TXN-98765-2024", "page 1"),
    ("RECEIPT-2024-TXN-98765_retail_purchase.pdf", "TOTAL $821.14", "page 1"),
    ("REPAIR-2022-INV-001_multipage.pdf", "Gabriel Diaz", "page 1"),
    ("REPAIR-2022-INV-001_multipage.pdf", "Bruce Wayne", "page 2"),
    ("SPARSE-2024-INV-1234_borderless_table.pdf", "INVENTORY RECONCILIATION REPORT", "page 1"),
    ("SPARSE-2024-INV-1234_borderless_table.pdf", "SKU-3345 Electronics $67.00 $22,445.00", "page 2"),
    ("equations.docx", "sin⁡θ=mλ/a=", ""),
    ("equations.docx", "10^-6 mm/2.5 mm", ""),
    ("masterformat_partial_numbering.pdf", "Instructions to Respondents", "page 1"),
    ("movie-theater-booking-2024.pdf", "Commission: 10%", "page 1"),
    ("movie-theater-booking-2024.pdf", "December 2024 48 $12,500.00 $11,250.00 85%", "page 1"),
    ("rlink.docx", "A red and blue square", ""),
    ("test.docx", "AutoGen: Enabling Next-Gen LLM Applications", "page 1"),
    ("test.docx", "49e168b7-d2ae-407f-a055-2167576f39a1", "page 2"),
    ("test.docx", "d666f1f7-46cb-42bd-9a39-9a39cf2a509f", "page 1"),
    ("test_with_comment.docx", "This is a test comment. 12df-321a", ""),
    ("test_with_comment.docx", "Yet another comment in the doc. 55yiyi-asd09", ""),
    ("test.epub", "Chapter 1: Test Content", "section 1"),
    ("test.epub", "This is a blockquote for testing.", "section 2"),
    ("test.json", "5b64c88c-b3c3-4510-bcb8-da0b200602d8", ""),
    ("test.pdf", "While there is contemporaneous exploration of multi-agent approaches", "page 1"),
    ("test.pdf", "at least three reasons confirming its general feasibility", "page 1"),  # parted as "con-firming"
    ("test.pptx", "2cdda5c8-e50e-4db4-b5f0-9722a649f455", "slide 2"),
    ("test.pptx", "44bf7d06-5e7a-4a40-a2e1-a2e42ef28c8a", "slide 2"),  # what a picture shows
    ("test.pptx", "1b92870d-e3b5-4e65-8153-919f4ff45592", "slide 3"),  # in a table
    ("test.pptx", "a3f6004b-6f4f-4ea8-bee3-3741f4dc385f", "slide 4"),  # the title of a chart
    ("test.pptx", "This is a nested shape with content in 2 shapes", "slide 5"),
    ("test.pptx", "This phrase of the caption is Human-written.", "slide 6"),
    ("test.xls", "Alpha: 89 | Beta: 82 | Gamma: 100 | Delta: 12", "Sheet1, row 2"),
    ("test.xls", "ColD: affc7dad-52dc-4b98-9b5d-51e65d8a8ad0", "09060124-b5e7-4717-9d07-3c046eb, row 5"),
    ("test.xlsx", "Alpha: 89 | Beta: 82 | Gamma: 100 | Delta: 12", "Sheet1, row 2"),
    ("test.xlsx", "ColD: affc7dad-52dc-4b98-9b5d-51e65d8a8ad0", "09060124-b5e7-4717-9d07-3c046eb, row 5"),
    ("test_blog.html", "Large language models (LLMs) are powerful tools", ""),
    ("test_blog.html", "inference parameters like model, number of responses, temperature etc.", ""),
    ("test_mskanji.csv", "名前: 髙橋淳 | 年齢: 35 | 住所: 名古屋", "row 4"),
    ("test_notebook.ipynb", 'print("markitdown")', "cell 2"),
    ("test_notebook.ipynb", "Code Cell Below", "cell 3"),
    ("test_notebook.ipynb", "42\n\nEnd", "cell 4"),
    ("test_outlook_msg.msg", "From: M. C. Kurtuluş <test.sender@example.com>", ""),
    ("test_outlook_msg.msg", "This is the body of the test email message", ""),
    ("test_rss.xml", "Ignite 2024: Why nearly 70% of the Fortune 500 now use Microsoft 365 Copilot", "entry 1"),
    ("test_rss.xml", "Boosting productivity with Microsoft 365 Copilot", "entry 1"),
    ("test_serp.html", "Microsoft Corporation is an American multinational corporation", ""),
    ("test_wikipedia.html", "Microsoft was founded by Bill Gates and Paul Allen", ""),
]
MENUS = [
    ("test_blog.html", "Recent posts"),
    ("test_blog.html", "Skip to main content"),
    ("test_wikipedia.html", "Jump to content"),
    ("test_wikipedia.html", "Privacy policy"),
]
METADATA = [
    ("test.docx", {"author": "Adam Fourney", "created": "2024-03-15", "type": "docx"}),
    ("test.epub", {"title": "Test EPUB Document", "author": "Test Author", "language": "en", "type": "epub"}),
    ("REPAIR-2022-INV-001_multipage.pdf", {"author": "Miti Joshi", "language": "en", "created": "2025-11-25"}),
    (
        "test_outlook_msg.msg",
        {"title": "Test Email Message", "created": "2024-12-22", "to": "test.recipient@example.com"},
    ),
    ("test_rss.xml", {"title": "The Official Microsoft Blog", "language": "en-US", "type": "feed"}),
    ("test_blog.html", {"language": "en", "created": "2023-04-21"}),
    ("test_notebook.ipynb", {"title": "Test Notebook Title", "type": "notebook"}),
]


def document_of(path: Path, reader: Reader) -> Document:
    (document,) = load(path, "id", None, reader, expect_records=False)
    assert isinstance(document, Document), document
    check_document(document)
    return document


@pytest.mark.parametrize(("name", "words", "place"), PHRASES)
def test_what_a_person_looks_for_is_there(
    shared_data: Shared, reader: Reader, name: str, words: str, place: str
) -> None:
    document = document_of(shared_data(f"docs/formats/{name}"), reader)
    assert place_of(document, words) == place


@pytest.mark.parametrize(("name", "words"), MENUS)
def test_menus_are_left_out(shared_data: Shared, reader: Reader, name: str, words: str) -> None:
    path = shared_data(f"docs/formats/{name}")
    assert words in path.read_text(encoding="utf-8")
    assert words not in document_of(path, reader).text


@pytest.mark.parametrize(("name", "metadata"), METADATA)
def test_what_files_say_of_themselves_is_metadata(
    shared_data: Shared, reader: Reader, name: str, metadata: dict[str, str]
) -> None:
    found = document_of(shared_data(f"docs/formats/{name}"), reader).metadata
    assert {key: found.get(key) for key in metadata} == metadata


def test_every_file_is_looked_into_but_the_one_without_a_meaning(shared_data: Shared, reader: Reader) -> None:
    folder = shared_data("docs/formats")
    assert {path.name for path in folder.iterdir()} - {name for name, _, _ in PHRASES} == {"random.bin"}
    (skip,) = load(folder / "random.bin", "id", None, reader)
    assert skip == Skip(str(folder / "random.bin"), "binary file")


def words_by_others(path: Path) -> Iterator[str]:
    """The paragraphs and cells that the usual library for the format finds in a file."""
    match path.suffix:
        case ".docx":
            document = importlib.import_module("docx").Document(str(path))
            yield from (paragraph.text for paragraph in document.paragraphs)
            yield from (cell.text for table in document.tables for row in table.rows for cell in row.cells)
        case ".pptx":
            for slide in importlib.import_module("pptx").Presentation(str(path)).slides:
                yield from (shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
        case ".xlsx":
            book = importlib.import_module("openpyxl").load_workbook(path, data_only=True)
            yield from (str(cell) for sheet in book for row in sheet.values for cell in row if cell is not None)
        case _:
            yield from (page.extract_text() for page in importlib.import_module("pypdf").PdfReader(path).pages)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("docx", "test.docx"),
        ("docx", "test_with_comment.docx"),
        ("docx", "rlink.docx"),
        ("pptx", "test.pptx"),
        ("openpyxl", "test.xlsx"),
        ("pypdf", "SPARSE-2024-INV-1234_borderless_table.pdf"),
        ("pypdf", "REPAIR-2022-INV-001_multipage.pdf"),
        ("pypdf", "movie-theater-booking-2024.pdf"),
    ],
)
def test_all_words_that_other_libraries_find_are_there(
    shared_data: Shared, reader: Reader, module: str, name: str
) -> None:
    pytest.importorskip(module)
    path = shared_data(f"docs/formats/{name}")
    ours = set(document_of(path, reader).text.split())
    theirs = {word for text in words_by_others(path) for word in text.split()}
    assert theirs
    assert theirs - ours == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({name for name, _, _ in PHRASES if Path(name).suffix not in ("", ".json")}))
def test_real_files_that_are_damaged_give_documents_or_reasons(
    shared_data: Shared, reader: Reader, tmp_path: Path, name: str
) -> None:
    data = shared_data(f"docs/formats/{name}").read_bytes()
    dice = random.Random(name)
    path = tmp_path / name
    for turn in range(30):
        damaged = bytearray(data[: dice.randrange(1, len(data))] if turn % 3 == 0 else data)
        for _ in range(dice.choice((1, 10, 100))):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        path.write_bytes(damaged)
        outcomes = list(load(path, "id", None, reader, expect_records=False))
        assert outcomes
        for outcome in outcomes:
            if isinstance(outcome, Document):
                check_document(outcome)
            else:
                assert isinstance(outcome, Failure)
                assert outcome.reason
                assert "\n" not in outcome.reason
