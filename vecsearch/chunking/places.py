"""Where in its document a chunk stands: under which headings, on which page."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from vecsearch.types import Heading, Place

_NOWHERE = Place(0, None, "")


def place_at(places: Sequence[Place], position: int) -> Place:
    """The last of the places that starts at or before `position`; one that says nothing when there is none."""
    after = bisect_right(places, position, key=lambda place: place.start)
    return places[after - 1] if after else _NOWHERE


class HeadingPath:
    """The titles above a position, outermost first, asked for in ascending order."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._coming = list(reversed(headings))
        self._open: list[Heading] = []

    def at(self, position: int) -> tuple[str, ...]:
        """The titles of the headings that are open there."""
        while self._coming and self._coming[-1].start <= position:
            heading = self._coming.pop()
            self._open = [above for above in self._open if above.level < heading.level]
            self._open.append(heading)
        return tuple(heading.title for heading in self._open)
