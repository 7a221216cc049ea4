"""TorchEncoder: any model that sentence-transformers opens, on the device that torch finds.

Slower to start than the other runtimes and as exact; the one for architectures that have no graph of ours, and for
GPUs. What a folder's files say is in `modules`, what they may run in `trust`, the opened model in `torch_session`.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from vecsearch.errors import InvalidOption, ModelDamaged, ModelUnsupported
from vecsearch.models.encoder import DEFAULT_FERTILITY, NO_TOKENS, Fertility, TokenVectors
from vecsearch.models.encoders.estimated_tokens import estimated_spans
from vecsearch.models.encoders.fingerprint import file_hash, fingerprint, verify
from vecsearch.models.encoders.folder import ModelFolder
from vecsearch.models.encoders.modules import read_modules, shortened_to, stated_dim, stated_limit
from vecsearch.models.encoders.read_tokens import read_tokens
from vecsearch.models.encoders.settings import Prompts, read_prompts
from vecsearch.models.encoders.tokens import TextTokenizer
from vecsearch.models.encoders.torch.opening import TorchOptions
from vecsearch.models.encoders.torch.session import TorchModel
from vecsearch.models.encoders.torch.trust import check_weights, needed_code
from vecsearch.models.encoders.transformer.spec import ModelSpec, read_spec
from vecsearch.types import FloatArray, IntArray, Role

_NO_LIMIT = 1_000_000  # tokens that are read where a model names no limit: more than any text that is embedded whole
_SHAPING = {".safetensors", ".json", ".txt", ".model", ".jinja", ".py"}  # files that can change a vector
_OTHER_RUNTIMES = {"onnx", "openvino"}
_SURROGATES = re.compile("[\ud800-\udfff]")


class TorchEncoder:
    """An Encoder (see vecsearch.models.encoder) that may be used from several threads; they take turns."""

    def __init__(
        self,
        model: ModelFolder,
        *,
        device: str | None = None,
        threads: int | None = None,
        trust_remote_code: bool = False,
    ) -> None:
        """Read the small files of `model`; torch is imported when a text is first encoded.

        `device` is torch's name of one, as in "cuda:1"; by default the one that sentence-transformers chooses: CUDA,
        else Apple's MPS, else another accelerator, else the processor, whose cores `threads` bounds. Raises
        ModelDamaged when files are missing or broken; ModelUnsupported when the model's weights are pickles, or when
        it needs code from its own folder, which runs only with `trust_remote_code`.
        """
        if threads is not None and threads < 1:
            raise InvalidOption(f"threads is {threads}, expected at least 1")
        self.model = model
        self._modules = read_modules(model.path)
        code = needed_code(self._modules)
        if code and not trust_remote_code:
            raise ModelUnsupported(
                f"{code}, which is code of the model's own; if you trust it, allow it with trust_remote_code, or write "
                "the model's name into $VECSEARCH_TRUST_REMOTE_CODE"
            )
        check_weights(self._modules)
        self._shortened = shortened_to(model.path)
        self.spec = None if code else _understood(model, self._shortened)
        self._options = TorchOptions(device=device, threads=threads, shortened=self._shortened, trusted=bool(code))
        self._lock = threading.RLock()
        self._loaded: TorchModel | None = None

    @property
    def name(self) -> str:
        """The model's name as it was asked for."""
        return self.model.name

    @cached_property
    def dim(self) -> int:
        """The length of a vector; the model is opened to learn it where its small files do not say."""
        if (stated := self.spec.dim if self.spec else stated_dim(self._modules)) is None:
            with self._lock:
                stated = self._torch.dim
        return min(stated, self._shortened or stated)

    @cached_property
    def fingerprint(self) -> str:
        """The model's fingerprint, the one it has in any runtime; raises ModelDamaged for files that were altered.

        A model that only this runtime runs is known by all of its files that can shape a vector.
        """
        verify(self.model)
        if self.spec:
            return fingerprint(self.spec)
        files = {path.relative_to(self.model.path).as_posix(): file_hash(path) for path in _shaping(self.model.path)}
        return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()

    @cached_property
    def max_tokens(self) -> int:
        """Tokens of a document that the model reads: neither special tokens nor those of its prompt are counted."""
        limit = self.spec.max_seq_length if self.spec else stated_limit(self._modules)
        if limit is None:
            with self._lock:
                limit = int(min(self._torch.limit or _NO_LIMIT, _NO_LIMIT))
        prompt = self._prompts.document
        return max(1, limit - self._tokenizer.special - (self._tokenizer.count(prompt) if prompt else 0))

    @property
    def prompts(self) -> Prompts:
        """What is put before a text."""
        return self._prompts

    @property
    def module(self) -> Any:
        """The open model as sentence-transformers has it, for who trains it: what is encoded later follows."""
        with self._lock:
            return self._torch.module

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        """The vectors of `texts` in their order: float32 (n, dim).

        Half a surrogate pair is read as U+FFFD, and a text without any token as a full stop. Raises ModelDamaged
        when the model cannot run, InvalidOption when the device is not there or has too little memory for one text,
        ExtraMissing when sentence-transformers is not installed.
        """
        role = Role.of(role)
        if not texts:
            return np.empty((0, self.dim), np.float32)
        prompt = self._prompts.of(role)
        read, dim = [self._readable(text, prompt) for text in texts], self.dim  # both may open the model themselves
        with self._lock:
            return self._torch.encode(read, prompt, role, dim)

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        """The vectors of the tokens of each text, before pooling: see TokenwiseEncoder. Raises as encode() does.

        None where the model has no such vectors, or reads other tokens than those whose places are known.
        """
        role = Role.of(role)
        prompt = self._prompts.of(role)
        with self._lock:
            return [self._shown(text, prompt, role) if text.strip() else NO_TOKENS for text in texts]

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens: int64 (tokens, 2), no special tokens, nothing cut.

        Where the model's tokenizer knows no offsets they are estimated (see estimated_tokens).
        """
        return self._tokenizer.spans(texts)

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """How well the model reads each text: see FertilityEncoder."""
        if not isinstance(self._tokenizer, TextTokenizer):
            return [DEFAULT_FERTILITY] * len(texts)
        return [Fertility(letters, contextual=True) for letters in self._tokenizer.characters_per_token(texts)]

    @cached_property
    def _prompts(self) -> Prompts:
        return self.spec.prompts if self.spec else read_prompts(self.model.path, self.model.name)

    @cached_property
    def _tokenizer(self) -> TextTokenizer | _EstimatingTokenizer:
        """One of our own, even when the model is open: sentence-transformers sets limits on its while it encodes."""
        verify(self.model)
        if (path := self._modules[0].folder / "tokenizer.json").is_file():
            return TextTokenizer(path)
        with self._lock:
            return self._torch.tokenizer() or _EstimatingTokenizer()

    def _readable(self, text: str, prompt: str) -> str:
        whole = _SURROGATES.sub("\ufffd", text)
        if (prompt + whole).strip() or self._tokenizer.special:
            return whole
        return "."  # a model has no vector for no token at all

    def _shown(self, text: str, prompt: str, role: Role) -> TokenVectors:
        tokens = self._torch.tokens(self._readable(text, prompt), prompt, role)
        if tokens is None or not isinstance(self._tokenizer, TextTokenizer):
            return NO_TOKENS
        ids, vectors = tokens
        for lowercase in (False, True):  # a model's files may ask for it; its tokens say whether it was done
            [read] = read_tokens(self._tokenizer, [text], len(ids), prompt=prompt, lowercase=lowercase)
            if read.ids == ids:
                return read.with_vectors(vectors)
        return NO_TOKENS

    @property
    def _torch(self) -> TorchModel:
        if self._loaded is None:
            verify(self.model)
            self._loaded = TorchModel(self.model.path, self._options)
        return self._loaded


class _EstimatingTokenizer:
    """Stands for a tokenizer that knows no offsets."""

    special = 2

    def spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the offsets of about its tokens: int64 (tokens, 2)."""
        return [estimated_spans(text) for text in texts]

    def count(self, text: str) -> int:
        """About how many tokens `text` has."""
        return len(estimated_spans(text))


def _understood(model: ModelFolder, shortened: int | None) -> ModelSpec | None:
    """The spec that all runtimes share; None for a model that only sentence-transformers understands."""
    try:
        spec = read_spec(model)
    except (ModelDamaged, ModelUnsupported):
        return None
    return spec if shortened is None or shortened >= spec.dim else None


def _shaping(folder: Path) -> list[Path]:
    """The files of a model that can change a vector, in order; hidden ones and other runtimes' left out."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in _SHAPING and path.is_file() and not _aside(path.relative_to(folder))
    ]


def _aside(path: Path) -> bool:
    return any(part.startswith(".") or part in _OTHER_RUNTIMES for part in path.parts[:-1])
