"""The documents of an index, a line for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from . import View
from .text import plural, shown_path

if TYPE_CHECKING:
    from vecsearch.types import Listed


@dataclass(frozen=True)
class DocumentsView(View):
    """Documents with their files and numbers of chunks."""

    documents: Sequence[Listed]

    def fields(self) -> dict[str, Any]:
        """Return what is known of each document."""
        return {"documents": [asdict(document) for document in self.documents]}

    def notices(self) -> Iterator[str]:
        """Yield that there are none."""
        if not self.documents:
            yield "no documents"

    def lines(self) -> Iterator[str]:
        """Yield for each document its path, or its id where that is another; then a tab and its chunks."""
        for document in self.documents:
            place = shown_path(document.source) if document.is_file and document.source else document.document_id
            yield f"{place}\t{plural(document.chunks, 'chunk')}"
