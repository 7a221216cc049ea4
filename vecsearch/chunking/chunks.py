"""Spans of a document → Chunks that know where they are: line, page, headings and place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from vecsearch.chunking.boundaries import Boundaries
from vecsearch.types import Chunk, Document, Heading, Place, Span

_NO_PLACE = Place(0, None, "")
_LONGEST_PATH = 1_000  # characters of titles above a chunk: every chunk below them stores them


def chunks_at(
    document: Document, spans: Iterable[Span], boundaries: Boundaries
) -> tuple[list[Chunk], list[tuple[str, ...]]]:
    """Return the chunks at these spans, which are in order, and for each one the titles above it, outermost first."""
    headings = _HeadingPath(document.outline.headings)
    chunks, paths = [], []
    for ordinal, (start, end) in enumerate(spans):
        place = _place_at(document.outline.places, start)
        paths.append(headings.at(start))
        chunks.append(
            Chunk(
                document_id=document.id,
                ordinal=ordinal,
                start=start,
                end=end,
                text=document.text[start:end],
                line=boundaries.line(start),
                page=place.page,
                heading=" > ".join(paths[-1]),
                place=place.label,
            )
        )
    return chunks, paths


def _place_at(places: Sequence[Place], position: int) -> Place:
    """Return the last place that starts at or before `position`; a blank one if there is none."""
    after = bisect_right(places, position, key=lambda place: place.start)
    return places[after - 1] if after else _NO_PLACE


class _HeadingPath:
    """The titles above a position, for positions in ascending order."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._remaining = list(reversed(headings))
        self._open: list[Heading] = []
        self._titles: tuple[str, ...] = ()

    def at(self, position: int) -> tuple[str, ...]:
        """Return the titles of the headings that the position is under, outermost first; of long ones the innermost."""
        while self._remaining and self._remaining[-1].start <= position:
            heading = self._remaining.pop()
            self._open = [above for above in self._open if above.level < heading.level]
            self._open.append(heading)
            self._titles = _innermost([above.title for above in self._open])
        return self._titles


def _innermost(titles: Sequence[str]) -> tuple[str, ...]:
    """Return the last of the titles, as many as are not too long together; a title that is too long alone is cut."""
    room = _LONGEST_PATH
    kept: list[str] = []
    for title in reversed(titles):
        if len(title) > room and kept:
            break
        kept.append(title[:room])
        room -= len(kept[-1])
    return tuple(reversed(kept))
