"""A model opened by sentence-transformers: prompted texts in, vectors out, on the device that torch finds.

The only file that imports sentence-transformers, transformers and torch. They log, draw bars and warn while they
open a model; none of that reaches the user, and what they say of missing weights is an error here: they would go on
with random numbers in their place.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from vecsearch.encoders.tokens import TextTokenizer
from vecsearch.errors import ExtraMissing, InvalidOption, ModelDamaged
from vecsearch.types import FloatArray, Role

_BATCH_TEXTS = 32  # sentence-transformers' own
_LOGGERS = ("transformers", "sentence_transformers", "huggingface_hub")
STYLE = re.compile(r"\x1b\[[0-9;]*m")
MISSING_5 = re.compile(r"^(\S.*?) +\| MISSING", re.M)  # a row of the report that transformers 5 logs
_MISMATCH_5 = re.compile(r"^(\S.*?) +\| MISMATCH +\| Reinit due to (.*)$", re.M)
MISSING_4 = re.compile(r"newly initialized[^\[]*\[(.*?)\]", re.S)  # the list in the sentence that 4 logs


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchOptions:
    """`shortened` cuts vectors to so many numbers, `trusted` lets code of the model's own run."""

    device: str | None = None
    threads: int | None = None
    shortened: int | None = None
    trusted: bool = False


class TorchModel:
    """A model in memory. One call at a time: its tokenizer and torch's number of threads are shared state."""

    def __init__(self, folder: Path, options: TorchOptions) -> None:
        """Open the model; raises ModelDamaged when it cannot be, InvalidOption for a device that is not here."""
        library = sentence_transformers_library()
        self.folder = folder
        self._threads = options.threads
        check_device(options.device)
        check_tensors(folder)
        with quiet() as said:
            try:
                self._model: Any = library.SentenceTransformer(
                    str(folder.absolute()),  # a relative one could be taken for a name on the hub
                    device=options.device,
                    trust_remote_code=options.trusted,
                    local_files_only=True,
                    truncate_dim=options.shortened,
                    model_kwargs={"use_safetensors": True},
                )
            except Exception as error:  # whatever a library that opens hundreds of architectures raises
                reason = "; ".join(mismatches(said)) or short(error)
                raise ModelDamaged(f"{folder} cannot be opened by sentence-transformers: {reason}") from error
        if missing := _missing_weights(said):
            raise ModelDamaged(f"{folder}: its safetensors lack {missing[0]}, which config.json asks for")

    @property
    def module(self) -> Any:
        """What the library opened."""
        return self._model

    @property
    def dim(self) -> int:
        """The length of a vector; a text is encoded to learn it where no module says it."""
        known = getattr(self._model, "get_embedding_dimension", None)  # its name since 5.2
        stated = (known or self._model.get_sentence_embedding_dimension)()
        return int(stated) if stated else self._run(["."], "", Role.DOCUMENT).shape[1]

    @property
    def limit(self) -> float | None:
        """The tokens of a text that are read, special ones counted; None or infinite where there is no limit."""
        return getattr(self._model, "max_seq_length", None)

    def tokenizer(self) -> TextTokenizer | None:
        """A copy of the model's tokenizer that knows offsets; None where the model's own does not."""
        own: Any = getattr(self._model, "tokenizer", None)
        backend: Any = getattr(own, "backend_tokenizer", own)
        if not hasattr(backend, "to_str"):
            return None
        with TemporaryDirectory() as place:
            path = Path(place, "tokenizer.json")
            path.write_text(backend.to_str(), encoding="utf-8")
            return TextTokenizer(path)

    def encode(self, texts: Sequence[str], prompt: str, role: Role, dim: int) -> FloatArray:
        """The vectors of `texts` behind `prompt`: float32 (n, dim).

        Texts go from the longest to the shortest; a batch that does not fit in the device's memory is halved.
        Raises InvalidOption when not even one text fits, ModelDamaged when the model cannot run or gives vectors of
        another length than `dim`.
        """
        vectors = np.empty((len(texts), dim), np.float32)
        order = np.argsort([-len(text) for text in texts], kind="stable")
        start, size = 0, _BATCH_TEXTS
        with torch_threads(self._threads):
            while start < len(order):
                rows = order[start : start + size]
                found = self._run_if_it_fits([texts[row] for row in rows], prompt, role)
                if found is None:
                    size = half_batch(len(rows), self._model.device.type)
                    continue
                if found.shape != (len(rows), dim):
                    raise ModelDamaged(f"{self.folder} gives vectors of shape {found.shape[1:]}, its files say {dim}")
                vectors[rows] = found
                start += len(rows)
        return vectors

    def tokens(self, text: str, prompt: str, role: Role) -> tuple[list[int], FloatArray] | None:
        """What is read of a text: its tokens' numbers, and the vectors they have before pooling, float32 (tokens, m).

        None from a model that has none for them. One text at a time: nothing is padded, wherever padding would go.
        Raises as encode() does.
        """
        seen: list[Any] = []
        hook = self._model[0].register_forward_hook(lambda module, given, features: seen.append(features))  # noqa: ARG005
        try:
            with torch_threads(self._threads):
                if self._run_if_it_fits([text], prompt, role) is None:
                    half_batch(1, self._model.device.type)
        finally:
            hook.remove()
        ids, vectors = seen[0].get("input_ids"), seen[0].get("token_embeddings")
        if ids is None or vectors is None or vectors.shape[:-1] != ids.shape:
            return None
        return ids[0].tolist(), vectors[0].float().cpu().numpy()

    def _run_if_it_fits(self, texts: list[str], prompt: str, role: Role) -> FloatArray | None:
        """The vectors of one batch; None when there is too little memory for it."""
        try:
            return self._run(texts, prompt, role)
        except Exception as error:
            if is_out_of_memory(error):
                return None
            raise ModelDamaged(f"{self.folder} cannot encode: {short(error)}") from error

    def _run(self, texts: list[str], prompt: str, role: Role) -> FloatArray:
        # Since 5 there is a method for each side, which also tells a Router the way. The prompt is always ours: with
        # its own choice a "passage" prompt would not be found, nor default_prompt_name be used.
        method = getattr(self._model, f"encode_{role.value}", self._model.encode)
        # No prompt is None, not "": before 5 an empty one is counted as a token of the text.
        found = method(texts, prompt=prompt or None, batch_size=len(texts), show_progress_bar=False)
        return np.asarray(found, np.float32)


def sentence_transformers_library() -> Any:
    """The library, imported quietly; raises ExtraMissing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import sentence_transformers
    except ModuleNotFoundError as error:
        if error.name != "sentence_transformers":
            raise
        raise ExtraMissing.of("sentence-transformers", "sentence-transformers", "to run this model") from None
    return sentence_transformers


def check_device(device: str | None) -> None:
    """Raises InvalidOption for a device that is not here."""
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # the second where torch was built without CUDA
        raise InvalidOption(f"device {device!r} cannot be used: {short(error)}; expected cuda, mps or cpu") from error


def check_tensors(folder: Path) -> None:
    """Raises ModelDamaged for a safetensors file that is cut short or none: transformers does not say which it was."""
    from safetensors import safe_open

    for path in sorted(folder.rglob("*.safetensors")):
        try:
            with safe_open(path, framework="np"):
                pass
        except Exception as error:  # the library's own, without a public base
            raise ModelDamaged(f"{path} cannot be read: {short(error)}; download it again") from error


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Nothing of what the libraries log, draw or warn of is seen; what they log is in the list."""
    from transformers.utils import logging as bars

    listener = _Listener()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    progress: Any = bars  # without types in some releases, with them in others
    drawn = progress.is_progress_bar_enabled()
    for logger in loggers:
        logger.handlers, logger.propagate = [listener], False
        logger.setLevel(logging.WARNING)
    progress.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield listener.said
    finally:
        for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
        if drawn:
            progress.enable_progress_bar()


class _Listener(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _missing_weights(said: Sequence[str]) -> list[str]:
    """The weights that transformers says it made up; a pooler's are not used for vectors, and many files lack them."""
    plain = STYLE.sub("", "\n".join(said))
    listed = [name.strip(" '\"\n") for names in MISSING_4.findall(plain) for name in names.split(",")]
    return [name for name in [*MISSING_5.findall(plain), *listed] if "pooler" not in name]


def mismatches(said: Sequence[str]) -> list[str]:
    """The first weight whose shape is not what config.json says: transformers 5 logs it, its error does not say it."""
    found = _MISMATCH_5.findall(STYLE.sub("", "\n".join(said)))
    return [f"{name}: {' '.join(reason.split())}" for name, reason in found[:1]]


@contextmanager
def torch_threads(threads: int | None) -> Iterator[None]:
    """Torch uses so many threads, and afterwards as many as before; None: as it likes."""
    if threads is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def half_batch(texts: int, device: str) -> int:
    """Half of a batch that did not fit, with the memory of the whole given back; raises InvalidOption for one text."""
    import torch

    if texts == 1:
        raise InvalidOption(f"device {device!r} has too little memory for one text: choose another one")
    getattr(getattr(torch, device, None), "empty_cache", lambda: None)()
    return texts // 2


def is_out_of_memory(error: Exception) -> bool:
    """Whether a device had too little memory: CUDA has a class for it, MPS and the processor only words."""
    return isinstance(error, MemoryError) or "out of memory" in str(error) or "can't allocate memory" in str(error)


def short(error: BaseException) -> str:
    """What an error says, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
