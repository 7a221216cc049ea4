"""Files of word vectors, read block by block: word2vec's text and binary form, GloVe's text; each may be gzipped.

Text files have a word and its numbers on each line, separated by blanks. word2vec puts a line "count dim" above them,
GloVe does not. word2vec's binary form has that line too, then for each word its bytes, a blank, little-endian float32
numbers, and in some files a line feed. Words may contain blanks (GloVe 840B has ". . ."): the last `dim` columns are
the numbers. Sources: word2vec.c and its distance.c (Mikolov et al. 2013), GloVe's glove.c (Pennington et al. 2014),
https://fasttext.cc/docs/en/crawl-vectors.html. Stores nothing: `word_table` does.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import numpy as np

from vecsearch.errors import ModelDamaged
from vecsearch.types import FloatArray

Block: TypeAlias = tuple[list[str], FloatArray]  # words, and their vectors (words, dim)

_BLOCK_BYTES = 16 << 20  # what is parsed at once
_LONGEST_LINE = 4 << 20
_LONGEST_WORD = 1 << 16
_LARGEST_DIM = 1 << 16
_GZIP = b"\x1f\x8b"
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class WordFile:
    """What the beginning of a file says: `count` words with `dim` numbers each; `count` is None without a header."""

    path: Path
    dim: int
    count: int | None
    binary: bool


def read_beginning(path: Path) -> WordFile:
    """Return the kind of file at `path`, from its first lines; raises ModelDamaged when it holds no word vectors."""
    with _opened(path) as stream:
        first = stream.readline(_LONGEST_LINE)
        header = re.fullmatch(rb"(\d{1,18}) (\d{1,18})\s*", first)
        if header is None:
            return WordFile(path=path, dim=_trailing_numbers(path, first), count=None, binary=False)
        count, dim = int(header[1]), int(header[2])
        if not (count > 0 and 0 < dim <= _LARGEST_DIM):
            raise ModelDamaged(f"{path}, line 1: {count} words of {dim} numbers; expected 1 to {_LARGEST_DIM} numbers")
        binary = path.name.endswith((".bin", ".bin.gz")) or _is_binary(stream.readline(_LONGEST_LINE))
        return WordFile(path=path, dim=dim, count=count, binary=binary)


def read_blocks(file: WordFile) -> Iterator[Block]:
    """Yield the words and vectors of a file in their order, some megabytes at a time; a word may occur twice.

    Raises ModelDamaged naming the line or word for a malformed line or record, NaN or infinity, and for fewer or more
    vectors than the header says.
    """
    count = 0
    for words, vectors in _binary_blocks(file) if file.binary else _text_blocks(file):
        count += len(words)
        yield words, vectors
    if count != (file.count or count):
        raise ModelDamaged(f"{file.path} holds {count} vectors, its header says {file.count}: download it again")


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file's content, unzipped; a failure to read it is ModelDamaged."""
    try:
        with path.open("rb") as raw:
            zipped = raw.read(len(_GZIP)) == _GZIP
            raw.seek(0)
            yield cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if zipped else raw
    except (OSError, EOFError, zlib.error) as error:
        raise ModelDamaged(f"{path} cannot be read as word vectors: {error}") from error


def _trailing_numbers(path: Path, line: bytes) -> int:
    """The number of numbers at the end of a file's first line, without its first column, which is a word."""
    columns = line.rstrip().split(b" ")[1:]
    numbers = next((i for i, column in enumerate(reversed(columns)) if not _is_number(column)), len(columns))
    if not 0 < numbers <= _LARGEST_DIM:
        raise ModelDamaged(f"{path}, line 1 has {numbers} numbers after a word: this is not a file of word vectors")
    return numbers


def _is_number(column: bytes) -> bool:
    try:
        float(column)
    except ValueError:
        return False
    return True


def _is_binary(line: bytes) -> bool:
    """Whether what follows the header is binary: float32 numbers have bytes that no text has."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return True
    return _CONTROL.search(line) is not None


def _text_blocks(file: WordFile) -> Iterator[Block]:
    number = 1
    with _opened(file.path) as stream:
        if file.count is not None:
            stream.readline(_LONGEST_LINE)
            number += 1
        for lines in _lines(file.path, stream):
            yield _parse(file, lines, number)
            number += len(lines)


def _lines(path: Path, stream: BinaryIO) -> Iterator[list[bytes]]:
    rest = b""
    while piece := stream.read(_BLOCK_BYTES):
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise ModelDamaged(
                f"{path} has a line of more than {_LONGEST_LINE} bytes: this is not a file of word vectors"
            )
        yield lines
    yield [rest]


def _parse(file: WordFile, lines: Sequence[bytes], first: int) -> Block:
    """The words and vectors of some lines; `first` is the number of the first one."""
    words: list[str] = []
    columns: list[bytes] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, first):
        if stripped := line.rstrip(b" \r"):  # fastText writes a blank at the end of a line
            word, numerals = _split(file, stripped, number)
            words.append(word.decode("utf-8", "replace"))
            columns.append(numerals)
            numbers.append(number)
    vectors = _numbers(file, columns, numbers)
    if not (finite := np.isfinite(vectors).all(axis=1)).all():
        raise ModelDamaged(f"{file.path}, line {numbers[int(np.argmin(finite))]} holds NaN or infinity")
    return words, vectors


def _split(file: WordFile, line: bytes, number: int) -> tuple[bytes, bytes]:
    """The word and the numerals of a line; the numerals are not checked."""
    if line.count(b" ") == file.dim:
        word, _, numerals = line.partition(b" ")
        return word, numerals
    word, *columns = line.rsplit(b" ", file.dim)
    extra = len(word.split(b" ")) - 1
    if len(columns) < file.dim or (extra and _is_number(word.rpartition(b" ")[2])):
        raise ModelDamaged(f"{file.path}, line {number} has {len(columns) + extra} numbers, expected {file.dim}")
    return word, b" ".join(columns)


def _numbers(file: WordFile, columns: Sequence[bytes], numbers: Sequence[int]) -> FloatArray:
    """The vectors in lines of numerals; after a failure, the line that caused it is searched for."""
    if not columns:
        return np.empty((0, file.dim), np.float32)
    try:
        return np.loadtxt(columns, np.float32, comments=None, delimiter=" ", ndmin=2)
    except ValueError as error:
        for line, number in zip(columns, numbers, strict=True):
            for column in line.split(b" "):
                if not _is_number(column):
                    shown = column.decode("utf-8", "replace")[:40]
                    raise ModelDamaged(f"{file.path}, line {number}: {shown!r} is not a number") from None
        raise ModelDamaged(f"{file.path}, lines {numbers[0]} to {numbers[-1]}: {error}") from error


def _binary_blocks(file: WordFile) -> Iterator[Block]:
    rest, read = b"", 0
    with _opened(file.path) as stream:
        stream.readline(_LONGEST_LINE)
        while piece := stream.read(_BLOCK_BYTES):
            words, numbers, rest = _records(file, rest + piece)
            vectors = np.frombuffer(numbers, "<f4").astype(np.float32, copy=False).reshape(-1, file.dim)
            if not (finite := np.isfinite(vectors).all(axis=1)).all():
                row = int(np.argmin(finite))
                raise ModelDamaged(f"{file.path}, word {read + row + 1} ({words[row][:40]!r}) holds NaN or infinity")
            read += len(words)
            yield words, vectors
    if rest.strip(b"\n"):
        raise ModelDamaged(f"{file.path} ends in the middle of word {read + 1} of {file.count}: download it again")


def _records(file: WordFile, content: bytes) -> tuple[list[str], bytes, bytes]:
    """The whole records at the beginning of `content`: their words, their numbers, and the remaining bytes."""
    words: list[str] = []
    vectors: list[bytes] = []
    start, size = 0, 4 * file.dim
    while 0 <= (blank := content.find(b" ", start, start + _LONGEST_WORD)) < len(content) - size:
        words.append(content[start:blank].lstrip(b"\n").decode("utf-8", "replace"))
        vectors.append(content[blank + 1 : blank + 1 + size])
        start = blank + 1 + size
    if blank < 0 and len(content) - start >= _LONGEST_WORD:
        raise ModelDamaged(
            f"{file.path} has a word of more than {_LONGEST_WORD} bytes: this is not a binary word2vec file"
        )
    return words, b"".join(vectors), content[start:]
