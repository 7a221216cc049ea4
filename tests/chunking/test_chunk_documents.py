from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.helpers.chunk_samples import (
    CHUNKINGS,
    FEW,
    MANY,
    Characters,
    Words,
    check,
    documents,
    parts_character,
    sectioned,
    words,
)
from tests.helpers.examples import examples
from vecsearch.chunking import Chunking, chunk_document, chunk_documents
from vecsearch.types import Document, Heading, Outline, Span


@MANY
@given(documents(), CHUNKINGS)
@example(Document("d", " " * 300 + "a b c d e f g h i j k l m n o p"), Chunking(max_tokens=8, overlap=4))
@example(Document("d", "a b c d e f g h" + " " * 3000), Chunking(max_tokens=8, overlap=4))
def test_chunks_are_exact_in_order_within_the_limit_and_miss_nothing(encoder, document, chunking):
    check(document, chunk_document(document, encoder, chunking), encoder, chunking)


@FEW
@given(documents(), CHUNKINGS)
@example(Document("d", "한국어 문장입니다 " * 40), Chunking(max_tokens=16))
def test_the_default_models_own_tokens_are_within_the_limit(model, document, chunking):
    check(document, chunk_document(document, model, chunking), model, chunking)


@FEW
@given(documents(), CHUNKINGS, st.sampled_from([1, 2, 3, 9]))
def test_a_character_that_is_several_tokens_counts_as_several(document, chunking, tokens):
    tokenizer = Characters(tokens)
    check(document, chunk_document(document, tokenizer, chunking), tokenizer, chunking)


@FEW
@given(documents(), CHUNKINGS)
def test_no_chunk_begins_or_ends_within_a_character(encoder, document, chunking):
    plain = Document("d", document.text)  # a loader may put headings and blocks anywhere, the text has its own places
    for chunk in chunk_document(plain, encoder, chunking):
        for place in (chunk.start, chunk.end):
            if parts_character(plain.text, place):
                assert chunk.end - chunk.start >= chunking.max_tokens / 2  # of which no two may be parted
                assert all(parts_character(plain.text, at) for at in range(chunk.start + 1, chunk.end))


@pytest.mark.parametrize("text", ["", " ", "\n\r\n\t", "\u3000" * 5000])
def test_a_blank_document_has_no_chunks(encoder, text):
    assert chunk_document(Document("d", text), encoder, Chunking(max_tokens=8)) == []


def test_documents_are_chunked_each_on_its_own(encoder):
    texts = ["one two three " * 20, "", "four"]
    together = chunk_documents(
        [Document(str(i), text) for i, text in enumerate(texts)], encoder, Chunking(max_tokens=8)
    )
    alone = [chunk_document(Document(str(i), text), encoder, Chunking(max_tokens=8)) for i, text in enumerate(texts)]
    assert list(together) == alone


def test_a_text_that_fits_is_one_chunk(encoder):
    text = "  Three words here.\n\nAnd a paragraph. "
    [chunk] = chunk_document(Document("d", text), encoder, Chunking(max_tokens=64))
    assert (chunk.text, chunk.line, chunk.heading, chunk.id) == (text.strip(), 1, "", "d#0")


def test_a_section_begins_a_chunk():
    tokenizer = Words()
    chunks = chunk_document(sectioned(20, 30, 90), tokenizer, Chunking(max_tokens=64))
    assert [chunk.heading for chunk in chunks] == ["H0", "H1", "H2", "H2"]
    assert [chunk.text.split()[0] for chunk in chunks[:3]] == ["H0", "H1", "H2"]


def test_small_sections_are_joined_with_what_follows():
    chunks = chunk_document(sectioned(3, 3, 3, 40, 30), Words(), Chunking(max_tokens=64))
    assert [re.findall(r"H\d", chunk.text) for chunk in chunks] == [["H0", "H1", "H2", "H3"], ["H4"]]


def test_a_small_last_section_is_joined_with_what_comes_before_it_where_both_fit():
    for before, together in ((30, True), (61, False)):
        chunks = chunk_document(sectioned(before, 5), Words(), Chunking(max_tokens=64))
        assert (len(chunks) == 1) is together


def test_a_path_of_headings_names_the_outer_ones_first(encoder):
    text = "a\nb\nc\nd\n"
    headings = (Heading(0, 1, "Guide"), Heading(2, 3, "Deep"), Heading(4, 2, "Install"), Heading(6, 1, "Last"))
    size = Chunking(max_tokens=8)
    document = Document("d", text.replace("\n", " x" * 5 + "\n"), outline=Outline())
    starts = [match.start() for match in re.finditer(r"[a-d]", document.text)]
    moved = tuple(Heading(at, h.level, h.title) for at, h in zip(starts, headings, strict=True))
    chunks = chunk_document(Document("d", document.text, outline=Outline(moved)), encoder, size)
    assert [chunk.heading for chunk in chunks] == ["Guide", "Guide > Deep", "Guide > Install", "Last"]


@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 90), st.booleans()), min_size=1, max_size=8),
    st.sampled_from([0, 8, 32]),
)
def test_a_block_that_fits_is_kept_whole(parts, overlap):
    text, blocks = "", []
    for number, (size, is_block) in enumerate(parts):
        rows = "\n".join(words(4, f"p{number}r{row}w") for row in range(-(-size // 4)))
        if is_block:
            blocks.append(Span(len(text), len(text) + len(rows) + 1))
        text += rows + "\n\n"
    chunks = chunk_document(
        Document("d", text, outline=Outline(blocks=tuple(blocks))), Words(), Chunking(max_tokens=64, overlap=overlap)
    )
    for start, end in blocks:
        if len(text[start:end].split()) <= 64 - overlap:
            assert any(chunk.start <= start and end - 1 <= chunk.end for chunk in chunks)


def test_pieces_are_of_about_equal_size():
    chunks = chunk_document(Document("d", words(130)), Words(), Chunking(max_tokens=64))
    assert [len(chunk.text.split()) for chunk in chunks] == [44, 43, 43]


def test_a_cut_is_made_at_the_best_place_near():
    paragraphs = [words(20, "a") + ". " + words(20, "b") + ".", words(24, "c") + ".", words(30, "d") + "."]
    chunks = chunk_document(Document("d", "\n\n".join(paragraphs)), Words(), Chunking(max_tokens=64))
    assert [chunk.text for chunk in chunks] == [paragraphs[0], "\n\n".join(paragraphs[1:])]


def test_overlap_repeats_at_most_so_many_tokens_of_the_chunk_before():
    text = words(500)
    chunks = chunk_document(Document("d", text), Words(), Chunking(max_tokens=64, overlap=16))
    repeated = [len(text[b.start : a.end].split()) for a, b in pairwise(chunks)]
    assert set(repeated) == {16}


def test_overlap_begins_at_a_sentence_where_one_begins_in_it():
    text = " ".join(f"This is the sentence {i}." for i in range(60))
    chunks = chunk_document(Document("d", text), Words(), Chunking(max_tokens=64, overlap=16))
    assert len(chunks) > 1
    assert all(chunk.text.startswith("This") for chunk in chunks)
