"""Texts that are put together: gaps, places, and outlines that move along."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.checking import check_document
from vecsearch.documents.composing import Composer, clean, iso_date, properties
from vecsearch.documents.limits import Limits
from vecsearch.documents.loaders.markdown import parse_markdown
from vecsearch.errors import InvalidDocument
from vecsearch.types import Heading, Outline, Place, Span

PARTS = st.text(st.sampled_from("ab \n\r\t\x00\x0c\ud800\u2028é"), max_size=6)
STEPS = st.lists(st.tuples(st.sampled_from(["paragraph", "line", "block", "heading", "place", "take"]), PARTS))


def test_parts_are_parted_by_what_they_are() -> None:
    composer = Composer(Limits())
    composer.heading(" A\ntitle ", 2)
    composer.line("one")
    composer.line("two")
    composer.paragraph("\nthree\n")
    composer.paragraph("")
    composer.block(" \n ")
    composer.line("four")
    composer.block("  five\n")
    document = composer.parsed({"a": 1})
    assert document.text == "A title\n\none\ntwo\n\nthree\n\nfour\n\n  five"
    assert document.outline == Outline((Heading(0, 2, "A title"),), (Span(31, 37),))
    assert document.metadata == {"a": 1}


def test_a_place_begins_with_the_next_words() -> None:
    composer = Composer(Limits())
    composer.paragraph("before")
    for page in (1, 2, 3):
        composer.place(f"page {page}", page)
        composer.paragraph("" if page == 2 else "words")
    composer.place("page 3", 3)
    composer.paragraph("still")
    assert composer.parsed({}).outline.places == (Place(8, 1, "page 1"), Place(15, 3, "page 3"))


def test_another_document_brings_its_outline() -> None:
    composer = Composer(Limits())
    composer.paragraph("before")
    composer.take(parse_markdown("\n\n# One { #one }\n\n```\ncode\n```\n\n"), deeper=2)
    composer.take(parse_markdown(" \n"))
    document = composer.parsed({})
    text = document.text
    assert text == "before\n\n# One { #one }\n\n```\ncode\n```"
    assert document.outline.headings == (Heading(8, 3, "One"),)
    assert [text[start:end] for start, end in document.outline.blocks] == ["```\ncode\n```"]
    assert [text[start:end] for start, end in document.outline.markup] == [" { #one }"]


@given(STEPS)
def test_any_parts_give_a_document_in_order(steps: list[tuple[str, str]]) -> None:
    composer = Composer(Limits())
    for step, text in steps:
        match step:
            case "heading":
                composer.heading(text, 1)
            case "place":
                composer.place("p" + clean(text))
            case "take":
                composer.take(parse_markdown(clean(f"\n# {text}\n")))
            case _:
                getattr(composer, step)(text)
    document = composer.parsed({})
    if document.text:
        check_document(document)
        assert not set(document.text) & set("\r\x00\x0c\u2028\ud800")


def test_too_much_text_is_refused() -> None:
    composer = Composer(Limits(text=10))
    composer.paragraph("12345678")
    with pytest.raises(
        InvalidDocument, match=r"^more than 10 characters of text, too long for one document: split it$"
    ):
        composer.paragraph("x")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-05-31", "2024-05-31"),
        ("2024-05-31T10:00:00Z", "2024-05-31"),
        ("D:20240531120000Z", "2024-05-31"),
        ("2024", "2024-01-01"),
        ("2024-05", "2024-05-01"),
        ("20240531", "2024-05-31"),
        ("2024-13-01", None),
        ("0000-01-01", None),
        ("May 2024", None),
        ("", None),
    ],
)
def test_days_are_written_in_one_way(text: str, day: str | None) -> None:
    assert iso_date(text) == day


def test_what_says_nothing_is_left_out() -> None:
    assert properties(title=" A\n title\x00", author="anonymous", language="", created="no") == {"title": "A title"}
    assert properties() == {}
    assert len(properties(title="x" * 5000)["title"]) == 1000
