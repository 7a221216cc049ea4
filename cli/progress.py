"""How far a long run is, on a terminal: share, rate and time left. Nothing where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vecsearch import Progress

_FORMAT = "{percentage:3.0f} % {bar:24} {desc} · {remaining} left"


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None] | None]:
    """A listener that draws on standard error, or None when that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    started = monotonic()
    with tqdm(total=0, bar_format=_FORMAT, dynamic_ncols=True, leave=False, file=sys.stderr) as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.bytes_total
            rate = progress.chunks / max(monotonic() - started, 1e-3)
            bar.set_description_str(
                f"{progress.documents:,} documents · {progress.chunks:,} chunks · {rate:,.0f} chunks/s", refresh=False
            )
            bar.update(progress.bytes_done - bar.n)

        yield show
