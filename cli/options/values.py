"""Types of values that click does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    _WeightedType = click.ParamType[tuple[str, float]]
    _CountType = click.ParamType[int | str]
    _NumbersType = click.ParamType[list[int]]
else:
    _WeightedType = _CountType = _NumbersType = click.ParamType


class Weighted(_WeightedType):
    """A text or id that may end in ^ and its weight, such as "woman^0.5"."""

    name = "weighted"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        """Return the text or id, and the weight; fails when the weight is not a number."""
        text, mark, weight = str(value).rpartition("^")
        if not mark:
            return str(value), 1.0
        try:
            return text, float(weight)
        except ValueError:
            self.fail(f"{value!r} ends in ^{weight}, expected a number, as in woman^0.5", param, ctx)


class CountOrAuto(_CountType):
    """A whole number, or "auto"."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Return the number or "auto"; fails for anything else."""
        try:
            return value if value == "auto" else int(value)
        except ValueError:
            self.fail(f"{value!r} is not a whole number or auto", param, ctx)


class WholeNumbers(_NumbersType):
    """Whole numbers with commas between them."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Return the numbers; fails for anything else."""
        try:
            return [int(number) for number in str(value).split(",")]
        except ValueError:
            self.fail(f"{value!r} is not a list of whole numbers, such as 64,128,256", param, ctx)
