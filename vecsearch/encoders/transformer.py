"""TransformerEncoder: texts to vectors with a transformer's own tokenizer, pooling and prompts, on a runtime.

Holds the way from texts to batches and from token vectors to vectors; a runtime turns token numbers into the vectors
of tokens. Files are opened when they are first needed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np

from vecsearch.encoders.fingerprint import fingerprint, verify
from vecsearch.encoders.folder import ModelFolder
from vecsearch.encoders.pooling import pool, unit_rows
from vecsearch.encoders.spec import SPECIAL_TOKENS, ModelSpec, read_spec
from vecsearch.encoders.token_runtime import Batching, TokenModel, TokenRuntime
from vecsearch.encoders.tokens import TextTokenizer
from vecsearch.errors import InvalidOption, ModelDamaged
from vecsearch.types import FloatArray, IntArray, Role

_WINDOW = 4096  # texts tokenised and sorted together: bounds memory, long enough that batches hardly pad
_FEW_TOKENS = 4096  # the swift runtime has encoded these before the steady one has started


def usable_cores() -> int:
    """How many cores this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class TransformerEncoder:
    """An Encoder (see vecsearch.encoding) that may be used from several threads at once.

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
        self._runtimes = (swift, steady or swift)
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
        for start in range(0, len(texts), _WINDOW):
            window = texts[start : start + _WINDOW]
            vectors[start : start + len(window)] = self._encode_window(self._token_ids(window, role))
        return vectors

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens: int64 (tokens, 2), no special tokens, nothing cut."""
        return self._tokenizer.spans(texts)

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

    def _encode_window(self, ids: list[list[int]]) -> FloatArray:
        swift, steady = self._runtimes
        runtime = steady if sum(map(len, ids)) > _FEW_TOKENS else swift
        batches = list(_batches([len(row) for row in ids], runtime.batching, self._threads))
        model = self._model(runtime)
        vectors = np.empty((len(ids), self.dim), np.float32)

        def fill(rows: IntArray, *, alone: bool) -> None:
            padded, lengths = _pad([ids[row] for row in rows], runtime.batching.multiple)
            vectors[rows] = pool(model.run(padded, lengths, alone=alone), lengths, self.spec.pooling)

        # Cores take whole batches where there are enough of them, and share one where there are not. Whole batches
        # need no meeting of threads inside every operator: as fast on idle cores, 1.4 times on busy ones.
        if self._threads == 1 or len(batches) < self._threads:
            for rows in batches:
                fill(rows, alone=True)
        else:
            with ThreadPoolExecutor(self._threads) as workers:
                list(workers.map(lambda rows: fill(rows, alone=False), batches))
        return unit_rows(vectors) if self.spec.normalize else vectors

    def _model(self, runtime: TokenRuntime) -> TokenModel:
        with self._lock:  # two threads that arrive together load the model once
            if id(runtime) not in self._loaded:
                self._loaded[id(runtime)] = runtime.open(self.spec, self._threads)
            return self._loaded[id(runtime)]


def _pad(ids: list[list[int]], multiple: int) -> tuple[IntArray, IntArray]:
    """Token numbers with zeros behind the shorter ones (n, tokens), and how many each text has (n,)."""
    lengths = np.array([len(row) for row in ids], np.int64)
    width = -(-int(lengths.max()) // multiple) * multiple
    padded = np.zeros((len(ids), width), np.int64)
    for row, tokens in zip(padded, ids, strict=True):
        row[: len(tokens)] = tokens
    return padded, lengths


def _batches(lengths: Sequence[int], batching: Batching, threads: int) -> Iterator[IntArray]:
    """Row numbers of texts of about one length, longest first: what does not fit in memory shows at once.

    The last ones are small, so that no thread waits long for another to finish.
    """
    order = np.argsort(-np.asarray(lengths, np.int64), kind="stable")
    start = 0
    while start < len(order):
        share = -(-(len(order) - start) // (2 * threads))
        texts = max(1, min(batching.texts, batching.tokens // lengths[order[start]], share))
        yield order[start : start + texts]
        start += texts
