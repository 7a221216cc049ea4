"""A condition written as a dict → its tree: `{"lang": "en", "year": {"gte": 2020}}`.

Its keys are names, each with a value to be equal to or a dict of operators; all must hold. `and` and `or` take lists of
such dicts, `not` takes one. What a name means, and the rules of comparing, are those of a condition in SQL. Operators
may have a `$` in front, as other stores write them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from math import isfinite, nan
from typing import Any

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidDocument, InvalidFilter
from vecsearch.search.filters.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Contains,
    IsNull,
    Literal,
    Name,
    Not,
    OneOf,
    Operator,
    like,
)
from vecsearch.storage.metadata_values import plain_value

_DEEPEST = 40  # dicts within dicts
_SHOWN = 60  # characters of a value in a message
_COMPARING = {
    "eq": Operator.EQUAL,
    "ne": Operator.DIFFERENT,
    "lt": Operator.LESS,
    "lte": Operator.AT_MOST,
    "gt": Operator.MORE,
    "gte": Operator.AT_LEAST,
}
_JOINING = ("and", "or", "not")


def of_mapping(where: Mapping[str, Any]) -> Condition:
    """Return the tree of a condition; raises InvalidFilter for one that cannot be evaluated."""
    return _condition(where, 0)


def _condition(where: Mapping[str, Any], depth: int) -> Condition:
    if depth > _DEEPEST:
        raise InvalidFilter(f"the condition has more than {_DEEPEST} dicts within dicts: simplify it")
    if not where:
        raise InvalidFilter("the condition is empty: write one, or leave it out")
    return _all([_entry(key, value, depth) for key, value in where.items()])


def _entry(key: Any, value: Any, depth: int) -> Condition:
    if not is_storable(key) or not key.strip("."):
        raise InvalidFilter(f"the condition has the key {_shown(key)}, expected the name of a metadata key")
    word = key.removeprefix("$")
    if word in ("and", "or"):
        return _joined(word, value, depth)
    if word == "not":
        return Not(_condition(_mapping(word, value), depth + 1))
    if key.startswith("$"):
        raise _unknown(key, _JOINING, "the condition")
    name = _name(key)
    if not isinstance(value, Mapping):
        return _equal(name, value)
    if not value:
        raise InvalidFilter(f"the condition says nothing about {name}: write a value, or {{'gte': 2020}}")
    return _all([_test(name, operator, operand) for operator, operand in value.items()])


def _joined(word: str, value: Any, depth: int) -> Condition:
    if not isinstance(value, (list, tuple)) or not value:
        raise InvalidFilter(
            f"the condition has {word!r} with {_shown(value)}, expected a list of conditions; "
            f"a metadata key of that name is 'metadata.{word}'"
        )
    parts = tuple(_condition(_mapping(word, part), depth + 1) for part in value)
    return AllOf(parts) if word == "and" else AnyOf(parts)


def _mapping(word: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidFilter(
            f"the condition has {_shown(value)} in {word!r}, expected a dict such as {{'lang': 'en'}}; "
            f"a metadata key of that name is 'metadata.{word}'"
        )
    return value


def _test(name: Name, operator: Any, operand: Any) -> Condition:
    word = operator.removeprefix("$") if isinstance(operator, str) else operator
    if word in _COMPARING:
        return _comparison(name, word, operand)
    test = _TESTS.get(word) if isinstance(word, str) else None
    if test is None:
        raise _unknown(operator, (*_COMPARING, *_TESTS), f"the condition of {name}")
    return test(name, operand)


def _comparison(name: Name, word: str, operand: Any) -> Condition:
    if word == "eq":
        return _equal(name, operand)
    if word == "ne":
        return _negated(_equal(name, operand))
    literal = _literal(name, operand)
    if isinstance(literal, bool):
        raise InvalidFilter(f"the condition compares {name} with {literal} by {word!r}, which is not for booleans")
    return Comparison(name, _COMPARING[word], literal)


def _equal(name: Name, operand: Any) -> Condition:
    if operand is None:
        return IsNull(name)
    if isinstance(operand, (list, tuple, set, frozenset)):
        raise InvalidFilter(
            f"the condition compares {name} with a list: write {{'in': [...]}} for one of several values, "
            "{'contains': value} for a list that holds a value"
        )
    return Comparison(name, Operator.EQUAL, _literal(name, operand))


def _negated(condition: Condition) -> Condition:
    if isinstance(condition, Comparison):
        return Comparison(condition.name, Operator.DIFFERENT, condition.literal)
    return Not(condition)


def _in(name: Name, operand: Any) -> Condition:
    if isinstance(operand, (str, bytes, Mapping)) or not hasattr(operand, "__iter__"):
        raise InvalidFilter(f"the condition looks for {name} in {_shown(operand)}, expected a list of values")
    return OneOf(name, tuple(_literal(name, each) for each in operand))


def _exists(name: Name, operand: Any) -> Condition:
    if not isinstance(operand, bool):
        raise InvalidFilter(f"the condition has exists with {_shown(operand)} for {name}, expected True or False")
    return Not(IsNull(name)) if operand else IsNull(name)


def _like(name: Name, operand: Any, *, any_case: bool = False) -> Condition:
    if not is_storable(operand):
        raise InvalidFilter(f"the condition has the pattern {_shown(operand)} for {name}, expected a text like 'a%'")
    return like(name, operand.replace("\\", "\\\\"), any_case=any_case)


_TESTS: dict[str, Callable[[Name, Any], Condition]] = {
    "in": _in,
    "nin": lambda name, operand: Not(_in(name, operand)),
    "contains": lambda name, operand: Contains(name, _literal(name, operand)),
    "like": _like,
    "ilike": lambda name, operand: _like(name, operand, any_case=True),
    "exists": _exists,
}


def _literal(name: Name, value: Any) -> Literal:
    """A value in a type that a condition compares; decimal numbers as the nearest double, as in SQL."""
    try:
        plain = plain_value(str(name), value)
    except InvalidDocument as error:
        raise InvalidFilter(f"the condition compares with a value that metadata cannot hold: {error}") from None
    if isinstance(plain, (int, float, Decimal)) and not isinstance(plain, bool):
        return _number(name, plain)
    if isinstance(plain, (bool, str, date)):
        return plain
    raise InvalidFilter(f"the condition compares {name} with {_shown(value)}, expected a number, text, boolean or date")


def _number(name: Name, value: int | float | Decimal) -> int | float:
    """The number; an integer of more than 64 bits and a decimal number become the nearest double, as in SQL."""
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    try:
        number = value if isinstance(value, int) and -(2**63) <= value < 2**63 else float(value)
    except (OverflowError, ValueError):  # a signalling NaN, too
        number = nan
    if not isfinite(number):
        raise InvalidFilter(f"the condition compares {name} with {_shown(value)}, expected a finite number")
    return number


def _name(key: str) -> Name:
    """The name that a key is: dots lead into objects, unless the whole key is in double quotes."""
    if len(key) > 2 and key[0] == key[-1] == '"':
        return Name((key[1:-1],))
    return Name(tuple(key.split(".")))


def _all(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else AllOf(tuple(conditions))


def _unknown(operator: Any, known: tuple[str, ...], where: str) -> InvalidFilter:
    close = get_close_matches(str(operator).lower().removeprefix("$"), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return InvalidFilter(f"{where} has the operator {_shown(operator)}: {hint}the operators are {', '.join(known)}")


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"
