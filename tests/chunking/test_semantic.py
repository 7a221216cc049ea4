from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given

from tests.helpers.chunk_samples import CHUNKINGS, FEW, Words, check, documents, vectors
from vecsearch.chunking import Chunking, chunk_document, chunk_documents
from vecsearch.errors import ExtraMissing, InvalidOption
from vecsearch.types import Document, FloatArray, Heading, Outline, Span

TOPICS = {"ships": [1, 0.1, 0], "bread": [0, 0.1, 1], "stars": [0.5, 1, 0]}


def about(topic: str, sentences: int) -> str:
    """Sentences of 18 words about a topic."""
    return "".join(f"{topic} {'are told of ' * 5}{topic} {n}. " for n in range(sentences))


def by_topic(texts: Sequence[str]) -> FloatArray:
    """The mean of the vectors of the topics that a text names."""
    return np.array(
        [np.mean([TOPICS[word] for word in re.findall("ships|bread|stars", text)], 0) for text in texts], "f4"
    )


@pytest.fixture(autouse=True)
def kernel() -> object:
    return pytest.importorskip("chonkie_core")


SEMANTIC = Chunking(max_tokens=200, splitter="semantic")


@FEW
@given(documents(), CHUNKINGS)
def test_chunks_are_exact_in_order_within_the_limit_and_miss_nothing(encoder, document, chunking):
    semantic = Chunking(max_tokens=chunking.max_tokens, overlap=chunking.overlap, splitter="semantic")
    check(document, chunk_document(document, encoder, semantic, vectors), encoder, semantic)


def test_a_text_is_cut_where_it_turns_to_something_else():
    parts = [about("ships", 9), about("bread", 7), about("stars", 8)]
    chunks = chunk_document(Document("d", "".join(parts)), Words(), SEMANTIC, by_topic)
    assert [chunk.text for chunk in chunks] == [part.strip() for part in parts]


def test_a_text_about_one_thing_is_cut_as_its_structure_says():
    document = Document("d", about("ships", 40), outline=Outline((Heading(0, 1, "A"), Heading(360, 1, "B"))))
    structure = chunk_document(document, Words(), Chunking(max_tokens=200))
    assert chunk_document(document, Words(), SEMANTIC, by_topic) == structure


def test_headings_cut_a_text_besides():
    text = about("ships", 9) + about("bread", 9)
    heading = Heading(
        text.index("ships are told of are told of are told of are told of are told of ships 5"), 1, "Five"
    )
    chunks = chunk_document(Document("d", text, outline=Outline((heading,))), Words(), SEMANTIC, by_topic)
    assert [chunk.start for chunk in chunks] == [0, heading.start, text.index("bread")]


def test_a_block_is_not_cut_where_its_lines_turn():
    lines = about("ships", 6).replace(". ", ".\n") + about("bread", 6).replace(". ", ".\n")
    text = "Before it.\n\n" + lines + "\nAfter it."
    document = Document("d", text, outline=Outline(blocks=(Span(12, 12 + len(lines)),)))
    wide = Chunking(max_tokens=400, splitter="semantic")
    assert [chunk.text for chunk in chunk_document(document, Words(), wide, by_topic)] == [text]


def test_the_sentences_of_all_documents_are_asked_for_at_once_and_those_of_short_ones_not_at_all():
    texts = ["", "Three words here.", about("ships", 9) + about("bread", 9), about("stars", 5), about("bread", 8)]
    asked: list[Sequence[str]] = []

    def watched(sentences: Sequence[str]) -> FloatArray:
        asked.append(sentences)
        return by_topic(sentences)

    together = list(
        chunk_documents([Document(str(n), text) for n, text in enumerate(texts)], Words(), SEMANTIC, watched)
    )
    assert [len(chunks) for chunks in together] == [0, 1, 2, 1, 1]
    [sentences] = asked
    assert len(sentences) == 9 + 9 + 8
    assert all(sentence in "".join(texts) for sentence in sentences)


def test_documents_too_short_to_turn_need_no_vectors():
    assert len(chunk_document(Document("d", "A word."), Words(), SEMANTIC)) == 1


def test_who_has_no_vectors_is_told_so():
    with pytest.raises(InvalidOption, match="the semantic splitter compares vectors of sentences"):
        chunk_document(Document("d", about("ships", 9)), Words(), SEMANTIC)


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "chonkie_core", None)
    with pytest.raises(ExtraMissing, match=re.escape("pip install 'vecsearch[semantic]'")) as caught:
        chunk_document(Document("d", "A word."), Words(), SEMANTIC, by_topic)
    assert caught.value.name == "chonkie-core"


def test_a_package_that_is_broken_is_not_said_to_be_missing(monkeypatch, tmp_path):
    (tmp_path / "chonkie_core.py").write_text("import not_there_at_all")
    monkeypatch.delitem(sys.modules, "chonkie_core")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        chunk_document(Document("d", "A word."), Words(), SEMANTIC, by_topic)
