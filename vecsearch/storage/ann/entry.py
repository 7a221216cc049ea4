"""What is known of an approximate structure beside its file: plain values, as a manifest keeps them. No faiss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

PQ4 = "pq4"  # product quantization, four bits a code: Jégou, Douze, Schmid 2011; André, Kermarrec, Le Scouarnec 2017


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnEntry:
    """An approximate structure: what it is, and what was measured when it was made.

    `recall` is the share of the nearest rows that was found, on average over `sample` queries, where it was lowest.
    `parameters` says for some numbers of rows asked for, written as text, how many the structure has to find, from
    which the best are then taken by exact scores.
    """

    kind: str
    floor: float
    recall: float
    sample: int
    parameters: Mapping[str, int]

    def candidates(self, fetch: int) -> int | None:
        """How many rows to find when `fetch` are asked for; None where nothing was measured: score them all.

        Between two numbers that were measured, so many times `fetch` as at that of the two which needs more.
        """
        measured = sorted((int(number), found / int(number)) for number, found in self.parameters.items())
        asked = max(fetch, measured[0][0])
        above = next((times for number, times in measured if number >= asked), None)
        below = [times for number, times in measured if number <= asked][-1]
        return None if above is None else ceil(asked * max(above, below))


def ann_entry(content: Any) -> AnnEntry:
    """The entry that decoded JSON says; raises KeyError, TypeError or ValueError for one that was never written."""
    entry = AnnEntry(
        kind=_checked("kind", content["kind"], str),
        floor=_share("floor", content["floor"]),
        recall=_share("recall", content["recall"]),
        sample=_positive("sample", content["sample"]),
        parameters=_parameters(_checked("parameters", content["parameters"], dict)),
    )
    if entry.kind != PQ4:
        raise ValueError(f"AnnEntry.kind is {entry.kind!r}, expected {PQ4!r}")
    return entry


def _parameters(content: dict[str, Any]) -> dict[str, int]:
    if not content:
        raise ValueError("AnnEntry.parameters is empty")
    for number, found in content.items():
        if not (number.isascii() and number.isdecimal() and len(number) < 10 and number[0] != "0"):
            raise ValueError(f"AnnEntry.parameters has {number!r}, expected a number of rows")
        if _positive(f"parameters[{number}]", found) < int(number):
            raise ValueError(f"AnnEntry.parameters[{number}] is {found}, expected at least {number}")
    return content


def _checked(name: str, value: Any, expected: type) -> Any:
    if type(value) is not expected:
        raise TypeError(f"AnnEntry.{name} is {value!r}, expected {expected.__name__}")
    return value


def _positive(name: str, value: Any) -> int:
    number: int = _checked(name, value, int)
    if number < 1:
        raise ValueError(f"AnnEntry.{name} is {number}, expected at least 1")
    return number


def _share(name: str, value: Any) -> float:
    share: float = _checked(name, value, float)
    if not 0 < share <= 1:
        raise ValueError(f"AnnEntry.{name} is {share}, expected more than 0 and at most 1")
    return share
