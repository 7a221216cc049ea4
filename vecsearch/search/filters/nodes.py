"""What the tree that sqlglot makes has in it: bare nodes, known parts, and the message for what a filter cannot answer.

A form is named with all that may be in it, so that what a later sqlglot adds to one is refused and never passed over.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from vecsearch.errors import InvalidFilter

_SHOWN = 60  # characters of a condition in a message
_FORMS = "a filter knows =, <>, <, <=, >, >=, IN, BETWEEN, LIKE, ILIKE, IS NULL, 'x' = ANY(list), AND, OR and NOT"


def only(node: Any, *names: str) -> Any:
    """The node, which holds nothing but these parts; raises InvalidFilter."""
    if any(value for name, value in node.args.items() if name not in names):
        raise unfit(node)
    return node


def bare(node: Any) -> Any:
    """The node without parentheses around it."""
    while type(node) is exp.Paren:
        node = only(node, "this").this
    return node


def unfit(node: Any, why: str = _FORMS) -> InvalidFilter:
    """The error for a node that is not one of ours."""
    starts = [found.meta["start"] for found in node.walk() if "start" in found.meta]
    place = f" at character {min(starts) + 1}" if starts else ""
    return InvalidFilter(f"the condition has {shown(node)}{place}: {why}")


def shown(node: Any) -> str:
    """The node as SQL, as much of it as a message takes."""
    return cut(node.sql(comments=False))


def cut(text: str, *, end: bool = False) -> str:
    """The beginning of the text, or its end, in one line."""
    line = " ".join(text.split())
    if len(line) <= _SHOWN:
        return line
    return f"… {line[-_SHOWN:]}" if end else f"{line[:_SHOWN]} …"
