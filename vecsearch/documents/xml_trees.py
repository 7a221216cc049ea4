"""XML -> a tree, by expat. Entities of a document's own, which can grow without bound or fetch files, are refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate

from vecsearch.errors import InvalidDocument

_DEEPEST = 200  # elements in one another; files that programs write have some twenty
_SEPARATOR = " "  # between the address of a namespace, as expat gives it, and a name


def parse_xml(data: bytes, part: str) -> Element:
    """The root element. Names are without their namespaces, but for relations of Office files, which are `rel:id`.

    Raises InvalidDocument, which calls the data `part`, when it is not well-formed, nests too deep or has entities.
    """
    builder = TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise InvalidDocument(f"{part} is nested more than {_DEEPEST} deep")
        builder.start(_local(name), {_attribute(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_local(name))

    def refuse(*_: Any) -> None:
        raise InvalidDocument(f"{part} defines entities of its own, which are not expanded")

    parser = ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (ExpatError, LookupError, ValueError) as error:  # an encoding that there is not, or one that expat lacks
        if isinstance(error, InvalidDocument):
            raise
        raise InvalidDocument(f"{part} is not well-formed XML: {error}") from None
    return builder.close()


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]


def _attribute(name: str) -> str:
    """The local name; the `id` of a slide and the `r:id` of its relation must stay apart."""
    space, _, local = name.rpartition(_SEPARATOR)
    return f"rel:{local}" if space.endswith("/relationships") else local


def text_of(element: Element | None) -> str:
    """All the text in the element; "" of none."""
    return "" if element is None else "".join(element.itertext())


def child_texts(element: Element, names: Mapping[str, str]) -> dict[str, str]:
    """Of each child element named in `names` the text, under the word given for it; the first one counts."""
    found: dict[str, str] = {}
    for child in element:
        if child.tag in names and (text := text_of(child).strip()):
            found.setdefault(names[child.tag], text)
    return found


def children(element: Element | None, name: str) -> Iterator[Element]:
    """The child elements of that name."""
    return (child for child in ([] if element is None else element) if child.tag == name)
