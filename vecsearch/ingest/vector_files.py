"""Write files of vectors: streamed, and complete or not there at all.

    .npy      float32 (n, dim) in NumPy's own format; row i is the vector of text i
    .parquet  id, text on request, and vector, a list of dim float32; its metadata names the model
    .jsonl    {"id": ..., "text": ..., "vector": [...]}, with the fewest digits that give the same float32 again

Source: numpy.lib.format for .npy. A stream of bytes gets JSON lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from vecsearch import files
from vecsearch.documents.json_values import storable_text
from vecsearch.documents.texts import NamedText
from vecsearch.errors import InvalidOption
from vecsearch.types import FloatArray

Write: TypeAlias = Callable[[Sequence[NamedText], FloatArray], None]

_METADATA_KEY = "vecsearch"  # in the schema of a Parquet file
_NPY_HEADER = 128  # bytes, whatever the number of rows, which is known only at the end


def check_output(out: Path | BinaryIO, read: Sequence[Path], *, with_text: bool) -> None:
    """Raises InvalidOption for another kind of file or one that is also read, PathNotFound where no file can be."""
    if not isinstance(out, Path):
        return
    suffix = out.suffix.lower()
    if suffix not in (".npy", ".parquet", ".jsonl"):
        raise InvalidOption(f"{out} cannot hold vectors: name a file that ends in .npy, .parquet or .jsonl")
    if with_text and suffix == ".npy":
        raise InvalidOption(f"{out} holds vectors only: for texts name a file that ends in .parquet or .jsonl")
    files.check_output(out)
    if out.exists() and any(path.samefile(out) for path in read):
        raise InvalidOption(f"{out} is also read and would be replaced: name another file for the vectors")


@contextmanager
def writing_vectors(
    out: Path | BinaryIO, dim: int, made_with: Mapping[str, Any], *, with_text: bool
) -> Iterator[Write]:
    """Give a function that writes texts with their vectors, a few at a time; after the block they are at `out`.

    When the block raises, a file at `out` is as before; what went to a stream cannot be taken back.
    """
    if not isinstance(out, Path):
        yield _json_lines(out, with_text)
        return
    with files.replacing(out) as stream:
        match out.suffix.lower():
            case ".npy":
                with _npy(stream, dim) as write:
                    yield write
            case ".parquet":
                with _parquet(stream, dim, made_with, with_text) as write:
                    yield write
            case _:
                yield _json_lines(stream, with_text)


def _json_lines(stream: BinaryIO, with_text: bool) -> Write:
    def write(texts: Sequence[NamedText], vectors: FloatArray) -> None:
        for text, vector in zip(texts, vectors, strict=True):
            head = {"id": storable_text(text.id)} | ({"text": storable_text(text.text)} if with_text else {})
            numbers = ", ".join(map(str, vector))  # str of a float32 is the shortest that gives it again
            line = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "vector": [{numbers}]}}\n'
            stream.write(line.encode())
        stream.flush()

    return write


@contextmanager
def _npy(stream: BinaryIO, dim: int) -> Iterator[Write]:
    n = 0

    def write(_: Sequence[NamedText], vectors: FloatArray) -> None:
        nonlocal n
        n += len(vectors)
        stream.write(vectors.astype("<f4", order="C", copy=False).tobytes())

    stream.write(_npy_header(n, dim))
    yield write
    stream.seek(0)
    stream.write(_npy_header(n, dim))


def _npy_header(n: int, dim: int) -> bytes:
    """Format 1.0: magic, version, the length of the rest, and the array's type and shape as a Python literal."""
    array = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({n}, {dim}), }}"
    magic, length = b"\x93NUMPY\x01\x00", _NPY_HEADER - 10
    return magic + length.to_bytes(2, "little") + array.ljust(length - 1).encode() + b"\n"


@contextmanager
def _parquet(stream: BinaryIO, dim: int, made_with: Mapping[str, Any], with_text: bool) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    vector = pa.list_(pa.float32(), dim)
    columns = {"id": pa.string(), **({"text": pa.string()} if with_text else {}), "vector": vector}
    schema = pa.schema(columns, metadata={_METADATA_KEY: json.dumps(dict(made_with))})

    def write(texts: Sequence[NamedText], vectors: FloatArray) -> None:
        arrays = [pa.array([storable_text(text.id) for text in texts], pa.string())]
        if with_text:
            arrays.append(pa.array([storable_text(text.text) for text in texts], pa.string()))
        arrays.append(pa.FixedSizeListArray.from_arrays(pa.array(np.ravel(vectors)), type=vector))
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

    with closing(pq.ParquetWriter(stream, schema, compression="zstd", use_dictionary=False)) as writer:
        yield write
