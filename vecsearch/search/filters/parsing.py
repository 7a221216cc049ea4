"""Parse a condition in SQL into a tree; what a filter cannot evaluate is refused, with its position.

sqlglot parses the whole language; `_condition` and the functions it calls accept the few forms that filters support.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError

from vecsearch.checks import is_storable
from vecsearch.errors import InvalidFilter
from vecsearch.search.filters.literals import bare, cut, literal_of, name_of, only, ordered_of, pattern_of, shown, unfit
from vecsearch.search.filters.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Contains,
    Holds,
    IsNull,
    Leaf,
    Not,
    OneOf,
    Operator,
    like,
)

_OPERATORS = {
    exp.EQ: Operator.EQUAL,
    exp.NEQ: Operator.DIFFERENT,
    exp.LT: Operator.LESS,
    exp.LTE: Operator.AT_MOST,
    exp.GT: Operator.MORE,
    exp.GTE: Operator.AT_LEAST,
}
_NAMES = (exp.Column, exp.Dot)  # a Dot where there are more than four parts
_LONGEST = 1_000_000  # characters of a condition, some 100,000 values
_DEEPEST = 40  # nested parentheses; the parser recurses a dozen calls for each


def parse(where: str) -> Condition:
    """Return the tree of a condition; raises InvalidFilter for one that cannot be parsed or evaluated."""
    if not is_storable(where):
        raise InvalidFilter(
            "a condition is a text such as \"year >= 2020 AND lang = 'en'\" or a dict such as "
            f"{{'lang': 'en', 'year': {{'gte': 2020}}}}, not {cut(repr(where))}"
        )
    if len(where) > _LONGEST:
        raise InvalidFilter(
            f"the condition has {len(where):,} characters, expected at most {_LONGEST:,}: "
            "give a dict such as {'id': {'in': [...]}} for many values"
        )
    if not where.strip():
        raise InvalidFilter("the condition is empty: write one, or leave it out")
    try:
        return _condition(_read(where))
    except RecursionError:
        raise InvalidFilter("the condition is nested too deeply: write it with fewer NOTs and parentheses") from None


def _read(where: str) -> Any:
    """The expression that sqlglot parses, checked to be all that the text holds: no second one, no comment."""
    dialect = Dialect.get_or_raise(None)
    try:
        tokens = dialect.tokenize(where)
        _check_tokens(tokens)
        parser = dialect.parser(error_message_context=len(where))  # so that an error has its position
        expressions = parser.parse_into(exp.Condition, tokens, where)
    except TokenError:
        raise InvalidFilter(f"the condition cannot be parsed: {cut(where, end=True)}: a quote never closes") from None
    except ParseError as error:
        details = error.errors[0]
        read, unread = details.get("start_context") or "", details.get("highlight") or "its end"
        raise InvalidFilter(
            f"the condition cannot be parsed at character {len(read) + 1}, {cut(unread)}: "
            "write \"...\" around names that are not plain words and '...' around texts"
        ) from None
    if not expressions or expressions[0] is None:  # a text that begins with ELSE, or a + alone
        raise InvalidFilter(f"the condition cannot be parsed: {cut(where)}")
    return expressions[0]


def _check_tokens(tokens: Iterable[Any]) -> None:
    depth = 0
    for token in tokens:
        if token.comments:
            raise InvalidFilter(f"the condition holds a comment, {cut(token.comments[0])}: leave it out")
        kind = token.token_type.name
        if kind == "SEMICOLON":
            raise InvalidFilter(f"the condition has a ; at character {token.start + 1}: write a single condition")
        depth += (kind == "L_PAREN") - (kind == "R_PAREN")
        if depth > _DEEPEST:
            raise InvalidFilter(f"the condition has more than {_DEEPEST} nested parentheses: simplify it")


def _condition(node: Any) -> Condition:
    kind = type(node)
    if kind is exp.Paren:
        return _condition(bare(node))
    if kind is exp.Not:
        return Not(_condition(only(node, "this").this))
    if kind is exp.And:
        return AllOf(tuple(map(_condition, _joined(node, kind))))
    if kind is exp.Or:
        return AnyOf(tuple(map(_condition, _joined(node, kind))))
    if kind in _OPERATORS:
        return _comparison(only(node, "this", "expression"), _OPERATORS[kind])
    if kind is exp.Is:
        return _is(only(node, "this", "expression"))
    if kind in _NAMES:
        return Comparison(name_of(node), Operator.EQUAL, True)
    if kind is exp.Between:
        return _between(only(node, "this", "low", "high"))
    return _test(node)


def _test(node: Any) -> Condition:
    kind = type(node)
    if kind is exp.In:
        only(node, "this", "expressions")
        if not node.expressions:
            raise unfit(node, "IN needs values to choose from")
        return OneOf(name_of(node.this), tuple(map(literal_of, node.expressions)))
    if kind is exp.ArrayContains:
        only(node, "this", "expression")
        return Contains(name_of(node.this), literal_of(node.expression))
    if kind is exp.Escape:
        return _like(only(node, "this", "expression").this, node.expression)
    if kind in (exp.Like, exp.ILike):
        return _like(node, None)
    raise unfit(node)


def _joined(node: Any, kind: type[Any]) -> list[Any]:
    """The operands of a chain of ANDs, or of ORs, in order; a loop, because a chain may be too long to recurse."""
    parts: list[Any] = []
    while isinstance(node, kind):
        only(node, "this", "expression")
        parts.append(node.expression)
        node = node.this
    return [node, *reversed(parts)]


def _comparison(node: Any, operator: Operator) -> Leaf:
    left, right = bare(node.this), bare(node.expression)
    if exp.Any in (type(left), type(right)):
        return _any(node, operator, *((left, right) if type(left) is exp.Any else (right, left)))
    if type(left) in _NAMES and type(right) in _NAMES:
        names = f"{shown(left)} with {shown(right)}"
        raise InvalidFilter(f"the condition compares {names}, two names; a text is written in single quotes: '...'")
    if type(right) in _NAMES or type(left) is exp.Literal:
        left, right, operator = right, left, operator.mirrored
    exact = operator in (Operator.EQUAL, Operator.DIFFERENT)
    return Comparison(name_of(left), operator, literal_of(right) if exact else ordered_of(right))


def _any(node: Any, operator: Operator, any_of: Any, other: Any) -> Contains:
    if operator is not Operator.EQUAL:
        raise unfit(node, "ANY goes with = only, as in 'x' = ANY(tags)")
    return Contains(name_of(only(any_of, "this").this), literal_of(other))


def _between(node: Any) -> AllOf:
    name = name_of(node.this)
    low, high = ordered_of(node.args["low"]), ordered_of(node.args["high"])
    return AllOf((Comparison(name, Operator.AT_LEAST, low), Comparison(name, Operator.AT_MOST, high)))


def _is(node: Any) -> Condition:
    """`IS NULL`, or `IS TRUE` and `IS FALSE`, which are never unknown."""
    name = name_of(node.this)
    if type(node.expression) is exp.Null:
        return IsNull(name)
    if type(node.expression) is exp.Boolean:
        return Holds(Comparison(name, Operator.EQUAL, bool(node.expression.this)))
    raise unfit(node, "IS goes with NULL, TRUE and FALSE")


def _like(node: Any, escape: Any) -> Condition:
    if type(node) not in (exp.Like, exp.ILike):
        raise unfit(node)
    only(node, "this", "expression", "negate")
    test = like(name_of(node.this), pattern_of(node.expression, escape), any_case=type(node) is exp.ILike)
    return Not(test) if node.args.get("negate") else test
