"""OnnxEncoder: a BERT-family model in float32 on ONNX Runtime. Files are opened when they are first needed.

Holds the way from texts to vectors; what the model computes is in `onnx_session`, `bert_graph` and `pooling`.
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
from vecsearch.encoders.onnx_session import OnnxModel
from vecsearch.encoders.pooling import pool, unit_rows
from vecsearch.encoders.spec import SPECIAL_TOKENS, ModelSpec, read_spec
from vecsearch.encoders.tokens import TextTokenizer
from vecsearch.errors import InvalidOption
from vecsearch.types import FloatArray, IntArray, Role

_WINDOW = 4096  # texts tokenised and sorted together: bounds memory, long enough that batches hardly pad
_BATCH_TEXTS = 32
_BATCH_TOKENS = 1024  # 9 texts of 112 tokens, 4 of 228: twice as many were no faster and took 80 MB more


def usable_cores() -> int:
    """How many cores this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class OnnxEncoder:
    """An Encoder (see vecsearch.encoding) that may be used from several threads at once."""

    def __init__(self, model: ModelFolder, *, threads: int | None = None) -> None:
        """Read the small files of `model`; raises ModelDamaged when they are broken or not supported."""
        if threads is not None and threads < 1:
            raise InvalidOption(f"threads is {threads}, expected at least 1")
        self.model = model
        self.spec: ModelSpec = read_spec(model)
        self._threads = threads or usable_cores()
        self._lock = threading.Lock()
        self._loaded: OnnxModel | None = None

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
        return self.spec.max_seq_length - SPECIAL_TOKENS - (self._tokenizer.count(prompt) if prompt else 0)

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
        return TextTokenizer(self.spec.tokenizer, self.spec.shape.vocabulary)

    def _token_ids(self, texts: Sequence[str], role: Role) -> list[list[int]]:
        prompt = self.spec.prompts.of(role)
        prompted = [prompt + text for text in texts]
        if self.spec.lowercase:
            prompted = [text.lower() for text in prompted]
        return self._tokenizer.ids(prompted, self.spec.max_seq_length)

    def _encode_window(self, ids: list[list[int]]) -> FloatArray:
        vectors = np.empty((len(ids), self.dim), np.float32)
        batches = list(_batches([len(row) for row in ids]))
        model = self._model

        def fill(rows: IntArray, *, alone: bool) -> None:
            padded, lengths = _pad([ids[row] for row in rows])
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

    @property
    def _model(self) -> OnnxModel:
        with self._lock:  # two threads that arrive together load the model once
            if self._loaded is None:
                self._loaded = OnnxModel(self.spec, self._threads)
            return self._loaded


def _pad(ids: list[list[int]]) -> tuple[IntArray, IntArray]:
    """Token numbers with zeros behind the shorter ones (n, tokens), and how many each text has (n,)."""
    lengths = np.array([len(row) for row in ids], np.int64)
    padded = np.zeros((len(ids), int(lengths.max())), np.int64)
    for row, tokens in zip(padded, ids, strict=True):
        row[: len(tokens)] = tokens
    return padded, lengths


def _batches(lengths: Sequence[int]) -> Iterator[IntArray]:
    """Row numbers of texts of about one length, longest first: what does not fit in memory shows at once."""
    order = np.argsort(-np.asarray(lengths, np.int64), kind="stable")
    start = 0
    while start < len(order):
        texts = max(1, min(_BATCH_TEXTS, _BATCH_TOKENS // lengths[order[start]]))
        yield order[start : start + texts]
        start += texts
