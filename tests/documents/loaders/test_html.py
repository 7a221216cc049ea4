"""The visible text of pages, and what stands where in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vecsearch.documents import load
from vecsearch.documents.loaders.html import declared_encoding, nests_deep, parse_html
from vecsearch.reports import Failure
from vecsearch.types import Document


def page(html: str) -> Document:
    return parse_html(html)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a  b\n c</p>", "a b c"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<p>one <b>bold</b>, <i>it</i>alic</p>", "one bold, italic"),
        ("a<b> b </b>c", "a b c"),
        ("<ul><li>one<li>two<ul><li>deep</ul></ul>end", "one\ntwo\n\ndeep\n\nend"),
        ("<div>a<div>b</div>c</div>", "a\nb\nc"),
        ("a<br>b<br><br><br>c", "a\nb\n\nc"),
        ("<table><tr><td>1<td>2<tr><td>3<td>4</table>", "1\t2\n3\t4"),
        ("x &lt;y&gt; &amp; &eacute;&#8364;", "x <y> & é€"),
        ("a&nbsp;b&shy;c&#8203;d", "a bcd"),
        ("<p>a<script>x()</script><style>p{}</style><template>t</template><noscript>n</noscript>b", "ab"),
        ("a<div hidden>no<p hidden>no</p></div><svg><text>no</text></svg><!-- no -->b", "ab"),
        ("<head><title>no</title></head><body>yes</body>", "yes"),
        ("<dl><dt>term<dd>meaning</dl>", "term\nmeaning"),
        ("  <p>  </p>  <div> </div> a ", "a"),
        ("<pre>\n  a\n\n\n b\n\n</pre>c", "  a\n\n\n b\n\nc"),
        ("<pre>a<b>\n</b><i>\n</i>\nb</pre>", "a\n\n\nb"),
        ("<frameset><frame></frameset>", ""),
        ("", ""),
    ],
)
def test_visible_text(html: str, text: str) -> None:
    assert page(html).text == text


def test_the_title_is_metadata() -> None:
    assert page("<title> A &amp;\n b </title><p>text").metadata == {"title": "A & b"}
    assert page("<title> </title><p>text").metadata == {}
    assert page("<p>text<svg><title>no</title></svg>").metadata == {}


def test_headings_stand_on_lines_of_their_own() -> None:
    document = page(
        "<h1>A <a href=x>link</a><br>two</h1>text<h3></h3><td><h2>\n <span>Sub</span> </h2><h1>B<h2>C</h2></h1>"
    )
    for start, _, title in document.outline.headings:
        assert document.text[start:].startswith(title.split()[0])
        assert start == 0 or document.text[start - 1] == "\n"
    assert [(title, level) for _, level, title in document.outline.headings] == [
        ("A link two", 1),
        ("Sub", 2),
        ("B", 1),
        ("C", 2),
    ]


def test_headings_inside_one_another_come_in_order() -> None:
    document = page("<h1><div>Outer<div><h2>Inner</h2></div></div></h1>")
    assert [heading.start for heading in document.outline.headings] == sorted(
        h.start for h in document.outline.headings
    )


def test_preformatted_text_and_tables_are_blocks_but_not_tables_for_layout() -> None:
    document = page(
        "<table><tr><td><h2>Layout</h2><table><tr><th>a<th>b<tr><td>1<td>2</table></table>"
        "x<pre>  code\n</pre><pre></pre><table><tr><td>y<pre>z</pre></table>"
    )
    assert [document.text[start:end] for start, end in document.outline.blocks] == ["a\tb\n1\t2", "  code", "z"]


def test_pages_may_nest_deeper_than_python_recurses() -> None:
    assert page("<div><b>" * 5000 + "deep").text == "deep"


@pytest.mark.parametrize(
    ("html", "encoding"),
    [
        (b'<meta charset="koi8-r">', "koi8-r"),
        (b"<META CHARSET=utf-8>", "utf-8"),
        (b'<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">', "Shift_JIS"),
        (b'<?xml version="1.0" encoding="windows-1251"?>', "windows-1251"),
        (b"<p>charset=no", None),
    ],
)
def test_the_declared_encoding_is_found(html: bytes, encoding: str | None) -> None:
    assert declared_encoding(html) == encoding


def test_a_page_in_a_declared_encoding_is_read(read: Callable[..., list[Document | Failure]]) -> None:
    (document,) = read("page.HTM", "<meta charset=koi8-r><title>Да</title><p>Нет".encode("koi8-r"))
    assert isinstance(document, Document)
    assert (document.text, document.metadata) == ("Нет", {"type": "html", "title": "Да"})


@pytest.mark.parametrize("name", ["test_wikipedia.html", "test_blog.html", "test_serp.html"])
def test_real_pages_are_read(shared_data: Callable[[str], Path], name: str) -> None:
    (document,) = load(shared_data(f"docs/formats/{name}"), "id")
    assert isinstance(document, Document)
    assert document.metadata["title"]
    assert "<div" not in document.text
    for start, _, title in document.outline.headings:
        assert " ".join(document.text[start:].split()).startswith(title)


LONG = "The main part says so much that it is no remainder of a script. " * 5


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<nav>menu</nav><p>text", "text"),
        ("<div role=navigation>menu</div><div role=search>find</div><p>text", "text"),
        ("<header>site</header><article><header>Title</header>text</article><footer>end</footer>", "Title\n\ntext"),
        ("<div><header>site</header><p>text</p><footer>end</footer></div>", "text"),
        ("<nav>only a menu</nav>", "only a menu"),
        (f"<div>around</div><main><nav>menu</nav><p>{LONG}</main><div>more</div>", LONG.strip()),
        (f"<div>around</div><div role=main>{LONG}</div>", LONG.strip()),
        (f"<div>around</div><main role=main>{LONG}</main>", LONG.strip()),
        (f"<div>around</div><article>{LONG}</article>", LONG.strip()),
        ("<div>around</div><main>little</main>", "around\n\nlittle"),
        (f"<article>{LONG}</article><article>two</article>", f"{LONG.strip()}\n\ntwo"),
        (f"<main hidden>{LONG}</main><p>text", "text"),
        (f"<main>{LONG}</main><main>two</main>", f"{LONG.strip()}\n\ntwo"),
    ],
)
def test_what_is_around_the_main_part_is_left_out(html: str, text: str) -> None:
    assert page(html).text == text


def test_what_the_page_says_of_itself_is_metadata() -> None:
    head = (
        '<html lang="en-GB"><head><title>A title</title><meta name="Author" content="Ada">'
        '<meta property="article:published_time" content="2024-05-31T10:00:00Z"><meta name="author" content="no">'
    )
    found = {"title": "A title", "author": "Ada", "language": "en-GB", "created": "2024-05-31"}
    assert page(f"{head}</head><p>text").metadata == found


@pytest.mark.parametrize(
    ("html", "deep"),
    [
        ("<div>" * 2_000, True),
        ("<div><b>" * 600, True),
        ("<p>" * 5_000, False),
        ("<li>a<br>" * 5_000, False),
        ("<div>a</div>" * 5_000, False),
        ("</div>" * 5_000 + "<div>" * 10, False),
        ("a < b " * 5_000, False),
        ("<div>" * 500, False),
    ],
)
def test_only_pages_that_nest_deep_are_called_so(html: str, deep: bool) -> None:
    assert nests_deep(html) is deep
