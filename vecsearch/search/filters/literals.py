"""Read names, values and patterns from the nodes that sqlglot parses, and refuse what a filter cannot evaluate.

Each form is checked against all that it may hold, so that what a later sqlglot adds to a node is refused rather than
ignored.
"""

from __future__ import annotations

import re
from math import inf
from typing import Any

from sqlglot import exp

from vecsearch.errors import InvalidFilter
from vecsearch.search.filters.tree import Literal, Name, parse_moment

_INT64_DIGITS = 19
_SHOWN = 60  # characters of a condition in a message
_FORMS = "a filter supports =, <>, <, <=, >, >=, IN, BETWEEN, LIKE, ILIKE, IS NULL, 'x' = ANY(list), AND, OR and NOT"


def name_of(node: Any) -> Name:
    """Return the name that a node is; raises InvalidFilter."""
    node = bare(node)
    if type(node) not in (exp.Column, exp.Dot):
        raise unfit(node, "a comparison has a name on one side and a value on the other")
    parts = [only(part, "this", "quoted").this for part in node.parts if type(part) is exp.Identifier]
    if len(parts) != len(node.parts):
        raise unfit(node)
    return Name(tuple(parts))


def literal_of(node: Any) -> Literal:
    """Return the value that a node is; raises InvalidFilter."""
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
    """Return the value that a node is, of a type that is ordered; raises InvalidFilter."""
    literal = literal_of(node)
    if isinstance(literal, bool):
        raise unfit(node, "TRUE and FALSE go with = and <> only")
    return literal


def text_of(node: Any) -> str:
    """Return the text in single quotes that a node is; raises InvalidFilter."""
    if type(node) is not exp.Literal or not node.is_string:
        raise unfit(node, "a text in single quotes is expected here")
    return str(node.this)


def pattern_of(node: Any, escape: Any) -> str:
    """Return the pattern with a backslash as its escape character instead of `escape`; raises InvalidFilter.

    Without ESCAPE, SQL cannot escape % and _, and a backslash is an ordinary character.
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
    """The number; an integer of more than 64 bits becomes the nearest double, as in the values of a key."""
    try:
        number = int(text) if text.isdecimal() and len(text) <= _INT64_DIGITS else float(text)
    except ValueError:
        raise InvalidFilter(f"the condition has the number {cut(text)}, which cannot be parsed") from None
    if number == inf:
        raise InvalidFilter(f"the condition has the number {cut(text)}, larger than any value")
    return number if number < 2**63 else float(number)


def _moment(node: Any) -> Literal:
    text, kind = text_of(node.this), str(node.args["to"].this.name)
    if kind != "DATE" and not kind.startswith("TIMESTAMP"):
        raise unfit(node)
    value = parse_moment(text)
    if value is None or (kind == "DATE" and len(text) > len("2024-01-31")):
        form = "DATE '2024-01-31'" if kind == "DATE" else "TIMESTAMP '2024-01-31 12:00:00'"
        raise InvalidFilter(f"the condition has {kind} {text!r}, expected the form {form}")
    return value


def only(node: Any, *names: str) -> Any:
    """Return the node, checked to hold nothing but these parts; raises InvalidFilter."""
    if any(value for name, value in node.args.items() if name not in names):
        raise unfit(node)
    return node


def bare(node: Any) -> Any:
    """Return the node without parentheses around it."""
    while type(node) is exp.Paren:
        node = only(node, "this").this
    return node


def unfit(node: Any, why: str = _FORMS) -> InvalidFilter:
    """Return the error for a node that a filter cannot evaluate."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    position = f" at character {min(starts) + 1}" if starts else ""
    return InvalidFilter(f"the condition has {shown(node)}{position}: {why}")


def shown(node: Any) -> str:
    """Return the node as SQL, cut to what fits in a message."""
    return cut(node.sql(comments=False))


def cut(text: str, *, end: bool = False) -> str:
    """Return the beginning of a text, or its end, in one line."""
    line = " ".join(text.split())
    if len(line) <= _SHOWN:
        return line
    return f"… {line[-_SHOWN:]}" if end else f"{line[:_SHOWN]} …"
