"""Values and a literal to true, false or unknown, with Arrow's kernels; what is of another type is unknown.

Numbers are compared exactly: an integer with a double as the numbers that they are, not as the doubles next to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from math import ceil, floor
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.search.filters.moments import days, microseconds, moment
from vecsearch.search.filters.tree import Literal, Operator
from vecsearch.search.filters.values import Kind, Values, View

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
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1  # integers of fewer bits are widened where columns are taken apart
_DAY = microseconds(date(1970, 1, 2))


def comparable(kind: Kind, literal: Literal) -> bool:
    """Whether values of this type can be compared with the literal: a text with a date too, when it says one."""
    if isinstance(literal, bool):
        return kind is Kind.BOOLEAN
    if isinstance(literal, (int, float)):
        return kind is Kind.NUMBER
    if isinstance(literal, str):
        return kind is Kind.TEXT or (kind in (Kind.DATE, Kind.TIME) and moment(literal) is not None)
    return kind in (Kind.DATE, Kind.TIME)


def compared(values: Values, operator: Operator, literal: Literal) -> Any:
    """Arrow booleans (m,): how each value compares with the literal."""
    views = [view for view in values.views if comparable(view.kind, literal)]
    return _together(values.size, [_compared(view, operator, literal) for view in views])


def among(values: Values, literals: Sequence[Literal]) -> Any:
    """Arrow booleans (m,): whether each value is one of the literals of its type; null when none is of its type."""
    results = []
    for view in values.views:
        if fitting := [literal for literal in literals if comparable(view.kind, literal)]:
            results.append(_among(view, fitting))
    return _together(values.size, results)


def like(values: Values, pattern: str, *, any_case: bool) -> Any:
    """Arrow booleans (m,): whether each text is like the pattern, in which a backslash escapes."""
    texts = [view.array for view in values.views if view.kind is Kind.TEXT]
    return _together(values.size, [pc.match_like(array, pattern, ignore_case=any_case) for array in texts])


def _together(size: int, results: Sequence[Any]) -> Any:
    """Results that are null where they do not apply, in one."""
    if not results:
        return pa.nulls(size, pa.bool_())
    return results[0] if len(results) == 1 else pc.coalesce(*results)


def _compared(view: View, operator: Operator, literal: Literal) -> Any:
    found = _bound(view.array.type, operator, literal)
    if isinstance(found, bool):
        return pc.if_else(pc.is_valid(view.array), found, None)
    operator, value = found
    return _KERNELS[operator](view.array, pa.scalar(value, view.array.type))


def _among(view: View, literals: Sequence[Literal]) -> Any:
    """`is_in` says false for null, and tells -0.0 from 0.0."""
    bounds = [_bound(view.array.type, Operator.EQUAL, literal) for literal in literals]
    wanted = [bound[1] for bound in bounds if not isinstance(bound, bool)]
    wanted += [0.0, -0.0] if pa.types.is_floating(view.array.type) and 0.0 in wanted else []
    found = pc.is_in(view.array, value_set=pa.array(wanted, view.array.type))
    return pc.if_else(pc.is_valid(view.array), found, None)


def _bound(kind: pa.DataType, operator: Operator, literal: Literal) -> tuple[Operator, Any] | bool:
    """The same comparison with a value that the type has; or what it gives for each of its values."""
    if isinstance(literal, (str, date)) and kind != pa.string():
        return _moment_bound(kind, operator, literal)
    if pa.types.is_integer(kind):
        return _integer_bound(operator, literal)
    if pa.types.is_floating(kind):
        return _double_bound(operator, literal)
    return operator, literal


def _moment_bound(kind: pa.DataType, operator: Operator, literal: Any) -> tuple[Operator, Any] | bool:
    """A date is the midnight that it begins with; among dates, a time within a day lies behind its date."""
    value: Any = moment(literal) if isinstance(literal, str) else literal
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
    """The comparison with a value that the type does not have, which has no others between `below` and `above`."""
    if operator in _BELOW:
        return (Operator.LESS, above) if below is None else (Operator.AT_MOST, below)
    if operator in _ABOVE:
        return (Operator.MORE, below) if above is None else (Operator.AT_LEAST, above)
    return operator is Operator.DIFFERENT
