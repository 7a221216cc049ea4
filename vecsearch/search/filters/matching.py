"""A condition on the rows of one table: a mask, made by Arrow over whole columns, in SQL's three-valued logic."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vecsearch.search.filters.comparing import among, compared, like
from vecsearch.search.filters.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Contains,
    Holds,
    IsNull,
    Like,
    Name,
    Not,
    OneOf,
)
from vecsearch.search.filters.tree import Operator as Op
from vecsearch.search.filters.values import Column, as_mask
from vecsearch.types import BoolArray


def matching(condition: Condition, columns: Mapping[Name, Column]) -> BoolArray:
    """Where the condition is true, bool (n,); neither where it is false nor where it is unknown."""
    return as_mask(_truth(condition, columns))


def _truth(condition: Condition, columns: Mapping[Name, Column]) -> Any:
    """Arrow booleans (n,), null where it is unknown."""
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


def _test(test: Comparison | OneOf | Like | Contains, column: Column) -> Any:
    """Arrow booleans (m,), for each value of the column."""
    values = column.values
    match test:
        case Comparison():
            return compared(values, test.operator, test.literal)
        case OneOf():
            return among(values, test.literals)
        case Like():
            return like(values, test.pattern, any_case=test.any_case)
        case Contains():
            lists = values.lists
            if lists is None:
                return pa.nulls(values.size, pa.bool_())
            return lists.holding(compared(lists.elements, Op.EQUAL, test.literal))
