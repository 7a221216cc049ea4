"""Feeds: the entries of RSS, RDF and Atom, and XML that is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.helpers.checking import place_of
from vecsearch.reports import Failure
from vecsearch.types import Document

DocumentIn = Callable[[str, str], Document]

RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:dc="d" xmlns:c="c"><channel><title>News</title>
<description>All of <b>it</b></description><language>en</language>
<item><title>First &amp;amp; best</title><dc:creator>Ada</dc:creator><pubDate>Fri, 31 May 2024 23:00:00 GMT</pubDate>
<description>short</description><c:encoded><![CDATA[<h2>Part</h2><p>long</p>]]></c:encoded></item>
<item><title>Second</title><pubDate>soon</pubDate></item></channel></rss>"""
RDF = """<rdf:RDF xmlns:rdf="r" xmlns="http://purl.org/rss/1.0/"><channel><title>News</title></channel>
<item><title>First</title><description>text</description></item></rdf:RDF>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>News</title><subtitle>All</subtitle>
<entry><title>First</title><author><name>Ada</name></author><published>2024-05-31T10:00:00Z</published>
<content type="html">&lt;p&gt;one&lt;/p&gt;&lt;p&gt;two&lt;/p&gt;</content></entry></feed>"""


def test_rss_is_read(document_in: DocumentIn) -> None:
    document = document_in("a.xml", RSS)
    assert document.text == "News\n\nAll of it\n\nFirst & best\n\n2024-05-31, Ada\n\nPart\n\nlong\n\nSecond"
    assert [heading[1:] for heading in document.outline.headings] == [
        (1, "News"),
        (2, "First & best"),
        (4, "Part"),
        (2, "Second"),
    ]
    assert (place_of(document, "long"), place_of(document, "Second")) == ("entry 1", "entry 2")
    assert document.metadata == {"type": "feed", "title": "News", "language": "en"}


def test_rdf_is_read(document_in: DocumentIn) -> None:
    assert document_in("a.rdf", RDF).text == "News\n\nFirst\n\ntext"


def test_atom_is_read(document_in: DocumentIn) -> None:
    document = document_in("a.atom", ATOM)
    assert document.text == "News\n\nAll\n\nFirst\n\n2024-05-31, Ada\n\none\n\ntwo"
    assert document.metadata == {"type": "feed", "title": "News", "language": "de"}


@pytest.mark.parametrize(
    "content", ["<config><rss>no</config>", "<note>A feed &lt;rss is</note>", "<!-- <rss> --><config/>", "<rssx/>"]
)
def test_other_xml_is_text(document_in: DocumentIn, content: str) -> None:
    document = document_in("a.xml", content)
    assert (document.text, document.metadata) == (content, {"type": "text"})


@pytest.mark.parametrize(
    "before", ["\ufeff", "\n", '<?xml version="1.0"?>\n<!-- > -->\n<?style x?>', "<!DOCTYPE rss [<!ELEMENT rss ANY>]>"]
)
def test_what_stands_before_the_root_does_not_hide_it(document_in: DocumentIn, before: str) -> None:
    content = f"{before}<rss><channel><title>T</title></channel></rss>"
    assert document_in("a.xml", content.encode() if before != "\n" else content).text == "T"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<rss><channel>", "the feed is not well-formed XML: no element found: line 1, column 14"),
        (
            '<!DOCTYPE x [<!ENTITY a "aaa">]><rss>&a;</rss>',
            "the feed defines XML entities, which are not expanded for safety",
        ),
        ("<rss>" + "<a>" * 300, "the feed has elements nested more than 200 deep"),
        ('<?xml version="1.0" encoding="no-such"?><rss/>', "the feed is not well-formed XML: unknown encoding"),
    ],
)
def test_broken_feeds_fail_with_the_reason(
    read_here: Callable[..., list[Document | Failure]], content: str, reason: str
) -> None:
    (failure,) = read_here("a.rss", content)
    assert type(failure) is Failure
    assert failure.reason.startswith(reason)


def test_no_file_is_fetched_for_an_entity(read_here: Callable[..., list[Document | Failure]]) -> None:
    stolen = '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><title>&x;</title></channel></rss>'
    (failure,) = read_here("a.rss", stolen)
    assert isinstance(failure, Failure)
    assert "entities" in failure.reason


def test_a_type_of_document_alone_does_no_harm(document_in: DocumentIn) -> None:
    content = '<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://x.invalid/rss.dtd"><rss><channel><title>T</title></channel></rss>'
    assert document_in("a.rss", content).text == "T"


@pytest.mark.parametrize("date", [f"31 May {10**20} 10:00:00 +0000", f"31 May 2024 10:00:00 +{10**9}", "9" * 5000])
def test_a_date_beyond_all_dates_is_left_out(document_in: DocumentIn, date: str) -> None:
    document = document_in("a.xml", RSS.replace("Fri, 31 May 2024 23:00:00 GMT", date))
    assert document.text == "News\n\nAll of it\n\nFirst & best\n\nAda\n\nPart\n\nlong\n\nSecond"
