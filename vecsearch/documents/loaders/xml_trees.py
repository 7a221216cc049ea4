"""XML → a tree, by expat. Documents that define entities, which can grow without bound or fetch files, are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate

from vecsearch.errors import InvalidDocument

_DEEPEST = 200  # nested elements; files written by programs have about twenty
_SEPARATOR = " "  # between the URI of a namespace and a name, in names from expat


def parse_xml(data: bytes, part: str) -> Element:
    """Return the root element. Namespaces are dropped, except that of relations in Office files: `rel:id`.

    Raises InvalidDocument, which calls the data `part`, when it is not well-formed, nests too deep or defines entities.
    """
    builder = TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise InvalidDocument(f"{part} has elements nested more than {_DEEPEST} deep")
        builder.start(_local(name), {_attribute(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_local(name))

    def refuse(*_: Any) -> None:
        raise InvalidDocument(f"{part} defines XML entities, which are not expanded for safety")

    parser = ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (ExpatError, LookupError, ValueError) as error:  # or an unknown encoding
        if isinstance(error, InvalidDocument):
            raise
        raise InvalidDocument(f"{part} is not well-formed XML: {error}") from None
    return builder.close()


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]


def _attribute(name: str) -> str:
    """Return the local name; the `id` of a slide and the `r:id` of its relation must remain distinct."""
    space, _, local = name.rpartition(_SEPARATOR)
    return f"rel:{local}" if space.endswith("/relationships") else local


def text_of(element: Element | None) -> str:
    """Return all text in the element; "" for None."""
    return "" if element is None else "".join(element.itertext())


def child_texts(element: Element, names: Mapping[str, str]) -> dict[str, str]:
    """Return the texts of the child elements in `names` (tag → key), by key; the first text of a key counts."""
    texts: dict[str, str] = {}
    for child in element:
        if child.tag in names and (text := text_of(child).strip()):
            texts.setdefault(names[child.tag], text)
    return texts


def children(element: Element | None, name: str) -> Iterator[Element]:
    """Return the child elements with this tag."""
    return (child for child in ([] if element is None else element) if child.tag == name)
