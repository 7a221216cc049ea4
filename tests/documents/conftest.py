"""Where the real files are, and short ways to write and to load."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers.checking import check_document
from vecsearch.documents import Limits, Reader, RecordFields, load
from vecsearch.documents.loading import documents_in
from vecsearch.documents.piece import Piece
from vecsearch.reports import Failure
from vecsearch.types import Document

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """The path of a real file or folder; skips the test where there is none."""

    def find(name: str) -> Path:
        if not (SHARED / name).exists():
            pytest.skip(f"no real data here: ../shared/data/{name}")
        return SHARED / name

    return find


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Document | Failure]]:
    """What `load` yields for a file of that name and content."""

    def read(name: str, content: str | bytes, **fields: str) -> list[Document | Failure]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(load(path, "the-id", RecordFields(**fields)))

    return read


@pytest.fixture
def read_here(tmp_path: Path) -> Callable[..., list[Document | Failure]]:
    """What a file of that name and content gives, read in this process, within limits."""

    def read_here(name: str, content: str | bytes, **limits: float) -> list[Document | Failure]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        bounds = Limits(**limits)  # type: ignore[arg-type]
        piece = Piece.of_path(path, "the-id", bounds, RecordFields(), expect_records=False)
        return list(documents_in(piece))

    return read_here


@pytest.fixture
def document_in(read_here: Callable[..., list[Document | Failure]]) -> Callable[..., Document]:
    """The only document of a file of that name and content, checked."""

    def document_in(name: str, content: str | bytes) -> Document:
        (document,) = read_here(name, content)
        assert isinstance(document, Document), document
        check_document(document)
        return document

    return document_in


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    """One process for all tests that read foreign formats as a program does."""
    with Reader() as reader:
        yield reader
