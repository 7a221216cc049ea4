from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.chunk_samples import FEW, MANY, Words, documents, vectors, words
from vecsearch.chunking import Chunked, Chunking, Tokenizer, model_text, read_chunks
from vecsearch.types import Document, Heading, Outline, Span, Splitter


@MANY
@given(st.text("ab #\n", min_size=1, max_size=40), st.data())
def test_a_model_reads_a_chunk_without_the_markup_in_it(text, data):
    edges = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=10)))
    markup = tuple(Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False))
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    inside = {at for span in markup for at in range(span.start, span.end)}
    read = "".join(text[at] for at in range(start, end) if at not in inside)
    assert model_text(text, Span(start, end), Outline(markup=markup)) == (read if read.strip() else text[start:end])


SIZES = st.integers(8, 24).flatmap(
    lambda size: st.builds(
        Chunking,
        max_tokens=st.just(size),
        overlap=st.integers(0, size // 2),
        splitter=st.sampled_from([Splitter.STRUCTURE, Splitter.SENTENCES]),
        context=st.booleans(),
        reads=st.integers(size + 52, 120),
    )
)


@FEW
@given(documents(), SIZES, st.sampled_from(["", "A title", "one of several words " * 9]))
def test_a_model_reads_each_chunk_whole_and_no_more_than_it_can(model, document, chunking, title):
    titled = Document("d", document.text, {"title": title}, outline=document.outline)
    chunked = read(titled, model, chunking)
    assert all(chunk.text in text for chunk, text in zip(chunked.chunks, chunked.texts, strict=True))
    counts = [len(spans) for spans in model.token_spans(chunked.texts)] if chunked.texts else []
    assert all(
        count <= chunking.reads or len(chunk.text) == 1 for count, chunk in zip(counts, chunked.chunks, strict=True)
    )


@FEW
@given(documents(), SIZES)
def test_what_is_read_besides_changes_no_chunk(encoder, document, chunking):
    plain = Chunking(max_tokens=chunking.max_tokens, overlap=chunking.overlap)
    assert read(document, encoder, chunking).chunks == read(document, encoder, plain).chunks


def read(document: Document, tokenizer: Tokenizer, chunking: Chunking) -> Chunked:
    return next(read_chunks([document], tokenizer, chunking, vectors))


def sections(*titles: str, metadata: dict[str, object] | None = None) -> Document:
    """A section of 20 words under each title, a level deeper each time."""
    text, headings = "", []
    for level, title in enumerate(titles, 1):
        headings.append(Heading(len(text), level, title))
        text += f"{title}\n\n{words(20, 'v' * level)}\n\n"
    return Document("d", text, metadata or {}, outline=Outline(tuple(headings)))


CONTEXT = Chunking(max_tokens=24, context=True, reads=64)


def test_with_context_a_model_reads_the_titles_above_a_chunk_that_it_does_not_say_itself():
    chunked = read(sections("Guide", "Install", "Linux"), Words(), CONTEXT)
    assert [chunk.heading for chunk in chunked.chunks] == ["Guide", "Guide > Install", "Guide > Install > Linux"]
    before = [text.removesuffix(chunk.text) for text, chunk in zip(chunked.texts, chunked.chunks, strict=True)]
    assert before == ["", "Guide\n", "Guide > Install\n"]


def test_without_context_a_model_reads_the_chunk_alone():
    chunked = read(sections("Guide", "Install"), Words(), Chunking(max_tokens=24, reads=64))
    assert chunked.texts == [chunk.text for chunk in chunked.chunks]


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("The  Manual\n", "The Manual > Guide"),
        ("Guide", "Guide"),
        (" ", "Guide"),
        (7, "Guide"),
        (None, "Guide"),
    ],
)
def test_the_title_in_the_metadata_comes_before_the_headings_and_is_not_said_twice(title, said):
    chunked = read(sections("Guide", "Install", metadata={"title": title}), Words(), CONTEXT)
    assert chunked.texts[1].splitlines()[0] == said


def test_the_first_heading_is_the_title_of_a_document_that_names_none():
    text = words(20, "a") + "\n\n" + words(20, "b")
    document = Document("d", text, outline=Outline((Heading(0, 2, "First"), Heading(text.index("b0"), 1, "Second"))))
    assert [line.splitlines()[0] for line in read(document, Words(), CONTEXT).texts] == ["First", "First > Second"]


@pytest.mark.parametrize(
    ("room", "said"),
    [(40, ["A", "A > B", "A > B > Install"]), (17, ["A", "B", "B > Install"]), (16, ["A", "B", "B > Install"])],
)
def test_of_titles_that_do_not_fit_the_outer_ones_are_left_out(room, said):
    long = {"A": words(14, "a"), "B": words(14, "b")}
    chunking = Chunking(max_tokens=40, context=True, reads=40 + room)
    chunked = read(sections(long["A"], long["B"], "Install", "Linux"), Words(), chunking)
    first_lines = [text.splitlines()[0] for text in chunked.texts[1:]]
    assert first_lines == [line.replace("A", long["A"]).replace("B", long["B"]) for line in said]


def test_a_title_too_long_to_be_read_is_left_out():
    document = Document("d", words(30), {"title": words(60, "long")})
    chunked = read(document, Words(), CONTEXT)
    assert chunked.texts == [chunk.text for chunk in chunked.chunks]


SENTENCES = Chunking(max_tokens=12, splitter=Splitter.SENTENCES, reads=48)


def test_with_sentences_a_model_reads_a_chunk_with_whole_sentences_on_either_side():
    text = " ".join(f"This is the sentence {n}." for n in range(30))
    chunked = read(Document("d", text), Words(), SENTENCES)
    assert SENTENCES.around == 12
    for chunk, seen in zip(chunked.chunks[1:-1], chunked.texts[1:-1], strict=True):
        before, _, after = seen.partition(chunk.text)
        assert len(before.split()) == len(after.split()) == 10
        assert before.startswith("This")
        assert after.endswith(".")
    first, last = chunked.chunks[0], chunked.chunks[-1]
    assert chunked.texts[0].startswith(first.text)
    assert chunked.texts[-1].endswith(last.text)
    added = [len(chunked.texts[n].split()) - len(chunked.chunks[n].text.split()) for n in (0, -1)]
    assert added == [10, 10]


def test_what_stands_around_a_chunk_is_read_without_its_markup():
    text = " ".join(f"This is the sentence {n}." for n in range(9))
    mark = Span(text.index("sentence 0"), text.index("sentence 0") + len("sentence 0"))
    chunked = read(Document("d", text, outline=Outline(markup=(mark,))), Words(), SENTENCES)
    assert "sentence 0" in chunked.chunks[0].text
    assert not any("sentence 0" in seen for seen in chunked.texts)
