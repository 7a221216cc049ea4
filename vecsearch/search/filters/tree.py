"""What a condition is, once it has been read: names, values and how they are compared. No SQL, no Arrow.

The tree holds nothing that a filter cannot answer. What a name stands for, and whether its values can be compared
with those of the condition, depends on an index: see checking.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TypeAlias

Literal: TypeAlias = bool | int | float | str | date  # a datetime is a date too


@dataclass(frozen=True, slots=True)
class Name:
    """A column as the condition names it: `a.b` has two parts, `"a.b"` has one."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        """As it can be written."""
        return ".".join(part if part.isidentifier() else quoted(part) for part in self.parts)


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
        """The operator that says the same with the two sides exchanged."""
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
    """`name LIKE pattern`: % is any text, _ one character, and a backslash takes their meaning from %, _ and itself."""

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
    """The condition does not hold; of what is unknown, the opposite is unknown."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Holds:
    """The condition is true, and not where it is unknown."""

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
    """Every test in the condition, from left to right."""
    match condition:
        case Not() | Holds():
            return leaves(condition.condition)
        case AllOf() | AnyOf():
            return [test for part in condition.conditions for test in leaves(part)]
        case _:
            return [condition]


def quoted(name: str) -> str:
    """The name as SQL writes one that is no plain word."""
    return '"' + name.replace('"', '""') + '"'


def written(literal: Literal) -> str:
    """The literal as it stands in a condition."""
    if isinstance(literal, str):
        return "'" + literal.replace("'", "''") + "'"
    if isinstance(literal, bool):
        return str(literal).upper()
    if isinstance(literal, date):
        moment = str(literal)
        return f"{'TIMESTAMP' if ':' in moment else 'DATE'} '{moment}'"
    return str(literal)
