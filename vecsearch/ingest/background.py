"""Encode chunks in the background: while one window is encoded, the next one is read and chunked.

One thread encodes, in order; the encoder decides how to use the cores. What that thread raises is raised again where
the vectors are waited for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate
from threading import Event
from types import TracebackType
from typing import Any

from vecsearch.chunking import Chunked
from vecsearch.ingest.tally import Tally
from vecsearch.models.cached_encoding import Encoded, VectorCache, encode_cached
from vecsearch.models.encoder import Encoder
from vecsearch.types import FloatArray, Role


class _Stopped(Exception):
    """The run is over, and the vectors being made are no longer needed."""


class BackgroundEncoding:
    """A context in which windows of chunks are encoded one after the other, in the order they were started."""

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

    def start(self, encoder: Encoder, chunked: Sequence[Chunked], characters: int) -> list[Callable[[], FloatArray]]:
        """Start to encode the chunks of documents with `characters` in all.

        Returns for each document a function that waits for its raw vectors, (chunks, dim).
        """
        texts = [text for document in chunked for text in document.texts]
        names = [chunk.id for document in chunked for chunk in document.chunks]
        text_length = characters / max(1, len(texts))
        future = self._worker.submit(self._encode, encoder, texts, names, text_length)
        self._running.append(future)
        counts = [len(document.chunks) for document in chunked]
        return [_rows(future, end - count, end) for count, end in zip(counts, accumulate(counts), strict=True)]

    def vectors(self, encoder: Encoder, texts: Sequence[str]) -> FloatArray:
        """The raw vectors of texts that are not chunks, (n, dim); waits its turn, since an encoder does one thing at
        a time.
        """

        def encode() -> Encoded:
            name = "sentence {}".format
            return encode_cached(encoder, self._cache, texts, Role.DOCUMENT, name=name, done=self._check_running)

        return self._worker.submit(encode).result().vectors

    def then(self, action: Callable[[], None]) -> None:
        """Call `action` when everything that was started before is done."""
        self._running.append(self._worker.submit(action))

    def wait(self, *, ahead: int = 0) -> None:
        """Wait until all but the last `ahead` of what was started are done; raises what they raised."""
        while len(self._running) > ahead:
            self._running.popleft().result()

    def _encode(self, encoder: Encoder, texts: Sequence[str], names: Sequence[str], text_length: float) -> Encoded:
        def settled(n: int) -> None:
            self._check_running(n)
            self._tally.settled(n, int(n * text_length))

        result = encode_cached(
            encoder, self._cache, texts, Role.DOCUMENT, name=lambda i: f"chunk {names[i]!r}", done=settled
        )
        self._tally.encoded(result.encoded, result.cached)
        return result

    def _check_running(self, _: int) -> None:
        """Raises _Stopped when the run is over."""
        if self._stop.is_set():
            raise _Stopped


def _rows(future: Future[Encoded], start: int, end: int) -> Callable[[], FloatArray]:
    return lambda: future.result().vectors[start:end]
