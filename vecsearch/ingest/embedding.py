"""Many texts to vectors, for who only wants the vectors: embed() and its two streaming forms. No index is involved.

    texts -> windows -> known vectors from the cache, the rest from the model -> the vectors, in the order of the texts

Memory is bounded by a window and, for embed(), by the vectors it returns. What files say is in `documents/texts.py`,
how vectors are written in `vector_files.py`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO, TypedDict

import numpy as np

from vecsearch.documents import RecordFields
from vecsearch.documents.texts import NamedText, check_sources, read_texts, size_of
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.ingest.vector_files import check_output, writing_vectors
from vecsearch.models.cache import Cache
from vecsearch.models.encoder import Encoded, Encoder, count_cut, encode_cached
from vecsearch.models.encoders import DEFAULT_MODEL, load_encoder
from vecsearch.reports import Progress
from vecsearch.types import FloatArray, Role

if TYPE_CHECKING:
    from typing_extensions import Unpack

_WINDOW_CHARACTERS = 1_000_000  # about 2,000 paragraphs: enough to sort by length, little to hold
_WINDOW_TEXTS = 4_096


class _EmbedKeywords(TypedDict, total=False):
    """How `embed_batches` and `embed_files` may be told to embed: as `embed` is."""

    model: str | Encoder
    role: Role | str
    dim: int | None
    runtime: str | None
    threads: int | None
    cache: bool
    progress: Callable[[Progress], None] | None


@dataclass(frozen=True, slots=True)
class EmbedReport:
    """What `embed_files` did: `texts`, of which `encoded` by the model and `cached`, vectors known from before.

    `cut` texts are longer than the model reads. `seconds` is wall-clock time.
    """

    model: str
    dim: int
    texts: int
    encoded: int
    cached: int
    cut: int
    seconds: float


def embed(
    texts: Iterable[str],
    *,
    model: str | Encoder = DEFAULT_MODEL,
    role: Role | str = Role.DOCUMENT,
    dim: int | None = None,
    runtime: str | None = None,
    threads: int | None = None,
    cache: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> FloatArray:
    """The vectors of `texts`, in their order: float32 (n, dim). Only a text never seen before is encoded, and once.

    `role` is the side of a search that the texts stand on. `dim`, `runtime` and `threads` go with the name of a
    model. Without `cache`, vectors are neither looked up nor kept. `progress` is told how many texts have theirs,
    each counted as a document of one chunk. What is longer than the model reads is cut, and a RuntimeWarning says
    how many are. Raises InvalidDocument for an item that is no str, InvalidVector for a text that has no vector,
    InvalidOption, ModelNotFound, ModelDamaged; vectors made before that stay in the cache.
    """
    run = _run(model=model, role=role, dim=dim, runtime=runtime, threads=threads, cache=cache, progress=progress)
    pieces = [vectors for _, vectors in run.batches(_numbered(texts))]
    _warn_of_cut(run)
    return _joined(pieces, run.encoder.dim)


def embed_batches(texts: Iterable[str], **how: Unpack[_EmbedKeywords]) -> Iterator[tuple[list[str], FloatArray]]:
    """The texts in their order, some thousands at a time, with their vectors, float32 (n, dim).

    For more than fits into memory. Takes and raises what `embed` does; what is wrong with a text is raised when its
    batch is reached.
    """
    return _batches(_run(**how), _numbered(texts))


def embed_files(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str] | TextIO],
    out: str | os.PathLike[str] | BinaryIO,
    *,
    id_field: str | None = None,
    text_field: str | None = None,
    title_field: str | None = None,
    json_lines: bool | None = None,
    with_text: bool = False,
    **how: Unpack[_EmbedKeywords],
) -> EmbedReport:
    """The vectors of all texts in `files`, paths or open streams, are in the file `out`, in the order of the texts.

    A file holds a text a line; .jsonl, .csv and .parquet hold one a record, with the fields `_id` or `id`, `text`,
    and `title` in front of it. `json_lines` says of all files whether their lines are JSON. `out` ends in .npy,
    .parquet or .jsonl, and is written as a whole or not at all; or it is a stream, which gets JSON lines. Takes and
    raises what `embed` does, but counts in its report what was cut; PathNotFound before anything is done.
    """
    named = [files] if isinstance(files, (str, os.PathLike)) else files
    sources = [Path(file) if isinstance(file, (str, os.PathLike)) else file for file in named]
    target = Path(out) if isinstance(out, (str, os.PathLike)) else out
    fields = RecordFields(id=id_field, text=text_field, title=title_field)
    check_sources(sources)
    check_output(target, [source for source in sources if isinstance(source, Path)], with_text=with_text)
    run = _run(**how)
    run.bytes_total = size_of(sources)
    texts = chain.from_iterable(read_texts(source, fields, json_lines=json_lines) for source in sources)
    with writing_vectors(target, run.encoder.dim, run.made_with, with_text=with_text) as write:
        for window, vectors in run.batches(texts):
            write(window, vectors)
    return run.report()


@dataclass(slots=True)
class _Run:
    """What embeds, and what it has done so far; `bytes_total` of the files to read, when that is known."""

    encoder: Encoder
    role: Role
    keeps: bool
    listener: Callable[[Progress], None]
    bytes_total: int = 0
    texts: int = 0
    encoded: int = 0
    cached: int = 0
    cut: int = 0
    _settled: int = 0
    _bytes_settled: float = 0.0
    _started: float = field(default_factory=monotonic)

    def batches(self, texts: Iterable[NamedText]) -> Iterator[tuple[list[NamedText], FloatArray]]:
        """The texts in windows, each with its raw vectors, (n, dim)."""
        with closing(Cache(size=None if self.keeps else 0)) as cache:  # of size 0 it knows nothing and keeps nothing
            for window in _windows(texts):
                result = self._encode(window, cache)
                self.texts += len(window)
                self.encoded += result.encoded
                self.cached += result.cached
                self.cut += count_cut(self.encoder, [text.text for text in window])
                yield window, result.vectors

    def report(self) -> EmbedReport:
        """What the run has done, as the user gets it."""
        counts = {name: getattr(self, name) for name in ("texts", "encoded", "cached", "cut")}
        return EmbedReport(self.encoder.name, self.encoder.dim, **counts, seconds=monotonic() - self._started)

    @property
    def made_with(self) -> dict[str, object]:
        """What says whether these vectors can be compared with others."""
        encoder = self.encoder
        model = {"name": encoder.name, "fingerprint": encoder.fingerprint, "dim": encoder.dim}
        return {"model": model, "role": self.role.value}

    def _encode(self, window: Sequence[NamedText], cache: Cache) -> Encoded:
        texts = [text.text for text in window]
        share = sum(text.size for text in window) / len(window)

        def settled(n: int) -> None:
            self._settled += n
            self._bytes_settled += n * share
            done = min(round(self._bytes_settled), self.bytes_total)
            self.listener(Progress(self._settled, self._settled, done, self.bytes_total))

        return encode_cached(self.encoder, cache, texts, self.role, name=lambda i: window[i].id, done=settled)


def _run(
    *,
    model: str | Encoder = DEFAULT_MODEL,
    role: Role | str = Role.DOCUMENT,
    dim: int | None = None,
    runtime: str | None = None,
    threads: int | None = None,
    cache: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> _Run:
    asked = {"dim": dim, "runtime": runtime, "threads": threads}
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if given and not isinstance(model, str):
        raise InvalidOption(f"{' and '.join(given)} go with the name of a model; an encoder is used as it was made")
    encoder = load_encoder(model, **given) if isinstance(model, str) else model
    return _Run(encoder, Role.of(role), cache, progress or (lambda _: None))


def _batches(run: _Run, texts: Iterable[NamedText]) -> Iterator[tuple[list[str], FloatArray]]:
    for window, vectors in run.batches(texts):
        yield [text.text for text in window], vectors
    _warn_of_cut(run)


def _numbered(texts: Iterable[str]) -> Iterator[NamedText]:
    """The texts, each called by its number; raises InvalidDocument for what is none."""
    if isinstance(texts, (str, bytes, Mapping)):  # a str is iterable too, by its characters
        raise InvalidDocument(f"embed takes an iterable of texts, not one {type(texts).__name__}: put it into a list")
    return (_called(number, text) for number, text in enumerate(texts))


def _called(number: int, text: object) -> NamedText:
    if not isinstance(text, str):
        raise InvalidDocument(f"text {number} is {type(text).__name__}, expected str")
    return NamedText(f"text {number}", text, len(text))


def _windows(texts: Iterable[NamedText]) -> Iterator[list[NamedText]]:
    """The stream in pieces that are worth sorting by length and bounded in memory."""
    window: list[NamedText] = []
    characters = 0
    for text in texts:
        window.append(text)
        characters += len(text.text)
        if characters >= _WINDOW_CHARACTERS or len(window) >= _WINDOW_TEXTS:
            yield window
            window, characters = [], 0
    if window:
        yield window


def _joined(pieces: list[FloatArray], dim: int) -> FloatArray:
    """The pieces as one array, (n, dim); each is let go when it is in it, so that memory is not needed twice."""
    end = sum(map(len, pieces))
    vectors = np.empty((end, dim), np.float32)
    while pieces:
        piece = pieces.pop()
        vectors[end - len(piece) : end] = piece
        end -= len(piece)
    return vectors


def _warn_of_cut(run: _Run) -> None:
    if run.cut:
        warnings.warn(
            f"vecsearch: {run.cut:,} of {run.texts:,} texts are longer than the {run.encoder.max_tokens:,} tokens "
            f"{run.encoder.name} reads; the rest of them was not read",
            RuntimeWarning,
            stacklevel=3,
        )
