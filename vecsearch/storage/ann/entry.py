"""What a manifest records of an ANN index: plain values. Does not import faiss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

PQ4 = "pq4"  # product quantization, four bits a code: Jégou, Douze, Schmid 2011; André, Kermarrec, Le Scouarnec 2017


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnEntry:
    """The kind of an ANN index, and its calibration.

    `recall` is the lowest measured share of the nearest rows that was found, on average over `sample` queries.
    `parameters` maps a number of wanted rows, as text, to the number of candidates to find, which are then ranked by
    exact scores.
    """

    kind: str
    floor: float
    recall: float
    sample: int
    parameters: Mapping[str, int]

    def candidates(self, fetch: int) -> int | None:
        """How many candidates to find for `fetch` rows; None beyond what was measured: score every row.

        Between two measured numbers, the larger of their two ratios applies.
        """
        ratios = sorted((int(number), needed / int(number)) for number, needed in self.parameters.items())
        wanted = max(fetch, ratios[0][0])
        above = next((ratio for number, ratio in ratios if number >= wanted), None)
        below = [ratio for number, ratio in ratios if number <= wanted][-1]
        return None if above is None else ceil(wanted * max(above, below))


def parse_ann_entry(content: Any) -> AnnEntry:
    """Return the entry in decoded JSON; raises KeyError, TypeError or ValueError for an invalid one."""
    entry = AnnEntry(
        kind=_check("kind", content["kind"], str),
        floor=_share("floor", content["floor"]),
        recall=_share("recall", content["recall"]),
        sample=_positive("sample", content["sample"]),
        parameters=_parameters(_check("parameters", content["parameters"], dict)),
    )
    if entry.kind != PQ4:
        raise ValueError(f"AnnEntry.kind is {entry.kind!r}, expected {PQ4!r}")
    return entry


def _parameters(content: dict[str, Any]) -> dict[str, int]:
    if not content:
        raise ValueError("AnnEntry.parameters is empty")
    for number, needed in content.items():
        if not (number.isascii() and number.isdecimal() and len(number) < 10 and number[0] != "0"):
            raise ValueError(f"AnnEntry.parameters has {number!r}, expected a number of rows")
        if _positive(f"parameters[{number}]", needed) < int(number):
            raise ValueError(f"AnnEntry.parameters[{number}] is {needed}, expected at least {number}")
    return content


def _check(name: str, value: Any, expected: type) -> Any:
    if type(value) is not expected:
        raise TypeError(f"AnnEntry.{name} is {value!r}, expected {expected.__name__}")
    return value


def _positive(name: str, value: Any) -> int:
    number: int = _check(name, value, int)
    if number < 1:
        raise ValueError(f"AnnEntry.{name} is {number}, expected at least 1")
    return number


def _share(name: str, value: Any) -> float:
    share: float = _check(name, value, float)
    if not 0 < share <= 1:
        raise ValueError(f"AnnEntry.{name} is {share}, expected more than 0 and at most 1")
    return share
