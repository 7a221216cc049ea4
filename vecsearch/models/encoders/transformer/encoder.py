"""TransformerEncoder: texts to vectors with a transformer's own tokenizer, pooling and prompts, on a runtime.

Holds the way from texts to batches and from token vectors to vectors; a runtime turns token numbers into the vectors
of tokens. Files are opened when they are first needed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from time import monotonic
from typing import TypeAlias

import numpy as np

from vecsearch.cores import usable_cores
from vecsearch.errors import InvalidOption, ModelDamaged
from vecsearch.models.encoder import Fertility, TokenVectors
from vecsearch.models.encoders.fingerprint import fingerprint, verify
from vecsearch.models.encoders.folder import ModelFolder
from vecsearch.models.encoders.read_tokens import read_tokens
from vecsearch.models.encoders.tokens import TextTokenizer
from vecsearch.models.encoders.transformer.pooling import pool, unit_rows
from vecsearch.models.encoders.transformer.runtime import Batching, TokenModel, TokenRuntime
from vecsearch.models.encoders.transformer.spec import SPECIAL_TOKENS, ModelSpec, read_spec
from vecsearch.types import FloatArray, IntArray, Role

_FEW_CHARACTERS = 40_000  # the swift runtime has encoded these before the steady one has started
_FIRST_SLICE = 64  # texts, until it is known how long they take
_LONGEST_SLICE = 4096  # bounds memory
_SLICES_AHEAD = 2

# Takes the row numbers of texts (n,), the vectors of their tokens (n, tokens, dim), and how many each text has (n,).
_Keep: TypeAlias = Callable[[IntArray, FloatArray, IntArray], None]


class TransformerEncoder:
    """An Encoder (see vecsearch.models.encoder) that may be used from several threads at once.

    Where there are two runtimes, `swift` is ready sooner and takes what is few, `steady` has the higher rate and takes
    what is many; tests hold their vectors to one another.
    """

    def __init__(
        self, model: ModelFolder, swift: TokenRuntime, steady: TokenRuntime | None = None, *, threads: int | None = None
    ) -> None:
        """Read the small files of `model`; raises ModelDamaged or ModelUnsupported when they cannot be run."""
        if threads is not None and threads < 1:
            raise InvalidOption(f"threads is {threads}, expected at least 1")
        self.model = model
        self.spec: ModelSpec = read_spec(model)
        self._runtimes = (swift, steady if steady and self.spec.shape else swift)
        self._threads = threads or usable_cores()
        self._lock = threading.Lock()
        self._loaded: dict[int, TokenModel] = {}  # by the runtime's id: both may be the same

    @property
    def name(self) -> str:
        """The model's name as it was asked for."""
        return self.model.name

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self.spec.dim

    @cached_property
    def fingerprint(self) -> str:
        """The model's fingerprint; raises ModelDamaged when its files are not those the model is known by."""
        verify(self.model)
        return fingerprint(self.spec)

    @cached_property
    def max_tokens(self) -> int:
        """Tokens of a document that the model reads: neither special tokens nor those of its prompt are counted."""
        prompt = self.spec.prompts.document
        special = SPECIAL_TOKENS if self.spec.shape else self._tokenizer.special
        return self.spec.max_seq_length - special - (self._tokenizer.count(prompt) if prompt else 0)

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        """The vectors of `texts` in their order: float32 (n, dim). Raises ModelDamaged when the model cannot run."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        for rows, part in self.encode_parts(texts, role):
            vectors[rows.start : rows.stop] = part
        return vectors

    def encode_parts(self, texts: Sequence[str], role: Role) -> Iterator[tuple[range, FloatArray]]:
        """The vectors of a slice of `texts` after the other, with its place; the next one is being encoded meanwhile.

        A slice takes about a second, whatever the model: what a killed program has encoded for nothing.
        """
        swift, steady = self._runtimes
        runtime = steady if sum(map(len, texts)) > _FEW_CHARACTERS else swift
        running: deque[tuple[range, Callable[[], FloatArray]]] = deque()
        start, size = 0, _FIRST_SLICE
        with ThreadPoolExecutor(self._threads) as workers:
            try:
                while start < len(texts) or running:
                    if start < len(texts) and len(running) < _SLICES_AHEAD:
                        rows = range(start, min(start + size, len(texts)))
                        ids = self._token_ids(texts[rows.start : rows.stop], role)
                        running.append((rows, self._begin(ids, runtime, workers, last=rows.stop == len(texts))))
                        start = rows.stop
                    else:
                        rows, part = running.popleft()
                        began = monotonic()
                        yield rows, part()
                        size = _next_size(size, monotonic() - began)
            finally:
                workers.shutdown(wait=True, cancel_futures=True)

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        """The last layer's vectors of the tokens of each text, before pooling: see TokenwiseEncoder."""
        prompt, limit = self.spec.prompts.of(role), self.spec.max_seq_length
        read = read_tokens(self._tokenizer, texts, limit, prompt=prompt, lowercase=self.spec.lowercase)
        found: dict[int, TokenVectors] = {}

        def keep(rows: IntArray, hidden: FloatArray, lengths: IntArray) -> None:
            for row, vectors, length in zip(rows.tolist(), hidden, lengths.tolist(), strict=True):
                found[row] = read[row].with_vectors(vectors[:length])

        with ThreadPoolExecutor(self._threads) as workers:
            for _ in self._run([tokens.ids for tokens in read], self._runtimes[0], workers, keep, last=True):
                pass
        return [found[row] for row in range(len(texts))]

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens: int64 (tokens, 2), no special tokens, nothing cut."""
        return self._tokenizer.spans(texts)

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """How well the model reads each text: see FertilityEncoder."""
        return [Fertility(letters, contextual=True) for letters in self._tokenizer.characters_per_token(texts)]

    @cached_property
    def _tokenizer(self) -> TextTokenizer:
        verify(self.model)
        tokenizer = TextTokenizer(self.spec.tokenizer)
        if (shape := self.spec.shape) and tokenizer.special != SPECIAL_TOKENS:
            raise ModelDamaged(
                f"{self.spec.tokenizer} adds {tokenizer.special} special tokens to a text, expected {SPECIAL_TOKENS}"
            )
        if shape and tokenizer.size > shape.vocabulary:
            raise ModelDamaged(
                f"{self.spec.tokenizer} has {tokenizer.size} tokens, the model {shape.vocabulary}: "
                "they do not belong together"
            )
        return tokenizer

    def _token_ids(self, texts: Sequence[str], role: Role) -> list[list[int]]:
        prompt = self.spec.prompts.of(role)
        prompted = [prompt + text for text in texts]
        if self.spec.lowercase:
            prompted = [text.lower() for text in prompted]
        return self._tokenizer.ids(prompted, self.spec.max_seq_length)

    def _begin(
        self, ids: list[list[int]], runtime: TokenRuntime, workers: ThreadPoolExecutor, *, last: bool
    ) -> Callable[[], FloatArray]:
        """Begins to encode texts, given by their token numbers; what is returned waits for the vectors, (n, dim)."""
        vectors = np.empty((len(ids), self.dim), np.float32)

        def keep(rows: IntArray, hidden: FloatArray, lengths: IntArray) -> None:
            vectors[rows] = pool(hidden, lengths, self.spec.pooling)

        filled = self._run(ids, runtime, workers, keep, last=last)

        def finish() -> FloatArray:
            for _ in filled:
                pass
            return unit_rows(vectors) if self.spec.normalize else vectors

        return finish

    def _run(
        self, ids: list[list[int]], runtime: TokenRuntime, workers: ThreadPoolExecutor, keep: _Keep, *, last: bool
    ) -> Iterator[None]:
        """Begins to run texts, given by their token numbers; it is done when the iterator has come to its end."""
        model = self._model(runtime)
        batches = list(_batches([len(row) for row in ids], runtime.batching, self._threads if last else 0))
        # Cores take whole batches where there are enough of them, and share one where there are not. Whole batches
        # need no meeting of threads inside every operator: as fast on idle cores, 1.4 times on busy ones.
        alone = self._threads == 1 or len(batches) < self._threads

        def run(rows: IntArray) -> None:
            padded, lengths = _pad([ids[row] for row in rows], runtime.batching.multiple, self.spec.max_seq_length)
            keep(rows, model.run(padded, lengths, alone=alone), lengths)

        return map(run, batches) if alone else workers.map(run, batches)

    def _model(self, runtime: TokenRuntime) -> TokenModel:
        with self._lock:  # two threads that arrive together load the model once
            if id(runtime) not in self._loaded:
                self._loaded[id(runtime)] = runtime.open(self.spec, self._threads)
            return self._loaded[id(runtime)]


def _pad(ids: list[list[int]], multiple: int, most: int) -> tuple[IntArray, IntArray]:
    """Token numbers with zeros behind the shorter ones (n, tokens), and how many each text has (n,)."""
    lengths = np.array([len(row) for row in ids], np.int64)
    width = min(-(-int(lengths.max()) // multiple) * multiple, most)
    padded = np.zeros((len(ids), width), np.int64)
    for row, tokens in zip(padded, ids, strict=True):
        row[: len(tokens)] = tokens
    return padded, lengths


def _batches(lengths: Sequence[int], batching: Batching, threads: int) -> Iterator[IntArray]:
    """Row numbers of texts of about one length, longest first: what does not fit in memory shows at once.

    For so many `threads` the last batches are small, so that none waits long for another to finish.
    """
    order = np.argsort(-np.asarray(lengths, np.int64), kind="stable")
    start = 0
    while start < len(order):
        texts = min(batching.texts, batching.tokens // lengths[order[start]])
        if threads:
            texts = min(texts, -(-(len(order) - start) // (2 * threads)))
        yield order[start : start + max(1, texts)]
        start += max(1, texts)


def _next_size(size: int, seconds: float) -> int:
    """How many texts the next slice has, after one that was waited for so long."""
    if seconds < 0.5:
        return min(2 * size, _LONGEST_SLICE)
    return max(size // 2, 1) if seconds > 2 else size
