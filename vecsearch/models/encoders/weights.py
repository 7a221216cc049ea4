"""The tensors of a .safetensors file, mapped from disk, so that nothing is read until it is used.

The format: 8 bytes little-endian header length, a JSON header with dtype, shape and byte range of each tensor, the
bytes. https://huggingface.co/docs/safetensors. Every number of the header is checked before it is used.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from vecsearch.errors import ModelDamaged
from vecsearch.models.encoders.transformer.architecture import Shape, parameters
from vecsearch.types import FloatArray, IntArray

_Bytes: TypeAlias = "np.memmap[Any, np.dtype[np.uint8]]"

_HEADER_LIMIT = 100 << 20  # the format's own
_WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
_INTEGERS = {"I64": "<i8", "I32": "<i4", "I8": "i1"}


def read_weights(path: Path) -> dict[str, FloatArray]:
    """Return the floating point tensors of a file by name, float32; others are left out. Writes to them stay in memory.

    Raises ModelDamaged when the file is truncated, larger than its header says, or not a safetensors file.
    """
    with _opened(path) as (content, header):
        return {name: _tensor(content, entry) for name, entry in header.items() if entry["dtype"] in _WIDTHS}


def read_tensor(path: Path, name: str) -> FloatArray | None:
    """Return the floating point tensor of this name, float32, or None; raises as read_weights()."""
    with _opened(path) as (content, header):
        entry = header.get(name)
        return _tensor(content, entry) if entry and entry["dtype"] in _WIDTHS else None


def read_integers(path: Path) -> dict[str, IntArray]:
    """Return the tensors of signed integers of a file by name, int64; raises as read_weights()."""
    with _opened(path) as (content, header):
        return {name: _integers(content, entry) for name, entry in header.items() if entry["dtype"] in _INTEGERS}


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all tensors of a file by name; reads only its header, and raises as read_weights()."""
    header, _ = _header(path)
    try:
        return {name: tuple(map(int, entry["shape"])) for name, entry in header.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise ModelDamaged(f"{path} has an invalid safetensors header: {error!r}") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[_Bytes, dict[str, Any]]]:
    """The mapped bytes of all tensors, and the header's entries by name; an invalid entry is ModelDamaged."""
    header, start = _header(path)
    try:
        content = np.memmap(path, np.uint8, "c", offset=start)  # some runtimes refuse a read-only array
        yield content, header
    except (KeyError, TypeError, ValueError, IndexError) as error:
        if isinstance(error, ModelDamaged):
            raise
        raise ModelDamaged(f"{path} has an invalid safetensors header: {error!r}") from error


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """The header's entries by name, and where the bytes of the tensors start; raises ModelDamaged."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if 2 <= length <= min(size - 8, _HEADER_LIMIT) else None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelDamaged(f"{path} is not a safetensors file: {error}") from error
    if not isinstance(header, dict):
        raise ModelDamaged(f"{path} is not a safetensors file, or was truncated")
    header.pop("__metadata__", None)
    try:
        end = max(entry["data_offsets"][1] for entry in header.values())
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ModelDamaged(f"{path} has an invalid safetensors header: {error!r}") from error
    if size != 8 + length + end:
        raise ModelDamaged(f"{path} has {size} bytes, its header says {8 + length + end}: download it again")
    return header, 8 + length


def read_parameters(path: Path, shape: Shape) -> dict[str, FloatArray]:
    """Return the tensors that a graph of `shape` needs, from a file that may name them with a prefix ("bert.").

    Early BERT models, and files that transformers 5.3 saves, name the scale and shift of a LayerNorm gamma and beta.
    Raises ModelDamaged naming the first tensor that is missing or has another shape.
    """
    tensors = read_weights(path)
    by_name = {_current_name(name.removeprefix(f"{shape.family.value}.")): tensor for name, tensor in tensors.items()}
    needed = parameters(shape)
    for name, dims in needed.items():
        if name not in by_name:
            raise ModelDamaged(f"{path} holds no tensor {name}")
        if by_name[name].shape != dims:
            raise ModelDamaged(f"{path}: {name} has shape {by_name[name].shape}, config.json says {dims}")
    return {name: by_name[name] for name in needed}


def _current_name(name: str) -> str:
    for old, new in (("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")):
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def _tensor(content: _Bytes, entry: dict[str, Any]) -> FloatArray:
    raw, shape = _raw(content, entry, _WIDTHS[entry["dtype"]])
    if entry["dtype"] == "F64":
        return raw.view("<f8").astype(np.float32).reshape(shape)
    if entry["dtype"] == "F16":
        return raw.view("<f2").astype(np.float32).reshape(shape)
    if entry["dtype"] == "BF16":  # the upper half of a float32
        return (raw.view("<u2").astype(np.uint32) << 16).view(np.float32).reshape(shape)
    return np.require(raw.view("<f4").reshape(shape), np.float32, ["C", "A"])


def _integers(content: _Bytes, entry: dict[str, Any]) -> IntArray:
    kind = np.dtype(_INTEGERS[entry["dtype"]])
    raw, shape = _raw(content, entry, kind.itemsize)
    return raw.view(kind).astype(np.int64).reshape(shape)


def _raw(content: _Bytes, entry: dict[str, Any], width: int) -> tuple[npt.NDArray[np.uint8], tuple[int, ...]]:
    """The bytes of a tensor whose numbers are `width` bytes wide, and its shape."""
    start, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if not 0 <= start <= end <= len(content) or end - start != math.prod(shape) * width:
        raise ValueError(f"bytes {start} to {end} for shape {shape}")
    return np.asarray(content[start:end]), shape
