"""The leaves of a condition: names, values and patterns."""

from __future__ import annotations

import re
from math import inf
from typing import Any

from sqlglot import exp

from vecsearch.errors import InvalidFilter
from vecsearch.search.filters.moments import moment
from vecsearch.search.filters.nodes import bare, cut, only, unfit
from vecsearch.search.filters.tree import Literal, Name

_INT64_DIGITS = 19


def name_of(node: Any) -> Name:
    """The name that the node is; raises InvalidFilter."""
    node = bare(node)
    if type(node) not in (exp.Column, exp.Dot):
        raise unfit(node, "a comparison has a name on one side and a value on the other")
    parts = [only(part, "this", "quoted").this for part in node.parts if type(part) is exp.Identifier]
    if len(parts) != len(node.parts):
        raise unfit(node)
    return Name(tuple(parts))


def literal_of(node: Any) -> Literal:
    """The value that the node is; raises InvalidFilter."""
    node = bare(node)
    match type(node).__name__:
        case "Literal":
            return text_of(node) if node.is_string else _number(node.this)
        case "Boolean":
            return bool(node.this)
        case "Neg" if type(node.this) is exp.Literal and not node.this.is_string:
            return -_number(node.this.this)
        case "Cast":
            return _moment(node)
        case "Null":
            raise InvalidFilter("the condition compares with NULL, which is never true: write IS NULL or IS NOT NULL")
        case _:
            raise unfit(node, "a value is 2020, 0.5, 'text', TRUE, DATE '2024-01-31' or TIMESTAMP '2024-01-31 12:00'")


def ordered_of(node: Any) -> Literal:
    """The value that the node is, one that has smaller and larger ones; raises InvalidFilter."""
    literal = literal_of(node)
    if isinstance(literal, bool):
        raise unfit(node, "TRUE and FALSE go with = and <> only")
    return literal


def text_of(node: Any) -> str:
    """The text in single quotes that the node is; raises InvalidFilter."""
    if type(node) is not exp.Literal or not node.is_string:
        raise unfit(node, "a text in single quotes is expected here")
    return str(node.this)


def pattern_of(node: Any, escape: Any) -> str:
    """The pattern with backslashes for what `escape` is; raises InvalidFilter.

    Without ESCAPE, SQL has no way to take their meaning from % and _, and a backslash is a backslash.
    """
    pattern = text_of(node)
    if escape is None:
        return pattern.replace("\\", "\\\\")
    sign = text_of(escape)
    if len(sign) != 1:
        raise InvalidFilter(f"ESCAPE is {sign!r}, expected one character")
    pieces = re.findall(rf"{re.escape(sign)}.?|.", pattern, re.S)
    return "".join(_unescaped(piece, sign, pattern) for piece in pieces)


def _unescaped(piece: str, sign: str, pattern: str) -> str:
    if piece[0] != sign:
        return "\\\\" if piece == "\\" else piece
    if piece[1:] not in ("%", "_", sign):
        raise InvalidFilter(f"the pattern {pattern!r} has {sign} in front of what is neither %, _ nor {sign}")
    return "\\" + piece[1:] if piece[1:] in "%_\\" else piece[1:]


def _number(text: str) -> int | float:
    """The number; an integer of more than 64 bits is the nearest double, as it is among the values of a key."""
    try:
        number = int(text) if text.isdecimal() and len(text) <= _INT64_DIGITS else float(text)
    except ValueError:
        raise InvalidFilter(f"the condition has the number {cut(text)}, which cannot be read") from None
    if number == inf:
        raise InvalidFilter(f"the condition has the number {cut(text)}, larger than any value")
    return number if number < 2**63 else float(number)


def _moment(node: Any) -> Literal:
    text, kind = text_of(node.this), str(node.args["to"].this.name)
    if kind != "DATE" and not kind.startswith("TIMESTAMP"):
        raise unfit(node)
    found = moment(text)
    if found is None or (kind == "DATE" and len(text) > len("2024-01-31")):
        form = "DATE '2024-01-31'" if kind == "DATE" else "TIMESTAMP '2024-01-31 12:00:00'"
        raise InvalidFilter(f"the condition has {kind} {text!r}, expected the form {form}")
    return found
