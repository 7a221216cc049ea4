"""The write story, top to bottom: documents stream in, and a new version of the index stands at the end.

    put, delete -> windows -> leave out the unchanged -> chunk -> stage -> encode what the cache does not know -> commit

Memory is bounded by a window and a segment, never by the corpus. Where documents come from is for the callers:
`sync.py` for files, `add.py` for programs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from vecsearch.checks import is_storable
from vecsearch.chunking import Chunked, read_chunks
from vecsearch.errors import InvalidDocument
from vecsearch.ingest.background import BackgroundEncoding
from vecsearch.ingest.draft import Block, Draft, Stored
from vecsearch.ingest.duplicates import TextOwners
from vecsearch.ingest.tally import Tally
from vecsearch.models.encoder import Encoder, VectorCache
from vecsearch.reports import Failure, Report
from vecsearch.storage.columns import check_metadata
from vecsearch.storage.file_stamps import Stamp
from vecsearch.storage.rows import Origin
from vecsearch.types import Document, Outline, Role

_WINDOW_CHARACTERS = 1_000_000  # about 1,500 chunks: enough to sort by length, little to hold
_FIRST_CHARACTERS = 60_000  # of the first window, so that the encoder starts early; each next is four times as large
_WINDOW_DOCUMENTS = 4_096


@dataclass(frozen=True, slots=True)
class Upsert:
    """A document to have in the index; `path`: the file it was read from, None when a program gave it.

    `facts` are metadata that say how its file was then, and not what the document is: a file that was only touched
    is unchanged. What the document says itself is stronger.
    """

    document: Document
    path: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file has been read to its end, or is gone: documents it had and no longer has are to be deleted.

    Not when it was not `complete`: then nobody knows which they are. `stamp` is None when it is to be read again.
    """

    path: str
    stamp: Stamp | None
    complete: bool = True
    size: int = 0


Change: TypeAlias = tuple[Upsert, Origin, Stored | None]  # a put that changes the index, and what it replaces


@dataclass(frozen=True, slots=True)
class Ingest:
    """One run over one draft; with `dry_run` everything is found out and nothing is encoded or written."""

    draft: Draft
    encoder: Callable[[], Encoder]  # asked for when there is something to chunk: opening a model takes time
    cache: VectorCache
    tally: Tally
    released: AbstractSet[str] = frozenset()  # files read again or gone: their documents may move to other files
    owners: TextOwners | None = None  # given where chunks that repeat one of another document are counted
    dry_run: bool = False
    _would_encode: set[int] = field(default_factory=set, init=False)  # hashes of texts that a dry run has counted

    def run(self, changes: Iterable[Upsert | FileRead]) -> Report:
        """Makes the changes, committing as it goes, whole documents at a time. Returns when all is on the disk."""
        with BackgroundEncoding(self.cache, self.tally) as background:
            for window in _windows(changes):
                changed = self._changed([change for change in window if isinstance(change, Upsert)])
                if changed and self.dry_run:
                    self._dry_run(changed, background)
                elif changed:
                    self._stage(changed, background)
                self._finish_files([change for change in window if isinstance(change, FileRead)], background)
                if self.draft.is_due:
                    background.wait()
                    self.draft.commit()
                background.wait(ahead=2)  # one window, and the note that its files are done
            background.wait()
        if not self.dry_run:
            self.draft.commit(final=True)
        return replace(self.tally.report(), measured_recall=self.draft.base.manifest.measured_recall)

    def _changed(self, puts: Sequence[Upsert]) -> dict[str, Change]:
        """Those of the puts that change the index, by document id; a later one of the same id wins over an earlier."""
        stored = self.draft.find([put.document.id for put in puts if is_storable(put.document.id)])
        changed: dict[str, Change] = {}
        earlier: dict[str, Upsert] = {}
        for put in puts:
            document = put.document
            try:
                origin = _origin(put)
                old = stored.get(document.id)
                self._check_owner(put, old, earlier.setdefault(document.id, put))
            except InvalidDocument as error:
                self.tally.failed.append(Failure(_name(put), str(error)))
                continue
            if not document.text.strip():
                self.tally.skipped.append(Failure(_name(put), "no text in it"))
            elif old and (old.path, old.content) == (origin.path, origin.content) and document.id not in changed:
                self.draft.mark_seen(old)
                self.tally.counts["unchanged"] += 1
            else:
                changed[document.id] = put, origin, old
        return changed

    def _stage(self, changed: Mapping[str, Change], background: BackgroundEncoding) -> None:
        """The documents are chunked, being encoded, and part of the draft."""
        encoder = self.encoder()
        chunked = self._chunked(encoder, changed, background)
        characters = sum(len(put.document.text) for put, _, _ in changed.values())
        vectors = background.start(encoder, chunked, characters)
        for (put, origin, old), document, rows in zip(changed.values(), chunked, vectors, strict=True):
            kept = replace(origin, text=put.document.text) if self.draft.base.manifest.keep_text else origin
            self.draft.stage(put.document.id, Block(document.chunks, kept, rows), old)

    def _dry_run(self, changed: Mapping[str, Change], background: BackgroundEncoding) -> None:
        """Counts what a real run would do with the documents; the draft knows their ids, and no chunk is encoded."""
        encoder = self.encoder()
        texts = [text for document in self._chunked(encoder, changed, background) for text in document.texts]
        known = self.cache.get(encoder.fingerprint, Role.DOCUMENT, texts, encoder.dim)
        missing = {hash(text) for text in texts if text not in known} - self._would_encode
        self._would_encode.update(missing)
        self.tally.encoded(len(missing), len(texts) - len(missing))
        for put, origin, old in changed.values():
            self.draft.stage(put.document.id, Block([], origin, lambda: np.empty((0, encoder.dim), np.float32)), old)

    def _chunked(
        self, encoder: Encoder, changed: Mapping[str, Change], background: BackgroundEncoding
    ) -> list[Chunked]:
        """The documents' chunks; where they are cut by meaning, sentences are encoded for it, in a dry run too."""
        for _, _, old in changed.values():
            self.tally.counts["updated" if old else "added"] += 1
        documents = [put.document for put, _, _ in changed.values()]
        chunking = self.draft.base.manifest.chunking
        chunked = list(read_chunks(documents, encoder, chunking, partial(background.vectors, encoder)))
        if self.owners:
            for document, made in zip(documents, chunked, strict=True):
                texts = [chunk.text for chunk in made.chunks]
                self.tally.counts["duplicates"] += self.owners.repeats(document.id, texts)
        return chunked

    def _finish_files(self, read: Sequence[FileRead], background: BackgroundEncoding) -> None:
        """Deletes what the files no longer hold and notes how they were when they were read."""
        complete = [file.path for file in read if file.complete]
        self.tally.counts["deleted"] += self.draft.drop_unseen(complete) if complete else 0
        for file in read:
            self.draft.stamp(file.path, file.stamp)
        size = sum(file.size for file in read)
        background.then(lambda: self.tally.finished(size))

    def _check_owner(self, put: Upsert, old: Stored | None, earlier: Upsert) -> None:
        """Raises InvalidDocument when two places give the same id; a program may replace what a program gave."""
        if earlier is not put:
            owner = earlier.path
        elif old and (old.seen or (old.path != put.path and old.path not in self.released)):
            owner = old.path
        else:
            return
        if put.path or owner:
            raise InvalidDocument(
                f"id {put.document.id!r} from {put.path or 'a program'} is in the index from {owner or 'a program'}; "
                "ids must be unique: rename one, or choose another id field"
            )


def _windows(changes: Iterable[Upsert | FileRead]) -> Iterator[list[Upsert | FileRead]]:
    """The stream in pieces that are worth a batch and bounded in memory."""
    window: list[Upsert | FileRead] = []
    characters, most = 0, min(_FIRST_CHARACTERS, _WINDOW_CHARACTERS)
    for change in changes:
        window.append(change)
        if isinstance(change, Upsert) and isinstance(change.document.text, str):
            characters += len(change.document.text)
        if characters >= most or len(window) >= _WINDOW_DOCUMENTS:
            yield window
            window, characters, most = [], 0, min(4 * most, _WINDOW_CHARACTERS)
    if window:
        yield window


def _origin(put: Upsert) -> Origin:
    """The document's origin with its digest; raises InvalidDocument when the document cannot be stored."""
    document = put.document
    for name, text in (("id", document.id), ("text", document.text), ("source", document.source or "")):
        if not isinstance(text, str):
            raise InvalidDocument(f"its {name} is {type(text).__name__}, expected str")
        if not is_storable(text):
            raise InvalidDocument(f"its {name} holds a lone surrogate, which is no character: decode it differently")
    if not document.id:
        raise InvalidDocument("its id is empty: give each document an id of its own")
    if not isinstance(document.metadata, Mapping):
        raise InvalidDocument(f"its metadata is {type(document.metadata).__name__}, expected a mapping")
    check_metadata(document.metadata)
    source = None if put.path else document.source
    outline = [] if document.outline == Outline() else [[getattr(document.outline, name) for name in Outline.__slots__]]
    facts = json.dumps([source, document.metadata, *outline], sort_keys=True, default=repr)
    digest = hashlib.blake2b(facts.encode() + b"\0" + document.text.encode(), digest_size=16)
    return Origin(put.path, source, digest.digest(), {**put.facts, **document.metadata})


def _name(put: Upsert) -> str:
    return str(put.document.source or put.document.id)
