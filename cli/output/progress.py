"""Progress bars on standard error, when that is a terminal: share done, rate, time left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vecsearch import Progress
    from vecsearch.training import TuneProgress

_FORMAT = "{percentage:3.0f} % {bar:24} {desc} · {remaining} left"
_ENDLESS = "{desc}"  # the size of a stream is unknown


def describe_chunks(progress: Progress, seconds: float) -> str:
    """Describe a run that indexes documents."""
    rate = progress.chunks / seconds
    return f"{progress.documents:,} documents · {progress.chunks:,} chunks · {rate:,.0f} chunks/s"


def describe_texts(progress: Progress, seconds: float) -> str:
    """Describe a run that encodes texts."""
    return f"{progress.chunks:,} texts · {progress.chunks / seconds:,.0f} texts/s"


@contextmanager
def progress_bar(
    describe: Callable[[Progress, float], str] = describe_chunks,
) -> Iterator[Callable[[Progress], None] | None]:
    """Give a listener that draws a bar, or None when standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    started = monotonic()
    with tqdm(total=0, bar_format=_FORMAT, dynamic_ncols=True, leave=False, file=sys.stderr) as bar:

        def draw(progress: Progress) -> None:
            bar.total, bar.bar_format = progress.bytes_total, _FORMAT if progress.bytes_total else _ENDLESS
            bar.set_description_str(describe(progress, max(monotonic() - started, 1e-3)), refresh=False)
            bar.update(progress.bytes_done - bar.n)

        yield draw


@contextmanager
def training_bar() -> Iterator[Callable[[TuneProgress], None] | None]:
    """Give a listener that draws steps, loss and scores of training, or None when standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=0, unit=" steps", dynamic_ncols=True, leave=False, file=sys.stderr) as bar:

        def draw(progress: TuneProgress) -> None:
            bar.total = progress.steps
            if progress.loss is not None:
                bar.set_postfix_str(f"loss {progress.loss:.3f}", refresh=False)
            bar.update(progress.step - bar.n)
            if progress.score is not None:
                bar.write(f"step {progress.step:,}: {progress.score:.4f}", file=sys.stderr)

        yield draw
