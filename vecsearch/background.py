"""Chunks to vectors, in the background: while one window is encoded, the next one is read and chunked.

One thread encodes, in order; how the model uses the cores is the encoder's affair. An error, and a Ctrl-C, of that
thread is raised where the vectors are waited for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate, chain
from threading import Event
from types import TracebackType
from typing import Any

from vecsearch.chunking import model_text
from vecsearch.encoding import Encoded, Encoder, VectorCache, encode_cached
from vecsearch.tally import Tally
from vecsearch.types import Chunk, Document, FloatArray, Role


class _Stopped(Exception):
    """The run is over; what is being encoded is not needed."""


class BackgroundEncoding:
    """A context in which windows of chunks are encoded one after the other, at most one ahead of who waits."""

    def __init__(self, cache: VectorCache, tally: Tally) -> None:
        self._cache = cache
        self._tally = tally
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="vecsearch-encoding")
        self._running: deque[Future[Any]] = deque()
        self._stop = Event()

    def __enter__(self) -> BackgroundEncoding:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stop.set()
        self._worker.shutdown(wait=True, cancel_futures=True)

    def start(
        self, encoder: Encoder, documents: Sequence[Document], chunked: Sequence[list[Chunk]]
    ) -> list[Callable[[], FloatArray]]:
        """Begins to encode the chunks; for each document what gives the raw vectors of its chunks, (chunks, dim)."""
        texts = [
            model_text(chunk, document.outline)
            for document, chunks in zip(documents, chunked, strict=True)
            for chunk in chunks
        ]
        share = sum(len(document.text) for document in documents) / max(1, len(texts))
        names = [chunk.id for chunk in chain.from_iterable(chunked)]
        future = self._worker.submit(self._encode, encoder, texts, names, share)
        self._running.append(future)
        ends = list(accumulate(len(chunks) for chunks in chunked))
        return [_rows(future, end - len(chunks), end) for chunks, end in zip(chunked, ends, strict=True)]

    def then(self, action: Callable[[], None]) -> None:
        """Does something when all that was started before is done."""
        self._running.append(self._worker.submit(action))

    def wait(self, *, ahead: int = 0) -> None:
        """Until all but the last `ahead` of what was started is done; raises what went wrong in it."""
        while len(self._running) > ahead:
            self._running.popleft().result()

    def _encode(self, encoder: Encoder, texts: Sequence[str], names: Sequence[str], share: float) -> Encoded:
        def settled(n: int) -> None:
            if self._stop.is_set():
                raise _Stopped
            self._tally.settled(n, int(n * share))

        result = encode_cached(
            encoder, self._cache, texts, Role.DOCUMENT, name=lambda i: f"chunk {names[i]!r}", done=settled
        )
        self._tally.encoded(result.encoded, result.cached)
        return result


def _rows(future: Future[Encoded], start: int, end: int) -> Callable[[], FloatArray]:
    return lambda: future.result().vectors[start:end]
