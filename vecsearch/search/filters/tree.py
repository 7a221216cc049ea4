"""The tree of a condition: names, literals and how they are compared. No SQL, no dicts, no Arrow.

A tree holds only what a filter can evaluate. Which column a name means, and whether its values can be compared with the
literals, depends on an index: see binding.py. Dates and times without a zone are in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import TypeAlias

from vecsearch.errors import InvalidFilter

_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_LONGEST_PATTERN = 1_000  # characters
_SHOWN = 60  # characters of a name or a text in a message
Literal: TypeAlias = bool | int | float | str | date  # a datetime is a date too


@dataclass(frozen=True, slots=True)
class Name:
    """A column as the condition names it: `a.b` has two parts, `"a.b"` has one."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        """Return the name as a condition can write it, cut to what fits in a message."""
        return _cut(".".join(part if part.isidentifier() else quoted(part) for part in self.parts))


class Operator(str, Enum):
    """How a column's value and another are compared."""

    EQUAL = "="
    DIFFERENT = "<>"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="

    @property
    def mirrored(self) -> Operator:
        """The operator that means the same with the two sides exchanged."""
        return _MIRRORED.get(self, self)


_MIRRORED = {
    Operator.LESS: Operator.MORE,
    Operator.MORE: Operator.LESS,
    Operator.AT_MOST: Operator.AT_LEAST,
    Operator.AT_LEAST: Operator.AT_MOST,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """`name operator literal`."""

    name: Name
    operator: Operator
    literal: Literal


@dataclass(frozen=True, slots=True)
class OneOf:
    """`name IN (literals)`."""

    name: Name
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """`name LIKE pattern`: % is any text, _ any one character; a backslash escapes %, _ and itself."""

    name: Name
    pattern: str
    any_case: bool


@dataclass(frozen=True, slots=True)
class Contains:
    """`literal = ANY(name)`: the list holds it."""

    name: Name
    literal: Literal


@dataclass(frozen=True, slots=True)
class IsNull:
    """`name IS NULL`."""

    name: Name


@dataclass(frozen=True, slots=True)
class Not:
    """The condition is false; unknown where it is unknown."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Holds:
    """The condition is true; false where it is unknown."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each of the conditions, joined by AND."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the conditions, joined by OR."""

    conditions: tuple[Condition, ...]


Leaf: TypeAlias = Comparison | OneOf | Like | Contains | IsNull
Condition: TypeAlias = Leaf | Not | Holds | AllOf | AnyOf


def leaves(condition: Condition) -> list[Leaf]:
    """Return every test in the condition, from left to right."""
    match condition:
        case Not() | Holds():
            return leaves(condition.condition)
        case AllOf() | AnyOf():
            return [leaf for part in condition.conditions for leaf in leaves(part)]
        case _:
            return [condition]


def like(name: Name, pattern: str, *, any_case: bool) -> Like:
    """Return a Like; raises InvalidFilter for a pattern that takes too long to match.

    Patterns become automata whose states a text is checked against, so their length is limited. %% is %.
    """
    short = re.sub(r"(\\.)|%+", lambda match: match[1] or "%", pattern, flags=re.DOTALL)
    if len(short) > _LONGEST_PATTERN:
        raise InvalidFilter(
            f"the pattern for {name} has {len(short):,} characters, expected at most {_LONGEST_PATTERN:,}: shorten it"
        )
    return Like(name, short, any_case)


def quoted(name: str) -> str:
    """Return the name as SQL writes one that is not a plain word."""
    return '"' + name.replace('"', '""') + '"'


def written(literal: Literal) -> str:
    """Return the literal as written in a condition, cut to what fits in a message."""
    if isinstance(literal, str):
        return "'" + _cut(literal).replace("'", "''") + "'"
    if isinstance(literal, bool):
        return str(literal).upper()
    if isinstance(literal, date):
        moment = str(literal)
        return f"{'TIMESTAMP' if ':' in moment else 'DATE'} '{moment}'"
    return str(literal)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


def parse_moment(text: str) -> date | datetime | None:
    """Return the date, or the time in its zone, of an ISO 8601 text; None for another text."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    day, minute, second, fraction, zone = match.groups()
    try:
        if minute is None:
            return date.fromisoformat(day)
        return datetime.fromisoformat(
            f"{day}T{minute}:{second or '00'}.{(fraction or '').ljust(6, '0')}{_offset(zone)}"
        )
    except ValueError:
        return None


def _offset(zone: str | None) -> str:
    """The zone in the form that every Python version parses: +02:00."""
    if zone is None or zone == "Z":
        return "+00:00"
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"
