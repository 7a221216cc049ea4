from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vecsearch.chunking import Chunking, Tokenizer, chunk_document, chunk_documents, model_text
from vecsearch.encoders import load_encoder
from vecsearch.errors import InvalidOption, ModelNotFound
from vecsearch.types import Chunk, Document, Heading, Outline, Span

PIECES = [
    "word",
    "Sentence one. ",
    "Really? ",
    " ",
    "\n",
    "\n\n",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\t",
    "    indented",
    "e\u0301\u0323",
    "\u0301",
    "👩‍👩‍👧‍👦",
    "👍🏽",
    "🇫🇷🇩🇪",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "שלום עולם",
    "مرحبا",
    "漢字。仮名！",
    "한국어",
    "\u2028",
    "\u2029",
    "\x85",
    "\x1c",
    "\u3000",
    "\u00a0",
    "\u200b",
    "\ud83d",
    "\udc00",
    "x" * 70,
    "ab1" * 60,
    " " * 300,
    "\n" * 20,
    "supercalifragilistic",
    "a.b.c",
    "don't",
    "...",
    "\x00",
    "ffi ﷺ",
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=60).map("".join)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Any text with any outline a loader might give: headings and blocks in order, within the text."""
    text = draw(TEXTS)
    places = st.integers(0, len(text))
    starts = sorted(draw(st.sets(places, max_size=5)))
    headings = tuple(Heading(start, draw(st.integers(1, 6)), f"T{number}") for number, start in enumerate(starts))
    edges = sorted(draw(st.sets(places, max_size=6)))
    blocks = tuple(Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False))
    return Document("d", text, outline=Outline(headings, blocks))


CHUNKINGS = st.integers(8, 40).flatmap(
    lambda size: st.builds(Chunking, max_tokens=st.just(size), overlap=st.integers(0, size // 2))
)
MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(MANY, max_examples=100)


@pytest.fixture(scope="module")
def model() -> Tokenizer:
    """The tokenizer of the default model."""
    try:
        return load_encoder()
    except ModelNotFound as error:
        pytest.skip(f"the default model is not installed: {error}")


class Characters:
    """A tokenizer for which each character is several tokens in the same place, as bytes are to some models."""

    def __init__(self, tokens: int = 3) -> None:
        self.tokens = tokens

    def token_spans(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [
            np.array(
                [(i, i + 1) for i, c in enumerate(text) if not c.isspace() for _ in range(self.tokens)], np.int64
            ).reshape(-1, 2)
            for text in texts
        ]


def line_of(text: str, position: int) -> int:
    """One more than the line ends before the position: LF, CR LF and a lone CR end a line."""
    return 1 + sum(match.end() <= position for match in re.finditer(r"\r\n|\n|\r", text))


def heading_of(headings: Sequence[Heading], position: int) -> str:
    """The titles of the headings that are open at the position."""
    path: list[Heading] = []
    for heading in headings:
        if heading.start <= position:
            while path and path[-1].level >= heading.level:
                path.pop()
            path.append(heading)
    return " > ".join(heading.title for heading in path)


def parts_character(text: str, position: int) -> bool:
    """Whether a cut there goes through a CR LF, or between a visible character and a mark or joiner behind it."""
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if before + after == "\r\n":
        return True
    return not before.isspace() and (unicodedata.category(after)[0] == "M" or after == "\u200d" or before == "\u200d")


def check(document: Document, chunks: Sequence[Chunk], tokenizer: Tokenizer, chunking: Chunking) -> None:
    """Everything that must hold of the chunks of any document."""
    text = document.text
    covered = np.zeros(len(text), np.int64)
    for ordinal, chunk in enumerate(chunks):
        assert (chunk.document_id, chunk.ordinal) == (document.id, ordinal)
        assert text[chunk.start : chunk.end] == chunk.text
        assert chunk.text == chunk.text.strip() != ""
        assert chunk.line == line_of(text, chunk.start)
        assert chunk.heading == heading_of(document.outline.headings, chunk.start)
        covered[chunk.start : chunk.end] += 1
    for before, after in pairwise(chunks):
        assert before.start < after.start
        assert before.end < after.end
    assert all(c.isspace() for c, n in zip(text, covered, strict=True) if n == 0)
    if not chunking.overlap:
        assert covered.max(initial=0) <= 1
    counts = [len(spans) for spans in tokenizer.token_spans([chunk.text for chunk in chunks])] if chunks else []
    assert all(
        count <= chunking.max_tokens or len(chunk.text) == 1 for count, chunk in zip(counts, chunks, strict=True)
    )


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


def words(n: int, name: str = "w") -> str:
    return " ".join(f"{name}{i}" for i in range(n))


def sectioned(*sizes: int) -> Document:
    """A document with a heading of one word before each section of so many words."""
    text, headings = "", []
    for number, size in enumerate(sizes):
        headings.append(Heading(len(text), 1, f"H{number}"))
        text += f"H{number}\n\n{words(size)}\n\n"
    return Document("d", text, outline=Outline(tuple(headings)))


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


class Words:
    """Runs of visible characters are tokens."""

    def token_spans(self, texts: Sequence[str]) -> list[np.ndarray]:
        return [
            np.array([match.span() for match in re.finditer(r"\S+", text)], np.int64).reshape(-1, 2) for text in texts
        ]


@settings(max_examples=300, deadline=None)
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


@MANY
@given(st.text("ab #\n", min_size=1, max_size=40), st.data())
def test_a_model_reads_a_chunk_without_the_markup_in_it(text, data):
    edges = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=10)))
    markup = tuple(Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    inside = {at for span in markup for at in range(span.start, span.end)}
    read = "".join(text[at] for at in range(start, end) if at not in inside)
    chunk = Chunk("d", 0, start, end, text[start:end], 1)
    assert model_text(chunk, Outline(markup=markup)) == (read if read.strip() else chunk.text)


@pytest.mark.parametrize(
    ("max_tokens", "overlap", "said"),
    [(7, 0, "a chunk of 7"), (0, 0, "a chunk of 0"), (64, -1, "overlap of -1"), (64, 33, "overlap of 33")],
)
def test_sizes_that_cannot_be_are_refused(max_tokens, overlap, said):
    with pytest.raises(InvalidOption, match=said):
        Chunking(max_tokens=max_tokens, overlap=overlap)


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0, 32])
@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("x" * 5_000_000, False),
        (" " * 5_000_000, True),
        ("a " * 1_600_000, False),
        ("\n" * 5_000_000 + "end", False),
        ("\u0301" * 1_000_000, False),
        ("." * 1_000_000, False),
        ("漢" * 1_000_000, False),
    ],
    ids=["one word", "spaces", "short words", "line ends", "marks", "dots", "no spaces"],
)
def test_a_huge_text_is_cut_into_chunks_of_bounded_length(encoder, text, blank, overlap):
    chunks = chunk_document(Document("d", text), encoder, Chunking(max_tokens=128, overlap=overlap))
    assert (not chunks) == blank
    assert all(len(chunk.text) <= 128 * 256 for chunk in chunks)
    assert sum(len(chunk.text) for chunk in chunks) >= len(text) / 2 or not text.strip("\n ")[4:]


@pytest.mark.slow
@pytest.mark.parametrize("text", ["x" * 1_000_000, "a " * 400_000, "한국어" * 50_000], ids=["word", "words", "hangul"])
def test_the_default_model_cuts_a_huge_text(model, text):
    chunking = Chunking(max_tokens=254)
    chunks = chunk_document(Document("d", text), model, chunking)
    assert all(len(spans) <= 254 for spans in model.token_spans([chunk.text for chunk in chunks]))
    assert all(len(chunk.text) <= 254 * 16 for chunk in chunks)
