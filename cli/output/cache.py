"""What the cache of vectors holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from . import View
from .text import plural

if TYPE_CHECKING:
    from vecsearch.reports import CacheInfo


@dataclass(frozen=True)
class CacheView(View):
    """The size of the cache, and its models."""

    info: CacheInfo

    def fields(self) -> dict[str, Any]:
        """Return all facts."""
        return asdict(self.info)

    def lines(self) -> Iterator[str]:
        """Yield a line for each fact and each model."""
        info = self.info
        oldest = f", the oldest used {info.oldest_use[:10]}" if info.oldest_use else ""
        facts = [
            ("cache", info.path),
            ("on disk", f"{info.bytes / 1e6:,.1f} MB of at most {info.size / 1e6:,.0f} MB"),
            ("vectors", f"{info.vectors:,}{oldest}"),
        ]
        for model in info.models:
            size = f"{plural(model.vectors, 'vector')}, {model.bytes / 1e6:,.1f} MB, last used {model.last_use[:10]}"
            facts.append(("model", f"{model.name} ({model.fingerprint[:12]}): {size}"))
        facts.append(("derived", f"{info.derived_bytes / 1e6:,.1f} MB of files derived from models"))
        yield from (f"{name:>10}  {fact}" for name, fact in facts)
