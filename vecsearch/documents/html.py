"""HTML: what a page says, what it says of itself, and the headings, preformatted text and tables in it.

Menus, side columns, dialogs, and headers and footers of the site are left out; of a page that marks its main part only
that is taken. Blocks of the page stand on lines of their own, paragraphs with an empty line between, cells with a tab.
Offsets are those of this text, not of the HTML. What scripts and style sheets would show or hide is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vecsearch.documents.properties import properties
from vecsearch.types import Document, Heading, Outline, Span

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_DECLARED = re.compile(rb"""<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARED_WITHIN = 4096  # bytes; the standard says 1024, pages do not all keep to it

_INVISIBLE = "head, script, style, template, noscript, iframe, object, svg, canvas, [hidden], dialog:not([open])"
_AROUND = (  # what is the same on every page of a site; a dialog, such as one about cookies, lies over the page
    "nav, [role=navigation], [role=banner], [role=contentinfo], [role=search], "
    "body > header, body > footer, body > div > header, body > div > footer, "
    "dialog, [role=dialog], [role=alertdialog]"
)
_BESIDE = ("aside", "[role=complementary]")  # a side column; inside of a text it is a note, as in an e-book
_TEXTS = ("main", "[role=main]", "article", "section")
_NOTES = ", ".join([*(f"{text} {beside}" for text in _TEXTS for beside in _BESIDE), r"[epub\:type]", "[role^=doc-]"])
_MAIN = ("main, [role=main]", "article")  # the first that a page has once is its main part
_LEAST_MAIN = 200  # characters; with less, the main part is filled by a script
_PROPERTIES = {
    "author": "author",
    "dc.creator": "author",
    "article:published_time": "created",
    "date": "created",
    "dc.date": "created",
    "dcterms.created": "created",
}
# fmt: off
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_PARAGRAPHS = _HEADINGS | {
    "address", "article", "aside", "blockquote", "body", "dl", "fieldset", "figure", "footer", "form", "header", "hr",
    "main", "nav", "ol", "p", "pre", "section", "table", "ul",
}
_LINES = frozenset((
    "caption", "dd", "details", "dialog", "div", "dt", "figcaption", "legend", "li", "option", "summary", "tbody",
    "tfoot", "thead", "tr",
))
# fmt: on
_BLOCKS = frozenset(("pre", "table"))
_CELLS = frozenset(("td", "th"))

_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]*)")
_DEEP = 1_000
# fmt: off
_NEVER_DEEP = frozenset((  # without an end tag, or with one that may be left out
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "html", "body", "img", "input", "li", "link", "meta",
    "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
))
# fmt: on

_WHITE_SPACE = re.compile(r"[ \t\n\r\f]+")
# A no-break space is a blank to a reader; soft hyphens and zero-width spaces are nothing.
_CHARACTERS = {0xA0: " ", 0xAD: None, 0x200B: None}


def declared_encoding(data: bytes) -> str | None:
    """The encoding that the page says it is in, or None."""
    found = _DECLARED.search(data[:_DECLARED_WITHIN])
    return found[1].decode("ascii") if found else None


def html_document(content: str, document_id: str, source: str) -> Document:
    """The document with the text of the page, and its title, author, language and day as metadata."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(content)
    page = _main_page(tree)
    return Document(document_id, page.text(), _metadata(tree), source, page.outline())


def nests_deep(content: str) -> bool:
    """Whether elements may nest so deep that parsing, which takes the square of that, takes more than a moment."""
    if content.count("<") < _DEEP:
        return False
    depth = deepest = 0
    for tag in _TAG.finditer(content):
        if tag[2].lower() not in _NEVER_DEEP:
            depth = max(depth - 1, 0) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest >= _DEEP


def _metadata(tree: LexborHTMLParser) -> dict[str, Any]:
    title, html = tree.css_first("head title"), tree.css_first("html")
    found: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        name = (node.attributes.get("name") or node.attributes.get("property") or "").lower()
        if name in _PROPERTIES:
            found.setdefault(_PROPERTIES[name], node.attributes.get("content") or "")
    language = html.attributes.get("lang") if html is not None else None
    return properties(title=title.text() if title is not None else None, language=language, **found)


def _main_page(tree: LexborHTMLParser) -> _Page:
    """The main part of the page; without one all that is not around it; all of it where that leaves nothing."""
    invisible = {node.mem_id for node in tree.css(_INVISIBLE)}
    beside = {node.mem_id for node in tree.css(", ".join(_BESIDE))} - {node.mem_id for node in tree.css(_NOTES)}
    around = invisible | beside | {node.mem_id for node in tree.css(_AROUND)}
    for selector in _MAIN:
        found = {node.mem_id: node for node in tree.css(selector) if node.mem_id not in invisible}
        if len(found) == 1:
            page = _page(next(iter(found.values())), around)
            if len(page.text()) >= _LEAST_MAIN:
                return page
    page = _page(tree.root, around)
    return page if page.text() else _page(tree.root, invisible)


def _page(top: LexborNode | None, left_out: set[int]) -> _Page:
    page = _Page()
    for node, opens in _visits(top, left_out):
        if opens:
            page.open(node)
        else:
            page.close(node)
    return page


def _visits(top: LexborNode | None, invisible: set[int]) -> Iterator[tuple[LexborNode, bool]]:
    """Each visible node at and below `top` twice: (node, True) before and (node, False) after what is in it.

    Follows the links between nodes, as pages nest deeper than Python recurses.
    """
    above: list[LexborNode] = []
    node = top
    while node is not None:
        is_visible = node.mem_id not in invisible
        if is_visible:
            yield node, True
            if node.child is not None:
                above.append(node)
                node = node.child
                continue
            yield node, False
        while above and node.next is None:
            node = above.pop()
            yield node, False
        node = node.next if above else None


class _Page:
    """The text of a page as it grows, and where its headings and blocks are in it."""

    def __init__(self) -> None:
        self._parts: list[str] = []  # in turns: a gap, and the words after it
        self._length = 0
        self._gap = ""  # due before the next words: "", a blank, a tab or line ends
        self._open: list[tuple[int, int]] = []  # for each heading and block not yet closed: parts, length before it
        self._headings: list[Heading] = []
        self._blocks: list[Span] = []
        self._preformatted = 0

    def open(self, node: LexborNode) -> None:
        """Take in a node before what is in it."""
        tag = node.tag or ""
        if tag == "-text":
            self._write((node.text_content or "").translate(_CHARACTERS))
        elif tag == "br":
            self._break(self._gap.count("\n") + 1)
        elif tag in _CELLS and "\n" not in self._gap:
            self._gap = "\t"
        else:
            self._break_around(tag)
        if tag in _HEADINGS or tag in _BLOCKS:
            self._open.append((len(self._parts), self._length))
        self._preformatted += tag == "pre"

    def close(self, node: LexborNode) -> None:
        """Take in the end of a node."""
        tag = node.tag or ""
        self._preformatted -= tag == "pre"
        if tag in _HEADINGS or tag in _BLOCKS:
            parts, length = self._open.pop()
            if len(self._parts) > parts:
                self._outline(tag, parts, length + len(self._parts[parts]))
        self._break_around(tag)

    def text(self) -> str:
        """All that was visible."""
        return "".join(self._parts)

    def outline(self) -> Outline:
        """The headings and blocks, in order."""
        return Outline(tuple(sorted(self._headings)), tuple(self._blocks))

    def _outline(self, tag: str, parts: int, start: int) -> None:
        if tag in _HEADINGS:
            self._headings.append(Heading(start, int(tag[1]), " ".join("".join(self._parts[parts:]).split())))
            return
        # A table with tables or headings in it lays out the page and is nothing to keep whole.
        last = max(self._blocks[-1].start if self._blocks else -1, self._headings[-1].start if self._headings else -1)
        if last < start:
            self._blocks.append(Span(start, self._length))

    def _break_around(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._break(2)
        elif tag in _LINES:
            self._break(1)

    def _break(self, lines: int) -> None:
        """At least `lines` line ends, and never more than two, before the next words."""
        self._gap = "\n" * min(max(lines, self._gap.count("\n")), 2)

    def _write(self, text: str) -> None:
        """Words as they stand in preformatted text; elsewhere with one blank for each run of white space."""
        if self._preformatted:
            self._append(text.rstrip("\n"), "\n" * (len(text) - len(text.rstrip("\n"))))
            return
        text = _WHITE_SPACE.sub(" ", text)
        if text.startswith(" ") and not self._gap:
            self._gap = " "
        self._append(text.strip(" "), " " if text.endswith(" ") else "")

    def _append(self, words: str, gap: str) -> None:
        """Add `words` behind the gap that is due; `gap` is due after them."""
        if not words:
            self._gap = self._gap + gap if self._preformatted else self._gap or gap
            return
        before = self._gap if self._parts else ""
        self._parts += (before, words)
        self._length += len(before) + len(words)
        self._gap = gap
