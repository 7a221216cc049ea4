"""How sentence-transformers opens a model: silently, from its folder, with the weights that are in it.

It and transformers log, draw progress bars and warn meanwhile; none of that reaches the user, and missing weights,
which they would replace by random numbers, are an error here.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, get_ident
from typing import Any

from vecsearch.errors import InvalidOption, ModelDamaged
from vecsearch.imports import require

_LOGGERS = ("transformers", "sentence_transformers", "huggingface_hub")
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_MISSING_5 = re.compile(r"^(\S.*?) +\| MISSING", re.M)  # a row of the report that transformers 5 logs
_MISMATCH_5 = re.compile(r"^(\S.*?) +\| MISMATCH +\| Reinit due to (.*)$", re.M)
_MISSING_4 = re.compile(r"newly initialized[^\[]*\[(.*?)\]", re.S)  # the list in the sentence that 4 logs


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchOptions:
    """`shortened` cuts vectors to that many numbers, `trusted` lets the model's own code run."""

    device: str | None = None
    threads: int | None = None
    shortened: int | None = None
    trusted: bool = False


def sentence_transformers_library() -> Any:
    """Import the library silently; raises ExtraMissing."""
    with _SILENCE.warnings():
        return require(
            "sentence_transformers", "sentence-transformers", "to run this model", package="sentence-transformers"
        )


@contextmanager
def opening(
    folder: Path, options: TorchOptions, needed: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Let the library open a model in the block, silently, from the path and with the arguments that the block gets.

    Raises ModelDamaged when it cannot, or when a weight whose name is `needed` is missing; InvalidOption for an
    unusable device.
    """
    check_device(options.device)
    check_tensors(folder)
    with quiet() as messages:
        try:
            arguments = {"device": options.device, "trust_remote_code": options.trusted, "local_files_only": True}
            yield str(folder.absolute()), arguments  # a relative path could be taken for a name on the hub
        except Exception as error:  # whatever a library that opens hundreds of architectures raises
            reason = "; ".join(_mismatches(messages)) or short(error)
            raise ModelDamaged(f"{folder} cannot be opened by sentence-transformers: {reason}") from error
    if missing := list(filter(needed, _missing_weights(messages))):
        raise ModelDamaged(f"{folder}: its safetensors lack {missing[0]}, which config.json asks for")


def check_device(device: str | None) -> None:
    """Raise InvalidOption for a device that torch cannot use."""
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # the second where torch was built without CUDA
        raise InvalidOption(f"device {device!r} cannot be used: {short(error)}; expected cuda, mps or cpu") from error


def check_tensors(folder: Path) -> None:
    """Raise ModelDamaged for a truncated or invalid safetensors file: transformers does not say which one it was."""
    from safetensors import safe_open

    for path in sorted(folder.rglob("*.safetensors")):
        try:
            with safe_open(path, framework="np"):
                pass
        except Exception as error:  # the library's own, without a public base
            raise ModelDamaged(f"{path} cannot be read: {short(error)}; download it again") from error


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Silence what the libraries log, draw or warn of; what they log in this thread is in the list.

    Several threads may be inside at once: the libraries speak again when the last one has left.
    """
    with _SILENCE.logs() as messages:
        yield messages


def short(error: BaseException) -> str:
    """Return an error's class and message in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]


class _Silence:
    """The libraries' silence, which is the process's: the first thread inside makes it, the last one ends it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._warnings = _Shared(_without_warnings)
        self._logs = _Shared(self._without_logs)
        self._listeners: list[tuple[int, list[str]]] = []  # the thread that listens, and what it has heard

    @contextmanager
    def warnings(self) -> Iterator[None]:
        with self._warnings.entered():
            yield

    @contextmanager
    def logs(self) -> Iterator[list[str]]:
        messages: list[str] = []
        listener = get_ident(), messages
        with self._warnings.entered(), self._logs.entered():
            with self._lock:
                self._listeners.append(listener)
            try:
                yield messages
            finally:
                with self._lock:
                    self._listeners = [other for other in self._listeners if other[1] is not messages]

    def hear(self, record: logging.LogRecord) -> None:
        with self._lock:
            for thread, messages in self._listeners:
                if thread == record.thread:
                    messages.append(record.getMessage())

    @contextmanager
    def _without_logs(self) -> Iterator[None]:
        from transformers.utils import logging as bars

        loggers = [logging.getLogger(name) for name in _LOGGERS]
        before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
        progress: Any = bars  # typed in some releases only
        drawn = progress.is_progress_bar_enabled()
        for logger in loggers:
            logger.handlers, logger.propagate = [_Handler(self)], False
            logger.setLevel(logging.WARNING)
        progress.disable_progress_bar()
        try:
            yield
        finally:
            for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
                logger.handlers, logger.propagate = handlers, propagate
                logger.setLevel(level)
            if drawn:
                progress.enable_progress_bar()


class _Handler(logging.Handler):
    """Passes on what is logged."""

    def __init__(self, silence: _Silence) -> None:
        super().__init__()
        self._silence = silence

    def emit(self, record: logging.LogRecord) -> None:
        self._silence.hear(record)


class _Shared:
    """A context that several threads may be inside of: the first one enters it, the last one leaves it."""

    def __init__(self, context: Callable[[], Any]) -> None:
        self._context = context
        self._lock = Lock()
        self._inside = 0
        self._entered = ExitStack()

    @contextmanager
    def entered(self) -> Iterator[None]:
        with self._lock:
            if self._inside == 0:
                self._entered.enter_context(self._context())
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    self._entered.close()


@contextmanager
def _without_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


_SILENCE = _Silence()


def _missing_weights(messages: Sequence[str]) -> list[str]:
    """The weights that transformers reports as made up."""
    plain = _STYLE.sub("", "\n".join(messages))
    listed = [name.strip(" '\"\n") for names in _MISSING_4.findall(plain) for name in names.split(",")]
    return [*_MISSING_5.findall(plain), *listed]


def _mismatches(messages: Sequence[str]) -> list[str]:
    """The first weight whose shape differs from config.json: transformers 5 logs it and leaves it out of its error."""
    mismatches = _MISMATCH_5.findall(_STYLE.sub("", "\n".join(messages)))
    return [f"{name}: {' '.join(reason.split())}" for name, reason in mismatches[:1]]
