"""Side columns and dialogs of a web page are left out; notes, which have the same tags, are text."""

from __future__ import annotations

import pytest

from vecsearch.documents.loaders.html import parse_html

LONG = "The main part says so much that it is no remainder of a script. " * 5


def text_of(html: str) -> str:
    return parse_html(html).text


@pytest.mark.parametrize(
    "around",
    [
        "<aside>Recent posts</aside>",
        "<div><div><aside><p>Recent posts</aside></div></div>",
        '<div role="complementary">Recent posts</div>',
        '<div id=cookies role="dialog">We value your privacy</div>',
        '<div role="alertdialog"><p>We value <b>your</b> privacy</div>',
        "<dialog open>We value your privacy</dialog>",
        "<dialog>Not shown until a script says so</dialog>",
    ],
)
def test_what_stands_beside_or_over_the_text_is_left_out(around: str) -> None:
    assert text_of(f"{around}<p>text</p>") == text_of(f"<div><p>text</p></div>{around}") == "text"
    assert text_of(f"<main><p>{LONG}</p></main>{around}") == LONG.strip()


@pytest.mark.parametrize("tag", ["main", "div role=main", "article", "section"])
@pytest.mark.parametrize("note", ["<aside>A note.</aside>", "<div><aside>A note.</aside></div>"])
def test_a_note_inside_of_the_text_is_text(tag: str, note: str) -> None:
    assert text_of(f"<{tag}><p>{LONG}</p>{note}</{tag.split()[0]}>") == f"{LONG.strip()}\n\nA note."


@pytest.mark.parametrize("mark", ['epub:type="footnote"', 'role="doc-footnote"'])
def test_a_footnote_of_a_book_is_text_wherever_it_stands(mark: str) -> None:
    assert text_of(f"<p>text</p><aside {mark}>1. A note.</aside>") == "text\n\n1. A note."


def test_a_page_of_nothing_else_is_taken_as_it_is() -> None:
    assert text_of("<aside>only this</aside>") == "only this"
    assert text_of("<div role=dialog>only this</div>") == "only this"
    assert text_of("<dialog>never shown</dialog>") == ""


def test_what_pages_of_a_site_share_is_in_none_of_their_texts() -> None:
    """A folder of such pages has no chunk of what stands around them."""
    frame = (
        "<body><header>Acme</header><nav>Home Products</nav><div role=dialog>We use cookies</div>"
        "<div class=page><div class=content><h1>{0}</h1><p>{0} is what this page is about.</p></div>"
        "<aside>Newest posts</aside></div><footer>© Acme</footer></body>"
    )
    for title in ("Lamps", "Batteries"):
        assert text_of(frame.format(title)) == f"{title}\n\n{title} is what this page is about."
