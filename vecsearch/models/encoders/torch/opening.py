"""How sentence-transformers opens a model: quietly, from its folder, with the weights that are there.

It and transformers log, draw bars and warn meanwhile; none of that reaches the user, and what they say of missing
weights is an error here: they would go on with random numbers in their place.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vecsearch.errors import ExtraMissing, InvalidOption, ModelDamaged

_LOGGERS = ("transformers", "sentence_transformers", "huggingface_hub")
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_MISSING_5 = re.compile(r"^(\S.*?) +\| MISSING", re.M)  # a row of the report that transformers 5 logs
_MISMATCH_5 = re.compile(r"^(\S.*?) +\| MISMATCH +\| Reinit due to (.*)$", re.M)
_MISSING_4 = re.compile(r"newly initialized[^\[]*\[(.*?)\]", re.S)  # the list in the sentence that 4 logs


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchOptions:
    """`shortened` cuts vectors to so many numbers, `trusted` lets code of the model's own run."""

    device: str | None = None
    threads: int | None = None
    shortened: int | None = None
    trusted: bool = False


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


@contextmanager
def opening(
    folder: Path, options: TorchOptions, needed: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The library opens a model in the block: quietly, from the place and with the arguments that the block gets.

    Raises ModelDamaged when it cannot, or makes up a weight whose name is `needed`; InvalidOption for a device that is
    not here.
    """
    check_device(options.device)
    check_tensors(folder)
    with quiet() as said:
        try:
            arguments = {"device": options.device, "trust_remote_code": options.trusted, "local_files_only": True}
            yield str(folder.absolute()), arguments  # a relative place could be taken for a name on the hub
        except Exception as error:  # whatever a library that opens hundreds of architectures raises
            reason = "; ".join(_mismatches(said)) or short(error)
            raise ModelDamaged(f"{folder} cannot be opened by sentence-transformers: {reason}") from error
    if missing := list(filter(needed, _missing_weights(said))):
        raise ModelDamaged(f"{folder}: its safetensors lack {missing[0]}, which config.json asks for")


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
    """The weights that transformers says it made up."""
    plain = _STYLE.sub("", "\n".join(said))
    listed = [name.strip(" '\"\n") for names in _MISSING_4.findall(plain) for name in names.split(",")]
    return [*_MISSING_5.findall(plain), *listed]


def _mismatches(said: Sequence[str]) -> list[str]:
    """The first weight whose shape is not what config.json says: transformers 5 logs it, its error does not say it."""
    found = _MISMATCH_5.findall(_STYLE.sub("", "\n".join(said)))
    return [f"{name}: {' '.join(reason.split())}" for name, reason in found[:1]]


def short(error: BaseException) -> str:
    """What an error says, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
