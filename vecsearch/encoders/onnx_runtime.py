"""OnnxEncoder: a BERT-family model in float32 on ONNX Runtime. Files are opened when they are first needed."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from vecsearch.encoders.bert_graph import GRAPH_VERSION, build_graph, parameters
from vecsearch.encoders.derived import model_cache, read_derived, write_derived
from vecsearch.encoders.fingerprint import fingerprint, verify
from vecsearch.encoders.folder import ModelFolder
from vecsearch.encoders.pooling import pool, unit_rows
from vecsearch.encoders.spec import SPECIAL_TOKENS, BertShape, ModelSpec, read_spec
from vecsearch.encoders.tokens import TextTokenizer
from vecsearch.encoders.weights import read_weights
from vecsearch.errors import InvalidOption, ModelDamaged
from vecsearch.types import FloatArray, IntArray, Role

_WINDOW = 4096  # texts tokenised and sorted together: bounds memory, long enough that batches hardly pad
_BATCH_TEXTS = 32
_BATCH_TOKENS = 4096


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
        self._loaded: _Session | None = None

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
        prompt = self.spec.prompts.of(role)
        for start in range(0, len(texts), _WINDOW):
            window = [prompt + text for text in texts[start : start + _WINDOW]]
            if self.spec.lowercase:
                window = [text.lower() for text in window]
            ids = self._tokenizer.ids(window, self.spec.max_seq_length)
            for rows in _batches([len(row) for row in ids]):
                vectors[start + rows] = self._encode_batch([ids[row] for row in rows])
        return vectors

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens: int64 (tokens, 2), no special tokens, nothing cut."""
        return self._tokenizer.spans(texts)

    @cached_property
    def _tokenizer(self) -> TextTokenizer:
        verify(self.model)
        return TextTokenizer(self.spec.tokenizer)

    def _encode_batch(self, ids: list[list[int]]) -> FloatArray:
        lengths = np.array([len(row) for row in ids], np.int64)
        padded = np.zeros((len(ids), int(lengths.max())), np.int64)
        for row, tokens in zip(padded, ids, strict=True):
            row[: len(tokens)] = tokens
        vectors = pool(self._session().run(padded, lengths), lengths, self.spec.pooling)
        return unit_rows(vectors) if self.spec.normalize else vectors

    def _session(self) -> _Session:
        with self._lock:  # two threads that arrive together load the model once
            if self._loaded is None:
                self._loaded = _Session(self.spec, self._threads)
            return self._loaded


def _batches(lengths: Sequence[int]) -> Iterator[IntArray]:
    """Row numbers of texts of about one length, longest first: what does not fit in memory shows at once."""
    order = np.argsort(-np.asarray(lengths, np.int64), kind="stable")
    start = 0
    while start < len(order):
        texts = max(1, min(_BATCH_TEXTS, _BATCH_TOKENS // lengths[order[start]]))
        yield order[start : start + texts]
        start += texts


class _Session:
    """A loaded model: token numbers (n, tokens) in, token vectors (n, tokens, dim) out."""

    def __init__(self, spec: ModelSpec, threads: int) -> None:
        import onnxruntime

        onnxruntime.set_default_logger_severity(3)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._keep: Any = None
        source: bytes | str
        if spec.weights.suffix == ".onnx":
            source = str(spec.weights)
        else:
            source = _graph(spec.shape)
            tensors = _checked(spec)
            values = [onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for tensor in tensors.values()]
            options.add_external_initializers(list(tensors), values)
            self._keep = (tensors, values)
        self._session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        self._inputs = {entry.name for entry in self._session.get_inputs()}

    def run(self, ids: IntArray, lengths: IntArray) -> FloatArray:
        mask = (np.arange(ids.shape[1]) < lengths[:, None]).astype(np.int64)
        feed = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        hidden: FloatArray = self._session.run(None, feed)[0]
        return hidden


def _graph(shape: BertShape) -> bytes:
    key = hashlib.sha256(f"{GRAPH_VERSION} {shape}".encode()).hexdigest()[:32]
    path = model_cache() / f"bert-{key}.graph"
    if (graph := read_derived(path)) is None:
        graph = build_graph(shape)
        write_derived(path, graph)
    return graph


def _checked(spec: ModelSpec) -> dict[str, FloatArray]:
    found = {name.removeprefix("bert."): tensor for name, tensor in read_weights(spec.weights).items()}
    needed = parameters(spec.shape)
    for name, dims in needed.items():
        if name not in found:
            raise ModelDamaged(f"{spec.weights} holds no tensor {name}")
        if found[name].shape != dims:
            raise ModelDamaged(f"{spec.weights}: {name} has shape {found[name].shape}, config.json says {dims}")
    return {name: found[name] for name in needed}
