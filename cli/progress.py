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
_ENDLESS = "{desc}"  # nobody knows how much a stream holds


def _chunks_said(progress: Progress, seconds: float) -> str:
    rate = progress.chunks / seconds
    return f"{progress.documents:,} documents · {progress.chunks:,} chunks · {rate:,.0f} chunks/s"


def texts_said(progress: Progress, seconds: float) -> str:
    """How many texts have their vectors after so many seconds."""
    return f"{progress.chunks:,} texts · {progress.chunks / seconds:,.0f} texts/s"


@contextmanager
def progress_bar(
    said: Callable[[Progress, float], str] = _chunks_said,
) -> Iterator[Callable[[Progress], None] | None]:
    """A listener that draws on standard error what is `said` of the progress, or None when that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    started = monotonic()
    with tqdm(total=0, bar_format=_FORMAT, dynamic_ncols=True, leave=False, file=sys.stderr) as bar:

        def show(progress: Progress) -> None:
            bar.total, bar.bar_format = progress.bytes_total, _FORMAT if progress.bytes_total else _ENDLESS
            bar.set_description_str(said(progress, max(monotonic() - started, 1e-3)), refresh=False)
            bar.update(progress.bytes_done - bar.n)

        yield show
