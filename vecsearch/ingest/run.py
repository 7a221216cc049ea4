"""The write story, top to bottom: documents stream in, and the next version of the index is committed.

    windows -> leave out unchanged documents -> chunk -> stage in the draft, while a thread encodes
            -> delete what files no longer hold -> commit when enough is staged, and at the end

Memory is bounded by a window and a segment, never by the corpus. Where the documents come from is the callers' part:
`sync.py` for files, `add.py` for programs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from vecsearch.checks import is_storable
from vecsearch.chunking import Chunked, read_chunks
from vecsearch.documents.record_places import record_place
from vecsearch.errors import InvalidDocument
from vecsearch.ingest.background import BackgroundEncoding
from vecsearch.ingest.draft import Block, Draft, Stored
from vecsearch.ingest.duplicates import TextOwners
from vecsearch.ingest.tally import Tally
from vecsearch.models.cached_encoding import VectorCache
from vecsearch.models.encoder import Encoder
from vecsearch.reports import Failure, Report
from vecsearch.storage.file_stamps import Stamp
from vecsearch.storage.metadata_values import check_metadata
from vecsearch.storage.rows import Origin
from vecsearch.storage.store import Part
from vecsearch.types import Document, FloatArray, Outline, Role

_WINDOW_CHARACTERS = 1_000_000  # about 1,500 chunks: enough to sort by length, little to hold
_FIRST_CHARACTERS = 60_000  # of the first window, so that the encoder starts early; each next is four times as large
_WINDOW_DOCUMENTS = 4_096
_LONGEST_NAME = 10_000  # characters of an id or a source, which each chunk repeats
_LARGEST_METADATA = 16_000_000  # characters of a document's metadata as JSON
_SHOWN = 200  # characters of what is longer than a name may be


@dataclass(frozen=True, slots=True)
class Upsert:
    """A document that the index is to hold; `path`: the file it was read from, None when a program gave it.

    `file_metadata` is stored too, but a change in it alone is not a change of the document: a file that was only
    touched is unchanged. The document's own metadata wins over it.
    """

    document: Document
    path: str | None = None
    file_metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file was read to its end, or is gone: the documents that it held and no longer holds are to be deleted.

    If it is not `complete`, they are unknown and nothing is deleted. `stamp` is None when the next run has to read the
    file again.
    """

    path: str
    stamp: Stamp | None
    complete: bool = True
    size: int = 0


class _Change(NamedTuple):
    """An upsert that changes the index; one that `moved` is a record that says the same in another row of its file."""

    upsert: Upsert
    origin: Origin
    replaced: Stored | None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Ingest:
    """One run over one draft; a `dry_run` counts what would be done, and encodes and writes nothing."""

    draft: Draft
    encoder: Callable[[], Encoder]  # called when there is something to chunk: opening a model takes time
    cache: VectorCache
    tally: Tally
    released: Container[str | None] = frozenset()  # files read again or gone: their documents may move to other files
    owners: TextOwners | None = None  # given where chunks that repeat one of another document are counted
    dry_run: bool = False
    note: Callable[[str | None, bytes], None] = lambda *_: None  # is called with the path and digest of each document
    known: Callable[[Collection[bytes]], Mapping[bytes, tuple[Part, int]]] = (
        lambda _: {}
    )  # documents with these digests
    _would_encode: set[int] = field(default_factory=set, init=False)  # hashes of texts that a dry run has counted

    def run(self, changes: Iterable[Upsert | FileRead], gone: Callable[[], Iterable[FileRead]] = tuple) -> Report:
        """Make the changes, committing on the way, whole documents at a time; returns when all is on the disk.

        `gone` is called when all documents are known, and gives more files that are gone.
        """
        with BackgroundEncoding(self.cache, self.tally) as background:
            for window in _windows(changes):
                changed = self._changed([change for change in window if isinstance(change, Upsert)])
                if changed and self.dry_run:
                    self._count(changed, background)
                elif changed:
                    self._stage(changed, background)
                self._finish_files([change for change in window if isinstance(change, FileRead)], background)
                if self.draft.is_due:
                    background.wait()
                    self.draft.commit()
                background.wait(ahead=2)  # one window, and the note that its files are done
            self._finish_files(list(gone()), background)
            background.wait()
        if not self.dry_run:
            self.draft.commit(final=True)
        return replace(self.tally.report(), measured_recall=self.draft.base.manifest.measured_recall)

    def _changed(self, upserts: Sequence[Upsert]) -> dict[str, _Change]:
        """The upserts that change the index, by document id; the last one of an id wins.

        The others are reported as unchanged, skipped or failed.
        """
        stored = self.draft.find([upsert.document.id for upsert in upserts if is_storable(upsert.document.id)])
        changed: dict[str, _Change] = {}
        first_of_id: dict[str, Upsert] = {}
        for upsert in upserts:
            document = upsert.document
            try:
                origin = _origin(upsert)
                self.note(upsert.path, origin.content)
                old = stored.get(document.id)
                self._check_owner(upsert, old, first_of_id.setdefault(document.id, upsert))
            except InvalidDocument as error:
                self.tally.failed.append(Failure(_name(upsert), str(error)))
                continue
            if not document.text.strip():
                self.tally.skipped.append(Failure(_name(upsert), "no text in it"))
            elif old and (old.path, old.content) == (origin.path, origin.content) and document.id not in changed:
                self.tally.counts["unchanged"] += 1
                if (place := record_place(document.outline)) and place != old.place and old.location:
                    changed[document.id] = _Change(upsert, origin, old, moved=True)
                else:
                    self.draft.mark_seen(old)
            else:
                changed[document.id] = _Change(upsert, origin, old)
        return changed

    def _stage(self, changed: Mapping[str, _Change], background: BackgroundEncoding) -> None:
        """Chunk the documents, start to encode them, and put them into the draft."""
        encoder = self.encoder()
        chunked = self._chunked(encoder, changed, background)
        vectors = self._known_vectors(changed, chunked, background)
        new = [number for number in range(len(chunked)) if number not in vectors]
        texts = [change.upsert.document.text for change in changed.values()]
        characters = sum(len(texts[number]) for number in new)
        started = background.start(encoder, [chunked[number] for number in new], characters) if new else []
        vectors.update(zip(new, started, strict=True))
        for number, (change, document) in enumerate(zip(changed.values(), chunked, strict=True)):
            rows = vectors[number]
            text = change.upsert.document.text if self.draft.base.manifest.keep_text else None
            block = Block(document.chunks, replace(change.origin, text=text), rows)
            self.draft.stage(change.upsert.document.id, block, change.replaced)

    def _known_vectors(
        self, changed: Mapping[str, _Change], chunked: Sequence[Chunked], background: BackgroundEncoding
    ) -> dict[int, Callable[[], FloatArray]]:
        """The raw vectors of the documents that the index holds under another id, by their numbers.

        A document that was moved is not encoded again, whatever the cache holds.
        """
        contents = {change.origin.content for change in changed.values() if change.replaced is None}
        known = self.known(contents)
        vectors: dict[int, Callable[[], FloatArray]] = {}
        for number, (change, document) in enumerate(zip(changed.values(), chunked, strict=True)):
            part, first = known.get(change.origin.content, (None, 0))
            if part is None or change.replaced is not None:
                continue
            rows = part.segment.rows_from(first)
            texts = part.segment.table.column("text")[rows].to_pylist()
            if texts == [chunk.text for chunk in document.chunks]:
                vectors[number] = partial(_raw_vectors, part, rows)
        count = sum(len(chunked[number].chunks) for number in vectors)
        if count:
            characters = sum(len(chunk.text) for number in vectors for chunk in chunked[number].chunks)
            background.then(partial(self.tally.encoded, 0, count))
            background.then(partial(self.tally.settled, count, characters))
        return vectors

    def _count(self, changed: Mapping[str, _Change], background: BackgroundEncoding) -> None:
        """Count what a real run would do with the documents; the draft knows their ids, and no chunk is encoded."""
        encoder = self.encoder()
        chunked = self._chunked(encoder, changed, background)
        moved = self._known_vectors(changed, chunked, background)
        new = [document for number, document in enumerate(chunked) if number not in moved]
        texts = [text for document in new for text in document.texts]
        known = self.cache.get(encoder.fingerprint, Role.DOCUMENT, texts, encoder.dim)
        missing = {hash(text) for text in texts if text not in known} - self._would_encode
        self._would_encode.update(missing)
        self.tally.encoded(len(missing), len(texts) - len(missing))
        for change in changed.values():
            block = Block([], change.origin, lambda: np.empty((0, encoder.dim), np.float32))
            self.draft.stage(change.upsert.document.id, block, change.replaced)

    def _chunked(
        self, encoder: Encoder, changed: Mapping[str, _Change], background: BackgroundEncoding
    ) -> list[Chunked]:
        """The documents' chunks. To cut by meaning, sentences are encoded, in a dry run too."""
        for change in changed.values():
            if not change.moved:
                self.tally.counts["updated" if change.replaced else "added"] += 1
        documents = [change.upsert.document for change in changed.values()]
        chunking = self.draft.base.manifest.chunking
        chunked = list(read_chunks(documents, encoder, chunking, partial(background.vectors, encoder)))
        if self.owners:
            for document, result in zip(documents, chunked, strict=True):
                texts = [chunk.text for chunk in result.chunks]
                self.tally.counts["duplicates"] += self.owners.repeats(document.id, texts)
        return chunked

    def _finish_files(self, read: Sequence[FileRead], background: BackgroundEncoding) -> None:
        """Delete what the files no longer hold, and note their size and time as they were read."""
        complete = [file.path for file in read if file.complete]
        self.tally.counts["deleted"] += self.draft.drop_unseen(complete) if complete else 0
        for file in read:
            self.draft.stamp(file.path, file.stamp)
        size = sum(file.size for file in read)
        background.then(lambda: self.tally.finished(size))

    def _check_owner(self, upsert: Upsert, old: Stored | None, first: Upsert) -> None:
        """Raises InvalidDocument when two sources give one id; a program may replace what a program gave."""
        if first is not upsert:
            owner = first.path
        elif old and (old.seen or (old.path != upsert.path and old.path not in self.released)):
            owner = old.path
        else:
            return
        if upsert.path or owner:
            raise InvalidDocument(
                f"id {upsert.document.id!r} from {upsert.path or 'a program'} is in the index already, from "
                f"{owner or 'a program'}; ids must be unique: rename one, or choose another id field"
            )


def _raw_vectors(part: Part, rows: slice) -> FloatArray:
    """The vectors of these rows as the model gave them, float32 (rows, dim)."""
    vectors: FloatArray = part.segment.flat.vectors[rows] * part.segment.norms[rows, None]
    return vectors


def _windows(changes: Iterable[Upsert | FileRead]) -> Iterator[list[Upsert | FileRead]]:
    """Cut the stream into windows: large enough for good batches, small enough for memory."""
    window: list[Upsert | FileRead] = []
    characters, limit = 0, min(_FIRST_CHARACTERS, _WINDOW_CHARACTERS)
    for change in changes:
        window.append(change)
        if isinstance(change, Upsert):
            characters += _characters(change.document)
        if characters >= limit or len(window) >= _WINDOW_DOCUMENTS:
            yield window
            window, characters, limit = [], 0, min(4 * limit, _WINDOW_CHARACTERS)
    if window:
        yield window


def _characters(document: Document) -> int:
    """The characters of a document's text, and of its metadata as far as they are counted at once."""
    held = document.metadata.values() if isinstance(document.metadata, Mapping) else ()
    return sum(len(text) for text in (document.text, *held) if isinstance(text, str))


def _origin(upsert: Upsert) -> Origin:
    """The document's origin with a digest of its content; raises InvalidDocument when it cannot be stored."""
    document = upsert.document
    for name, text in (("id", document.id), ("text", document.text), ("source", document.source or "")):
        if not isinstance(text, str):
            raise InvalidDocument(f"its {name} is {type(text).__name__}, expected str")
        if not is_storable(text):
            raise InvalidDocument(f"its {name} holds a lone surrogate, which is not a character: decode it differently")
        if name != "text" and len(text) > _LONGEST_NAME:
            raise InvalidDocument(f"its {name} has {len(text):,} characters, expected at most {_LONGEST_NAME:,}")
    if not document.id:
        raise InvalidDocument("its id is empty: give each document an id of its own")
    if not isinstance(document.metadata, Mapping):
        raise InvalidDocument(f"its metadata is {type(document.metadata).__name__}, expected a mapping")
    metadata = check_metadata(document.metadata)
    source = None if upsert.path else document.source
    described = document.outline != Outline() and not record_place(document.outline)
    outline = [] if not described else [[getattr(document.outline, name) for name in Outline.__slots__]]
    head = json.dumps([source, metadata, *outline], sort_keys=True, default=repr)
    if len(head) > _LARGEST_METADATA:  # with the outline, which is not limited
        _check_size(metadata)
    digest = hashlib.blake2b(head.encode() + b"\0" + document.text.encode(), digest_size=16)
    return Origin(upsert.path, source, digest.digest(), {**upsert.file_metadata, **metadata}, size=len(head))


def _check_size(metadata: Mapping[str, Any]) -> None:
    size = len(json.dumps(metadata, default=repr))
    if size > _LARGEST_METADATA:
        raise InvalidDocument(
            f"its metadata has {size:,} characters as JSON, expected at most {_LARGEST_METADATA:,}: "
            "put what is long into the text"
        )


def _name(upsert: Upsert) -> str:
    """What a report calls the document."""
    name = str(upsert.document.source or upsert.document.id)
    return name if len(name) <= _LONGEST_NAME else f"{name[:_SHOWN]} …"
