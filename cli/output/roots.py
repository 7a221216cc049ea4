"""The roots of an index: where they are, what they hold, and the flags that they were indexed with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from . import View
from .flags import flags_of
from .text import plural, shown_path

if TYPE_CHECKING:
    from vecsearch.reports import Root


@dataclass(frozen=True)
class RootsView(View):
    """What an index follows."""

    roots: Sequence[Root]

    def fields(self) -> dict[str, Any]:
        """Return all facts."""
        return {"roots": [asdict(root) for root in self.roots]}

    def lines(self) -> Iterator[str]:
        """Yield a line for each root: path, flags, number of documents, last sync."""
        for root in self.roots:
            synced = f"in step at {root.synced[:16].replace('T', ' ')} UTC" if root.synced else "not in step yet"
            state = synced if root.exists else f"gone from the disk, {synced}"
            name = " ".join([shown_path(root.path), *flags_of(root.flags)])
            yield f"{name}: {plural(root.documents, 'document')}, {state}"
        if not self.roots:
            yield "no roots: vecsearch index PATH adds one"
