"""TorchEncoder: any model that sentence-transformers opens, on the device that torch finds.

Slower to start than the other runtimes and as exact; the one for architectures that have no graph of ours, and for
GPUs. What a folder's files say is in `module_list`, which code they name in `trust`, the opened model in `model`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from vecsearch.checks import check_whole
from vecsearch.errors import ModelDamaged, ModelUnsupported
from vecsearch.models.encoder import DEFAULT_FERTILITY, NO_TOKENS, Fertility, TokenVectors
from vecsearch.models.encoders.config_files import Prompts, read_prompts
from vecsearch.models.encoders.estimated_tokenizer import EstimatedTokenizer
from vecsearch.models.encoders.fingerprint import check_known_hashes, file_hash, fingerprint
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.module_list import read_modules, stated_dim, stated_limit, truncated_dim
from vecsearch.models.encoders.tokenizer import ReadTokens, TextTokenizer, replace_surrogates
from vecsearch.models.encoders.torch.model import TorchModel
from vecsearch.models.encoders.torch.opening import TorchOptions
from vecsearch.models.encoders.torch.trust import check_weights, runs_code
from vecsearch.models.encoders.transformer.spec import ModelSpec, read_spec
from vecsearch.models.open_once import OpenOnce
from vecsearch.types import FloatArray, IntArray, Role

if TYPE_CHECKING:
    from vecsearch.models.insides import Insides, Reading

_NO_LIMIT = 1_000_000  # tokens that are read where a model names no limit: more than any text that is embedded whole
_SHAPING = {".safetensors", ".json", ".txt", ".model", ".jinja", ".py"}  # files that can change a vector
_OTHER_RUNTIMES = {"onnx", "openvino"}


class TorchEncoder:
    """An Encoder (see vecsearch.models.encoder) on torch; threads take turns to run the model."""

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
        if threads is not None:
            check_whole("threads", threads, 1)
        self.model = model
        self._modules = read_modules(model.path)
        code = runs_code(model, self._modules, asked=trust_remote_code)
        check_weights(self._modules)
        self._truncated_dim = truncated_dim(model.path)
        self.spec = None if code else _shared_spec(model, self._truncated_dim)
        options = TorchOptions(device=device, threads=threads, shortened=self._truncated_dim, trusted=code)
        self._turn = RLock()  # held while the model runs; the tokenizer is opened before, as it may need a turn itself
        self._model = OpenOnce(partial(_open_model, model, options))
        self._tokenizer = OpenOnce(partial(_open_tokenizer, model, self._modules[0].folder, self._model, self._turn))

    @property
    def name(self) -> str:
        """The model's name as it was given."""
        return self.model.name

    @cached_property
    def dim(self) -> int:
        """The length of a vector; the model is opened to find out where its small files do not say."""
        if (stated := self.spec.dim if self.spec else stated_dim(self._modules)) is None:
            with self._turn:
                stated = self._model().dim
        return min(stated, self._truncated_dim or stated)

    @cached_property
    def fingerprint(self) -> str:
        """The model's fingerprint, the same in any runtime; raises ModelDamaged for files that were altered.

        A model that only this runtime runs is known by all of its files that can shape a vector.
        """
        check_known_hashes(self.model)
        if self.spec:
            return fingerprint(self.spec)
        files = {
            path.relative_to(self.model.path).as_posix(): file_hash(path) for path in _shaping_files(self.model.path)
        }
        return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()

    @cached_property
    def max_tokens(self) -> int:
        """Tokens of a document that the model reads: neither special tokens nor those of its prompt are counted."""
        limit = self.spec.max_seq_length if self.spec else stated_limit(self._modules)
        if limit is None:
            with self._turn:
                limit = int(min(self._model().limit or _NO_LIMIT, _NO_LIMIT))
        prompt, tokenizer = self.prompts.document, self._tokenizer()
        return max(1, limit - tokenizer.special - (tokenizer.count(prompt) if prompt else 0))

    @cached_property
    def prompts(self) -> Prompts:
        """What is put before a text."""
        return self.spec.prompts if self.spec else read_prompts(self.model.path, self.model.name)

    @property
    def module(self) -> Any:
        """The open model as sentence-transformers has it, for training: what is encoded later follows its weights."""
        with self._turn:
            return self._model().module

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        """Return the vectors of `texts` in their order: float32 (n, dim).

        A lone surrogate is read as U+FFFD, and a text without any token as a full stop. Raises ModelDamaged when the
        model fails, InvalidOption when the device cannot be used or has too little memory for one text, ExtraMissing
        without sentence-transformers.
        """
        role = Role.of(role)
        if not texts:
            return np.empty((0, self.dim), np.float32)
        prompt = self.prompts.of(role)
        read, dim = [self._readable(text, prompt) for text in texts], self.dim  # both may open the model themselves
        with self._turn:
            return self._model().encode(read, prompt, role, dim)

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        """Return the vectors of each text's tokens, before pooling: see TokenwiseEncoder. Raises as encode() does.

        No tokens where the model has no such vectors, or reads other tokens than those whose offsets are known.
        """
        role = Role.of(role)
        return [self._token_vectors(text, role) if text.strip() else NO_TOKENS for text in texts]

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return each text's tokens as character offsets: int64 (tokens, 2), no special tokens, nothing cut off.

        They are estimated where the model's tokenizer knows no offsets (see estimated_tokenizer).
        """
        return self._tokenizer().spans(texts)

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """Return how well the model reads each text: see FertilityEncoder."""
        tokenizer = self._tokenizer()
        if not isinstance(tokenizer, TextTokenizer):
            return [DEFAULT_FERTILITY] * len(texts)
        return [Fertility(number, contextual=True) for number in tokenizer.characters_per_token(texts)]

    def insides(self) -> Insides:
        """Open the model for inspection: see InspectableEncoder."""
        from vecsearch.models.encoders.config_files import read_json  # what only an inspection needs
        from vecsearch.models.encoders.token_matrix import matrix_in_folder
        from vecsearch.models.encoders.tokenizer import Vocabulary
        from vecsearch.models.encoders.transformer.insides import positions_of
        from vecsearch.models.insides import Insides

        folder, spec = self._modules[0].folder, self.spec
        if not isinstance(self._tokenizer(), TextTokenizer) or not (folder / "tokenizer.json").is_file():
            raise ModelUnsupported(f"{self.name} has no tokenizer.json: the tokens that it reads cannot be shown")
        return Insides(
            tokens=Vocabulary(folder / "tokenizer.json"),
            matrix=matrix_in_folder(folder),
            positions=positions_of(read_json(folder / "config.json", optional=True)),
            pooling=spec.pooling.value if spec else None,
            normalize=spec.normalize if spec else self._modules[-1].kind == "Normalize",
            contextual=True,
            read=self._read,
        )

    def _read(self, text: str, role: Role) -> Reading:
        from vecsearch.models.encoders.transformer.insides import contextual_reading

        tokenizer, pooling = self._tokenizer(), self.spec.pooling if self.spec else None
        shown = self._shown(text, role)
        if shown is None or not isinstance(tokenizer, TextTokenizer):
            raise ModelUnsupported(f"{self.name} does not show which vector each token of a text has")
        return contextual_reading(tokenizer, self.prompts.of(role) + text, *shown, pooling)

    def _token_vectors(self, text: str, role: Role) -> TokenVectors:
        shown = self._shown(text, role)
        return NO_TOKENS if shown is None else shown[0].with_vectors(shown[1])

    def _shown(self, text: str, role: Role) -> tuple[ReadTokens, FloatArray] | None:
        """The tokens that the model reads, with their offsets and vectors; None where it does not show all of these."""
        prompt, tokenizer = self.prompts.of(role), self._tokenizer()
        readable = self._readable(text, prompt)
        with self._turn:
            tokens = self._model().tokens(readable, prompt, role)
        if tokens is None or not isinstance(tokenizer, TextTokenizer):
            return None
        ids, vectors = tokens
        for lowercase in (False, True):  # a model's files may ask for it; its tokens say whether it was done
            [read] = tokenizer.read([text], len(ids), prompt=prompt, lowercase=lowercase)
            if read.ids == ids:
                return read, vectors
        return None

    def _readable(self, text: str, prompt: str) -> str:
        whole = replace_surrogates(text)
        if (prompt + whole).strip() or self._tokenizer().special:
            return whole
        return "."  # a model has no vector for no token at all


def _open_model(model: ModelFolder, options: TorchOptions) -> TorchModel:
    check_known_hashes(model)
    return TorchModel(model.path, options)


def _open_tokenizer(
    model: ModelFolder, folder: Path, opened: OpenOnce[TorchModel], turn: RLock
) -> TextTokenizer | EstimatedTokenizer:
    """One of our own, even when the model is open: sentence-transformers sets limits on its own while it encodes."""
    check_known_hashes(model)
    if (path := folder / "tokenizer.json").is_file():
        return TextTokenizer(path)
    with turn:
        return opened().tokenizer() or EstimatedTokenizer()


def _shared_spec(model: ModelFolder, truncated: int | None) -> ModelSpec | None:
    """The spec that all runtimes share; None for a model that only sentence-transformers understands.

    A graph in the folder is not what torch runs: it says nothing about the weights that are.
    """
    try:
        spec = read_spec(model)
    except (ModelDamaged, ModelUnsupported):
        return None
    return spec if spec.shape and (truncated is None or truncated >= spec.dim) else None


def _shaping_files(folder: Path) -> list[Path]:
    """The files of a model that can change a vector, in order; hidden ones and other runtimes' are left out."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in _SHAPING and path.is_file() and not _is_aside(path.relative_to(folder))
    ]


def _is_aside(path: Path) -> bool:
    return any(part.startswith(".") or part in _OTHER_RUNTIMES for part in path.parts[:-1])
