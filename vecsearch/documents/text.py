"""Plain text, source code and whatever else has no loader of its own: the text as it stands, no outline."""

from __future__ import annotations

from vecsearch.types import Document


def text_document(content: str, document_id: str, source: str) -> Document:
    """The document whose text is `content`, unchanged."""
    return Document(document_id, content, source=source)
