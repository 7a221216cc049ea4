"""Match a condition against the rows of one table: a mask, by Arrow's kernels over whole columns.

Logic is SQL's, with three values: comparing with a value of another type, or with none, is unknown, which Arrow has as
null. Numbers are compared exactly: an integer and a double as the numbers that they are, not as nearby doubles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from math import ceil, floor
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.search.filters.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Contains,
    Holds,
    IsNull,
    Like,
    Literal,
    Name,
    Not,
    OneOf,
    Operator,
    parse_moment,
)
from vecsearch.search.filters.values import Column, Kind, Values, View, as_mask, days, microseconds, moments
from vecsearch.types import BoolArray

_KERNELS: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQUAL: pc.equal,
    Operator.DIFFERENT: pc.not_equal,
    Operator.LESS: pc.less,
    Operator.AT_MOST: pc.less_equal,
    Operator.MORE: pc.greater,
    Operator.AT_LEAST: pc.greater_equal,
}
_BELOW = (Operator.LESS, Operator.AT_MOST)
_ABOVE = (Operator.MORE, Operator.AT_LEAST)
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1  # columns of narrower integers are widened when decoded
_DAY = microseconds(date(1970, 1, 2))


def matching(condition: Condition, columns: Mapping[Name, Column]) -> BoolArray:
    """Return the chunks for which the condition is true, bool (n,); not those where it is false or unknown.

    It is evaluated for each document, and spread over their chunks, where all of the columns are of documents.
    """
    documents = [column.documents for column in columns.values()]
    if documents and documents[0] and all(documents):
        spread: BoolArray = documents[0].over_rows(as_mask(_truth(condition, columns)))
        return spread
    return as_mask(_truth(condition, {name: column.of_chunks() for name, column in columns.items()}))


def _truth(condition: Condition, columns: Mapping[Name, Column]) -> Any:
    """Arrow booleans (n,), null where the condition is unknown."""
    match condition:
        case Not():
            return pc.invert(_truth(condition.condition, columns))
        case Holds():
            return pc.fill_null(_truth(condition.condition, columns), False)
        case AllOf():
            return reduce(pc.and_kleene, (_truth(part, columns) for part in condition.conditions))
        case AnyOf():
            return reduce(pc.or_kleene, (_truth(part, columns) for part in condition.conditions))
        case IsNull():
            column = columns[condition.name]
            return pc.invert(pc.fill_null(column.spread(column.values.present()), False))
    column = columns[condition.name]
    return column.spread(_test(condition, column))


def _test(leaf: Comparison | OneOf | Like | Contains, column: Column) -> Any:
    """Arrow booleans (m,), one for each value of the column."""
    values = column.values
    match leaf:
        case Comparison():
            return compare(values, leaf.operator, leaf.literal)
        case OneOf():
            return _among_literals(values, leaf.literals)
        case Like():
            return _like(values, leaf.pattern, any_case=leaf.any_case)
        case Contains():
            lists = values.lists
            if lists is None:
                return pa.nulls(values.size, pa.bool_())
            return lists.holding(compare(lists.elements, Operator.EQUAL, leaf.literal))


def comparable(kind: Kind, literal: Literal) -> bool:
    """Return whether values of this type can be compared with a literal.

    Dates can be with a text that is a date, and texts with a date, as far as they are dates.
    """
    if isinstance(literal, bool):
        return kind is Kind.BOOLEAN
    if isinstance(literal, (int, float)):
        return kind is Kind.NUMBER
    if isinstance(literal, str):
        return kind is Kind.TEXT or (kind in (Kind.DATE, Kind.TIME) and parse_moment(literal) is not None)
    return kind in (Kind.DATE, Kind.TIME, Kind.TEXT)


def fitting(values: Values, literal: Literal) -> list[View]:
    """Return the values that a literal can be compared with; for a date, the dates among texts as times."""
    views = [view for view in values.views if comparable(view.kind, literal)]
    if not isinstance(literal, date):
        return views
    return [View(Kind.TIME, moments(view.array)) if view.kind is Kind.TEXT else view for view in views]


def compare(values: Values, operator: Operator, literal: Literal) -> Any:
    """Return whether each value compares so with the literal: Arrow booleans (m,)."""
    return _coalesced(values.size, [_compared(view, operator, literal) for view in fitting(values, literal)])


def _among_literals(values: Values, literals: Sequence[Literal]) -> Any:
    """Whether each value is one of the literals: Arrow booleans (m,), null where no literal has the value's type.

    No value is one of no literals.
    """
    if not literals:
        return pc.if_else(values.present(), False, None)
    results = []
    for view in values.views:
        written = [each for each in literals if view.kind is not Kind.TEXT or isinstance(each, str)]
        if wanted := [literal for literal in written if comparable(view.kind, literal)]:
            results.append(_among(view, wanted))
        if view.kind is Kind.TEXT and (dates := [literal for literal in literals if isinstance(literal, date)]):
            results.append(_among(View(Kind.TIME, moments(view.array)), dates))
    return reduce(_either, results) if results else pa.nulls(values.size, pa.bool_())


def _either(one: Any, other: Any) -> Any:
    """Whether one of two results is true; null only where both are."""
    return pc.if_else(pc.is_null(one), other, pc.if_else(pc.is_null(other), one, pc.or_(one, other)))


def _like(values: Values, pattern: str, *, any_case: bool) -> Any:
    """Whether each text is like the pattern, in which a backslash escapes: Arrow booleans (m,)."""
    texts = [view.array for view in values.views if view.kind is Kind.TEXT]
    return _coalesced(values.size, [pc.match_like(array, pattern, ignore_case=any_case) for array in texts])


def _coalesced(size: int, results: Sequence[Any]) -> Any:
    """One result of several that are null where they do not apply."""
    if not results:
        return pa.nulls(size, pa.bool_())
    return results[0] if len(results) == 1 else pc.coalesce(*results)


def _compared(view: View, operator: Operator, literal: Literal) -> Any:
    bound = _bound(view.array.type, operator, literal)
    if isinstance(bound, bool):
        return pc.if_else(pc.is_valid(view.array), bound, None)
    operator, value = bound
    return _KERNELS[operator](view.array, pa.scalar(value, view.array.type))


def _among(view: View, literals: Sequence[Literal]) -> Any:
    """By `is_in`, which gives false for null and distinguishes -0.0 from 0.0."""
    bounds = [_bound(view.array.type, Operator.EQUAL, literal) for literal in literals]
    wanted = [bound[1] for bound in bounds if not isinstance(bound, bool)]
    wanted += [0.0, -0.0] if pa.types.is_floating(view.array.type) and 0.0 in wanted else []
    is_in = pc.is_in(view.array, value_set=pa.array(wanted, view.array.type))
    return pc.if_else(pc.is_valid(view.array), is_in, None)


def _bound(kind: pa.DataType, operator: Operator, literal: Literal) -> tuple[Operator, Any] | bool:
    """The same comparison with a value of the column's type; or its result, when equal for all values of the type."""
    if isinstance(literal, (str, date)) and kind != pa.string():
        return _moment_bound(kind, operator, literal)
    if pa.types.is_integer(kind):
        return _integer_bound(operator, literal)
    if pa.types.is_floating(kind):
        return _double_bound(operator, literal)
    return operator, literal


def _moment_bound(kind: pa.DataType, operator: Operator, literal: Any) -> tuple[Operator, Any] | bool:
    """A date is the midnight at which it begins, so that a time within a day lies after its date."""
    value: Any = parse_moment(literal) if isinstance(literal, str) else literal
    if not pa.types.is_date(kind):
        return operator, microseconds(value)
    if not isinstance(value, datetime):
        return operator, days(value)
    day, rest = divmod(microseconds(value), _DAY)
    return (operator, day) if not rest else _between(operator, day, day + 1)


def _integer_bound(operator: Operator, literal: Any) -> tuple[Operator, Any] | bool:
    below, above = floor(literal), ceil(literal)
    if above < _INT64_MIN or below > _INT64_MAX:
        return operator is Operator.DIFFERENT or operator in (_ABOVE if literal < 0 else _BELOW)
    return (operator, below) if below == above else _between(operator, below, above)


def _double_bound(operator: Operator, literal: Any) -> tuple[Operator, Any] | bool:
    nearest = float(literal)
    if nearest == literal:
        return operator, nearest
    return _between(operator, None, nearest) if nearest > literal else _between(operator, nearest, None)


def _between(operator: Operator, below: Any, above: Any) -> tuple[Operator, Any] | bool:
    """The comparison with a value that the type lacks; `below` and `above` are its neighbours in the type."""
    if operator in _BELOW:
        return (Operator.LESS, above) if below is None else (Operator.AT_MOST, below)
    if operator in _ABOVE:
        return (Operator.MORE, below) if above is None else (Operator.AT_LEAST, above)
    return operator is Operator.DIFFERENT
