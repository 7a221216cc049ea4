"""Turn many texts into vectors, without an index: embed() and its two streaming forms.

    texts -> windows -> known vectors from the cache, the rest from the model -> the vectors, in the order of the texts

Memory is bounded by a window and, for embed(), by the vectors it returns. Files of texts are read in
`documents/texts.py`, files of vectors are written in `vector_files.py`.
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
from typing import BinaryIO, TextIO

import numpy as np

from vecsearch.choices import RoleName
from vecsearch.documents import RecordFields
from vecsearch.documents.texts import NamedText, check_sources, read_texts, size_of
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.ingest.vector_files import check_output, writing_vectors
from vecsearch.models.cache import Cache
from vecsearch.models.cached_encoding import Encoded, count_cut, encode_cached
from vecsearch.models.consent import remember_consent
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import DEFAULT_MODEL, load_encoder
from vecsearch.reports import Progress
from vecsearch.types import FloatArray, Role

_WINDOW_CHARACTERS = 1_000_000  # about 2,000 paragraphs: enough to sort by length, little to hold
_WINDOW_TEXTS = 4_096


@dataclass(frozen=True, slots=True)
class EmbedReport:
    """What `embed_files` did with `texts`: `encoded` by the model, or `cached`, their vectors known from before.

    `cut` counts texts longer than the model reads. `seconds` is wall-clock time.
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
    role: Role | RoleName = Role.DOCUMENT,
    dim: int | None = None,
    runtime: str | None = None,
    threads: int | None = None,
    cache: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> FloatArray:
    """Return the vectors of `texts`, in their order: float32 (n, dim). A text is encoded once, and only if it is new.

    `role` says which side of a search the texts are on. `dim`, `runtime` and `threads` are for a `model` given by
    name. Without `cache`, vectors are neither looked up nor kept. `progress` is called with the number of texts that
    have their vectors, each counted as a document of one chunk. The model does not read the rest of a text that is
    too long for it; a RuntimeWarning says how many texts were cut. Raises InvalidDocument for an item that is not a
    str, InvalidVector for a text that has no vector, InvalidOption, ModelNotFound, ModelDamaged; vectors made before
    that stay in the cache.
    """
    run = _start(model, role, dim, runtime, threads, cache, progress)
    pieces = [vectors for _, vectors in run.batches(_numbered(texts))]
    _warn_of_cut(run)
    return _joined(pieces, run.encoder.dim)


def embed_batches(
    texts: Iterable[str],
    *,
    model: str | Encoder = DEFAULT_MODEL,
    role: Role | RoleName = Role.DOCUMENT,
    dim: int | None = None,
    runtime: str | None = None,
    threads: int | None = None,
    cache: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[tuple[list[str], FloatArray]]:
    """Yield the texts in their order, up to a few thousand at a time, with their vectors, float32 (n, dim).

    For more vectors than fit into memory. The options, and what is raised, are those of `embed`; an error about a text
    is raised when its batch is reached.
    """
    return _batches(_start(model, role, dim, runtime, threads, cache, progress), _numbered(texts))


def embed_files(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str] | TextIO],
    out: str | os.PathLike[str] | BinaryIO,
    *,
    id_field: str | None = None,
    text_field: str | None = None,
    title_field: str | None = None,
    json_lines: bool | None = None,
    with_text: bool = False,
    model: str | Encoder = DEFAULT_MODEL,
    role: Role | RoleName = Role.DOCUMENT,
    dim: int | None = None,
    runtime: str | None = None,
    threads: int | None = None,
    cache: bool = True,
    progress: Callable[[Progress], None] | None = None,
) -> EmbedReport:
    """Write the vectors of all texts in `files`, paths or open streams, to the file `out`, in the order of the texts.

    A file holds a text a line; .jsonl, .csv and .parquet hold one a record, with the fields `_id` or `id`, `text`,
    and `title`, which goes in front of the text. `json_lines` says for all files whether their lines are JSON. `out`
    ends in .npy, .parquet or .jsonl and is written as a whole or not at all; a stream gets JSON lines. The other
    options, and what is raised, are those of `embed`, but texts that were cut are counted in the report. Raises
    PathNotFound before anything is done.
    """
    listed = [files] if isinstance(files, (str, os.PathLike)) else files
    sources = [Path(file) if isinstance(file, (str, os.PathLike)) else file for file in listed]
    target = Path(out) if isinstance(out, (str, os.PathLike)) else out
    fields = RecordFields(id=id_field, text=text_field, title=title_field)
    check_sources(sources)
    check_output(target, [source for source in sources if isinstance(source, Path)], with_text=with_text)
    run = _start(model, role, dim, runtime, threads, cache, progress)
    run.bytes_total = size_of(sources)
    texts = chain.from_iterable(read_texts(source, fields, json_lines=json_lines) for source in sources)
    with writing_vectors(target, run.encoder.dim, run.made_with, with_text=with_text) as write:
        for window, vectors in run.batches(texts):
            write(window, vectors)
    return run.report()


@dataclass(slots=True)
class _Run:
    """One run and its counts so far; `bytes_total` is the size of the files to read, 0 where it is not known."""

    encoder: Encoder
    role: Role
    uses_cache: bool
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
        """Yield the texts in windows, each with its raw vectors, (n, dim)."""
        with closing(Cache(size=None if self.uses_cache else 0)) as cache:  # of size 0: knows and keeps nothing
            for window in _windows(texts):
                result = self._encode(window, cache)
                self.texts += len(window)
                self.encoded += result.encoded
                self.cached += result.cached
                self.cut += count_cut(self.encoder, [text.text for text in window])
                yield window, result.vectors

    def report(self) -> EmbedReport:
        """The counts as the user gets them."""
        counts = {name: getattr(self, name) for name in ("texts", "encoded", "cached", "cut")}
        return EmbedReport(self.encoder.name, self.encoder.dim, **counts, seconds=monotonic() - self._started)

    @property
    def made_with(self) -> dict[str, object]:
        """What decides whether these vectors can be compared with others; stored beside them."""
        encoder = self.encoder
        model = {"name": encoder.name, "fingerprint": encoder.fingerprint, "dim": encoder.dim}
        return {"model": model, "role": self.role.value}

    def _encode(self, window: Sequence[NamedText], cache: Cache) -> Encoded:
        texts = [text.text for text in window]
        bytes_per_text = sum(text.size for text in window) / len(window)

        def settled(n: int) -> None:
            self._settled += n
            self._bytes_settled += n * bytes_per_text
            done = min(round(self._bytes_settled), self.bytes_total)
            self.listener(Progress(self._settled, self._settled, done, self.bytes_total))

        return encode_cached(self.encoder, cache, texts, self.role, name=lambda i: window[i].id, done=settled)


def _start(
    model: str | Encoder,
    role: Role | RoleName,
    dim: int | None,
    runtime: str | None,
    threads: int | None,
    cache: bool,
    progress: Callable[[Progress], None] | None,
) -> _Run:
    """A run with the options of `embed`; raises InvalidOption, ModelNotFound, ModelDamaged."""
    if isinstance(model, str):
        encoder = load_encoder(model, dim=dim, runtime=runtime, threads=threads)
        remember_consent(encoder)
    else:
        options = {"dim": dim, "runtime": runtime, "threads": threads}
        if unfit := [name for name, value in options.items() if value is not None]:
            raise InvalidOption(
                f"{' and '.join(unfit)} can be given with the name of a model only; an encoder is used as it is"
            )
        encoder = model
    return _Run(encoder, Role.of(role), cache, progress or (lambda _: None))


def _batches(run: _Run, texts: Iterable[NamedText]) -> Iterator[tuple[list[str], FloatArray]]:
    for window, vectors in run.batches(texts):
        yield [text.text for text in window], vectors
    _warn_of_cut(run)


def _numbered(texts: Iterable[str]) -> Iterator[NamedText]:
    """The texts, named by their numbers; raises InvalidDocument for an item that is not a text."""
    if isinstance(texts, (str, bytes, Mapping)):  # a str is iterable too, by its characters
        raise InvalidDocument(f"embed takes an iterable of texts, not one {type(texts).__name__}: put it into a list")
    return (_named(number, text) for number, text in enumerate(texts))


def _named(number: int, text: object) -> NamedText:
    if not isinstance(text, str):
        raise InvalidDocument(f"text {number} is {type(text).__name__}, expected str")
    return NamedText(f"text {number}", text, len(text))


def _windows(texts: Iterable[NamedText]) -> Iterator[list[NamedText]]:
    """Cut the stream into windows: large enough to be worth sorting by length, small enough for memory."""
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
    """The pieces as one array, (n, dim); frees each as soon as it is copied, so that no memory is needed twice."""
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
