"""Whether the values of a condition can be compared with what the columns hold; if not, how to write it.

What chunks that are there hold decides, never how it is stored: a compacted index refuses the same.
"""

from __future__ import annotations

from collections.abc import Set

from vecsearch.errors import InvalidFilter
from vecsearch.search.filters.comparing import comparable
from vecsearch.search.filters.tree import Comparison, Contains, IsNull, Leaf, Like, Literal, Name, OneOf, written
from vecsearch.search.filters.values import Kind

_EXAMPLES = {
    Kind.NUMBER: "{} = 2020",
    Kind.TEXT: "{} = 'text'",
    Kind.BOOLEAN: "{} = TRUE",
    Kind.DATE: "{} = DATE '2024-01-31'",
    Kind.TIME: "{} >= TIMESTAMP '2024-01-31 12:00:00'",
    Kind.LIST: "'x' = ANY({})",
    Kind.OBJECT: "{} IS NOT NULL",
}


def check(test: Leaf, kinds: Set[Kind], element_kinds: Set[Kind]) -> None:
    """Raises InvalidFilter for a test that could hold for no value of the types that its column holds."""
    match test:
        case Comparison():
            _check_literals(test.name, (test.literal,), kinds)
        case OneOf():
            _check_literals(test.name, test.literals, kinds)
        case Like():
            if Kind.TEXT not in kinds:
                raise _unlike(test.name, "LIKE, which is for texts", kinds)
        case Contains():
            if Kind.LIST not in kinds:
                raise _unlike(test.name, "ANY, which is for lists", kinds)
            if element_kinds and not any(comparable(kind, test.literal) for kind in element_kinds):
                held = _words(element_kinds)
                raise InvalidFilter(f"the condition looks for {written(test.literal)} in {test.name}, lists of {held}")
        case IsNull():
            pass


def _check_literals(name: Name, literals: tuple[Literal, ...], kinds: Set[Kind]) -> None:
    for literal in literals:
        if not any(comparable(kind, literal) for kind in kinds):
            raise _unlike(name, written(literal), kinds)


def _unlike(name: Name, what: str, kinds: Set[Kind]) -> InvalidFilter:
    ways = " or ".join(_EXAMPLES[kind].format(name) for kind in Kind if kind in kinds)
    return InvalidFilter(f"the condition compares {name}, which holds {_words(kinds)}, with {what}: write as in {ways}")


def _words(kinds: Set[Kind]) -> str:
    return " and ".join(kind.value for kind in Kind if kind in kinds)
