"""HTML: the visible text of a page, with its headings, preformatted text and tables, and the page's metadata.

Menus, side columns, dialogs, and headers and footers of the site are left out; of a page with a marked main part, only
that is taken. Block elements begin a line, paragraphs are separated by an empty line, cells by a tab. Offsets refer to
this text, not to the HTML. Scripts and style sheets, which could show or hide elements, are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from vecsearch.documents.composing import Parsed, properties
from vecsearch.documents.piece import Piece
from vecsearch.types import Document, Heading, Outline, Span

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_DECLARATION = re.compile(rb"<(?:meta|\?xml)\b[^<>]*", re.IGNORECASE)
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*(?:["']\s*)?([\w.:-]+)""", re.IGNORECASE)
_DECLARED_WITHIN = 4096  # bytes; the standard says 1024, which not all pages keep to

_INVISIBLE = "head, script, style, template, noscript, iframe, object, svg, canvas, [hidden], dialog:not([open])"
_FRAME = (  # what is the same on every page of a site; a dialog, such as one about cookies, covers the page
    "nav, [role=navigation], [role=banner], [role=contentinfo], [role=search], "
    "body > header, body > footer, body > div > header, body > div > footer, "
    "dialog, [role=dialog], [role=alertdialog]"
)
_ASIDES = ("aside", "[role=complementary]")  # a side column; inside a text, as in an e-book, a note
_TEXTS = ("main", "[role=main]", "article", "section")
_NOTES = ", ".join([*(f"{text} {aside}" for text in _TEXTS for aside in _ASIDES), r"[epub\:type]", "[role^=doc-]"])
_MAIN = ("main, [role=main]", "article")  # the first that matches exactly one element selects the main part
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
_LONGEST_TITLE = 1_000  # characters
_LONGEST_GAP = 1_000  # line ends and blanks between preformatted words
_DEEP = 1_000  # elements inside one another
# fmt: off
_NEVER_DEEP = frozenset((  # elements without an end tag, or with one that may be omitted
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "html", "body", "img", "input", "li", "link", "meta",
    "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
))
# fmt: on

_WHITE_SPACE = re.compile(r"[ \t\n\r\f]+")
# A reader sees a no-break space as a blank; soft hyphens and zero-width spaces are invisible.
_CHARACTERS = {0xA0: " ", 0xAD: None, 0x200B: None}


def declared_encoding(data: bytes) -> str | None:
    """Return the character encoding that the page declares; None when it declares none."""
    declarations = _DECLARATION.finditer(data[:_DECLARED_WITHIN])
    match = next(filter(None, (_DECLARED.search(declaration[0]) for declaration in declarations)), None)
    return match[1].decode("ascii") if match else None


def load_html(piece: Piece) -> Iterator[Document]:
    """Yield the document in an HTML file."""
    yield piece.document(parse_html(piece.text(declared_encoding)))


def parse_html(content: str) -> Parsed:
    """Return the text of the page, with its outline, and its title, author, language and date as metadata."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(content)
    page = _main_page(tree)
    return Parsed(page.text(), page.outline(), _metadata(tree))


def nests_deep(content: str) -> bool:
    """Whether elements may nest so deep that parsing, which is quadratic in the depth, is slow."""
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
    values: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        name = (node.attributes.get("name") or node.attributes.get("property") or "").lower()
        if name in _PROPERTIES:
            values.setdefault(_PROPERTIES[name], node.attributes.get("content") or "")
    language = html.attributes.get("lang") if html is not None else None
    return properties(title=title.text() if title is not None else None, language=language, **values)


def _main_page(tree: LexborHTMLParser) -> _Page:
    """Return the main part of the page; without one, everything but its frame; everything, if that is empty."""
    invisible = {node.mem_id for node in tree.css(_INVISIBLE)}
    asides = {node.mem_id for node in tree.css(", ".join(_ASIDES))} - {node.mem_id for node in tree.css(_NOTES)}
    frame = invisible | asides | {node.mem_id for node in tree.css(_FRAME)}
    for selector in _MAIN:
        candidates = {node.mem_id: node for node in tree.css(selector) if node.mem_id not in invisible}
        if len(candidates) == 1:
            page = _page(next(iter(candidates.values())), frame)
            if len(page.text()) >= _LEAST_MAIN:
                return page
    page = _page(tree.root, frame)
    return page if page.text() else _page(tree.root, invisible)


def _page(top: LexborNode | None, excluded: set[int]) -> _Page:
    page = _Page()
    for node, opens in _visits(top, excluded):
        if opens:
            page.open(node)
        else:
            page.close(node)
    return page


def _visits(top: LexborNode | None, excluded: set[int]) -> Iterator[tuple[LexborNode, bool]]:
    """Yield each node at and below `top` twice: (node, True) before and (node, False) after its children.

    Excluded nodes are left out with everything in them. Not recursive: pages nest deeper than Python recurses.
    """
    above: list[LexborNode] = []
    node = top
    while node is not None:
        if node.mem_id not in excluded:
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
    """Builds the text of a page, and records where its headings and blocks are."""

    def __init__(self) -> None:
        self._parts: list[str] = []  # alternately a gap and the words after it
        self._length = 0
        self._gap = ""  # due before the next words: "", a blank, a tab or line ends
        self._open: list[tuple[int, int]] = []  # for each heading and block not yet closed: parts and length before it
        self._headings: list[Heading] = []
        self._blocks: list[Span] = []
        self._preformatted = 0

    def open(self, node: LexborNode) -> None:
        """Begin a node, before its children."""
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
        """End a node, after its children."""
        tag = node.tag or ""
        self._preformatted -= tag == "pre"
        if tag in _HEADINGS or tag in _BLOCKS:
            parts, length = self._open.pop()
            if len(self._parts) > parts:
                self._add_to_outline(tag, parts, length + len(self._parts[parts]))
        self._break_around(tag)

    def text(self) -> str:
        """Return the text so far."""
        return "".join(self._parts)

    def outline(self) -> Outline:
        """Return the headings and blocks, in order."""
        return Outline(tuple(sorted(self._headings)), tuple(self._blocks))

    def _add_to_outline(self, tag: str, parts: int, start: int) -> None:
        if tag in _HEADINGS:
            self._headings.append(Heading(start, int(tag[1]), self._title(parts)))
            return
        # A table that contains tables or headings is the layout of the page, and need not be kept whole.
        last = max(self._blocks[-1].start if self._blocks else -1, self._headings[-1].start if self._headings else -1)
        if last < start:
            self._blocks.append(Span(start, self._length))

    def _title(self, parts: int) -> str:
        """Return the words from the part with this number on, up to the length of a title: headings may be nested."""
        title: list[str] = []
        length = 0
        for part in islice(self._parts, parts, None):
            if length >= _LONGEST_TITLE:
                break
            title.append(part[: _LONGEST_TITLE - length])
            length += len(title[-1])
        return " ".join("".join(title).split())

    def _break_around(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._break(2)
        elif tag in _LINES:
            self._break(1)

    def _break(self, lines: int) -> None:
        """Require at least `lines` line ends, and never more than two, before the next words."""
        self._gap = "\n" * min(max(lines, self._gap.count("\n")), 2)

    def _write(self, text: str) -> None:
        """Add text: unchanged where it is preformatted, elsewhere with each run of white space as one blank."""
        if self._preformatted:
            self._append(text.rstrip("\n"), "\n" * (len(text) - len(text.rstrip("\n"))))
            return
        text = _WHITE_SPACE.sub(" ", text)
        if text.startswith(" ") and not self._gap:
            self._gap = " "
        self._append(text.strip(" "), " " if text.endswith(" ") else "")

    def _append(self, words: str, gap: str) -> None:
        """Add the gap that is due and `words`; then `gap` is due."""
        if not words:
            if self._preformatted:
                gap = self._gap + gap if len(self._gap) < _LONGEST_GAP else self._gap  # to add to a long one is slow
            self._gap = gap if self._preformatted else self._gap or gap
            return
        before = self._gap if self._parts else ""
        self._parts += (before, words)
        self._length += len(before) + len(words)
        self._gap = gap
