"""The messages of an ONNX file, written without the onnx package: what a graph of ours needs, and no more.

The numbers of fields and types are those of onnx.proto (ONNX 1.12 and newer, github.com/onnx/onnx), the encoding is
protobuf's: a key of field number and wire type, then the value (protobuf.dev/programming-guides/encoding). Fields are
written in the order of their numbers, so that the same graph has the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

FLOAT, INT32, INT64 = 1, 6, 7  # TensorProto.DataType
_TYPES = {"float32": FLOAT, "int32": INT32, "int64": INT64}
_EXTERNAL = 1  # TensorProto.DataLocation
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_INTS = 1, 2, 7  # AttributeProto.AttributeType
_VARINT, _LENGTH, _FIXED32 = 0, 2, 5  # wire types

Attribute: TypeAlias = "int | float | Sequence[int]"


def node(operator: str, inputs: Sequence[str], output: str, attributes: Mapping[str, Attribute]) -> bytes:
    """A NodeProto with one output, named like it."""
    return b"".join(
        [
            *(_text(1, name) for name in inputs),
            _text(2, output),
            _text(3, output),
            _text(4, operator),
            *(_message(5, _attribute(name, attributes[name])) for name in sorted(attributes)),
        ]
    )


def tensor(name: str, values: np.ndarray[Any, Any]) -> bytes:
    """A TensorProto with its values: float32, int32 or int64."""
    little = values.astype(values.dtype.newbyteorder("<"))
    head = _dims(values.shape) + _whole(2, _TYPES[values.dtype.name])
    return head + _text(8, name) + _message(9, little.tobytes())


def external_tensor(name: str, dims: Sequence[int], location: str) -> bytes:
    """A float32 TensorProto whose values are in another file."""
    entry = _text(1, "location") + _text(2, location)
    return _dims(dims) + _whole(2, FLOAT) + _text(8, name) + _message(13, entry) + _whole(14, _EXTERNAL)


def value_info(name: str, element: int, dims: Sequence[int | str]) -> bytes:
    """A ValueInfoProto: an input or output with its type and shape; a dimension of any size has a name."""
    sizes = b"".join(_message(1, _text(2, dim) if isinstance(dim, str) else _whole(1, dim)) for dim in dims)
    return _text(1, name) + _message(2, _message(1, _whole(1, element) + _message(2, sizes)))


def model(graph: bytes, *, ir_version: int, opset: int, producer: str) -> bytes:
    """A ModelProto that uses the standard operators of an opset."""
    operators = _text(1, "") + _whole(2, opset)
    return _whole(1, ir_version) + _text(2, producer) + _message(7, graph) + _message(8, operators)


def graph(
    name: str, nodes: Iterable[bytes], initializers: Iterable[bytes], inputs: Iterable[bytes], output: bytes
) -> bytes:
    """A GraphProto with one output."""
    return b"".join(
        [
            *(_message(1, each) for each in nodes),
            _text(2, name),
            *(_message(5, each) for each in initializers),
            *(_message(11, each) for each in inputs),
            _message(12, output),
        ]
    )


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _whole(3, value) + _whole(20, _ATTRIBUTE_INT)
    if isinstance(value, float):
        return _text(1, name) + _key(2, _FIXED32) + struct.pack("<f", value) + _whole(20, _ATTRIBUTE_FLOAT)
    return _text(1, name) + b"".join(_whole(8, each) for each in value) + _whole(20, _ATTRIBUTE_INTS)


def _dims(dims: Sequence[int]) -> bytes:
    return b"".join(_whole(1, dim) for dim in dims)


def _text(number: int, text: str) -> bytes:
    return _message(number, text.encode())


def _message(number: int, content: bytes) -> bytes:
    return _key(number, _LENGTH) + _varint(len(content)) + content


def _whole(number: int, value: int) -> bytes:
    return _key(number, _VARINT) + _varint(value % 2**64)  # a negative number in two's complement


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the highest bit of a byte says that more follow."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
