"""Which files a sync takes below a root, and how it reads them: the flags of a root, checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from vecsearch.chunking.boilerplate import without_boilerplate
from vecsearch.documents import INSIDE, RecordFields, Selection, SourceFile
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.ingest.run import Upsert
from vecsearch.storage.file_stamps import Stamp
from vecsearch.storage.metadata_values import check_metadata
from vecsearch.types import Dedupe, Document

_READERS = 2  # raised when loaders come to read the same file differently, so that files are read again
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOptions:
    """Which files a sync takes, how it reads them, and what it does with near-duplicates.

    `fields` are those of records. Every document gets `metadata`, in place of its own values under the same keys.
    """

    selection: Selection = field(default_factory=Selection)
    fields: RecordFields = field(default_factory=RecordFields)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    dedupe: Dedupe | None = None
    drop_boilerplate: bool = False

    def __post_init__(self) -> None:
        """Raises InvalidOption for metadata that cannot be stored."""
        check_common_metadata(self.metadata)

    @classmethod
    def of(
        cls,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        id_field: str | None = None,
        text_field: str | None = None,
        title_field: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        dedupe: Dedupe | str | None = None,
        drop_boilerplate: bool = False,
    ) -> SyncOptions:
        """The options in the form that `Index.sync` and `Index.watch` take them; raises InvalidOption."""
        return cls(
            selection=Selection(include=_globs(include), exclude=_globs(exclude)),
            fields=RecordFields(id=id_field, text=text_field, title=title_field),
            metadata={} if metadata is None else check_common_metadata(metadata),
            dedupe=None if dedupe is None else Dedupe.of(dedupe),
            drop_boilerplate=drop_boilerplate,
        )

    @classmethod
    def of_flags(cls, flags: Mapping[str, Any]) -> SyncOptions:
        """The options with these `flags`; raises InvalidOption for flags of a newer release."""
        try:
            return cls.of(**flags)
        except TypeError as error:
            raise InvalidOption(f"a root of this index has a flag of a newer release ({error}): update") from None

    @property
    def flags(self) -> dict[str, Any]:
        """What `of` makes these options from: only what differs from its defaults, as values that can be stored."""
        flags = {
            "include": list(self.selection.include),
            "exclude": list(self.selection.exclude),
            "id_field": self.fields.id,
            "text_field": self.fields.text,
            "title_field": self.fields.title,
            "metadata": dict(self.metadata),
            "dedupe": self.dedupe.value if self.dedupe else None,
            "drop_boilerplate": self.drop_boilerplate,
        }
        return {name: value for name, value in flags.items() if value}

    @property
    def mark(self) -> str:
        """Everything besides the file itself that decides which documents it gives; stored with its stamp."""
        fields = f"{_READERS} id={self.fields.id or ''} text={self.fields.text or ''} title={self.fields.title or ''}"
        metadata = f" metadata={json.dumps(self.metadata, sort_keys=True, default=repr)}" if self.metadata else ""
        collapse = " collapse" if self.dedupe is Dedupe.COLLAPSE else ""
        return fields + metadata + collapse + (" drop_boilerplate" if self.drop_boilerplate else "")

    def upsert(self, document: Document, key: str, file: SourceFile) -> Upsert:
        """A document of a file as it goes into the index; `key` is what the index calls the file."""
        if self.drop_boilerplate:
            document = without_boilerplate(document)
        metadata = {**document.metadata, **self.metadata}
        return Upsert(replace(document, metadata=metadata), key, _file_metadata(document.id, key, file))


def stamp_of(file: SourceFile, mark: str, documents: int) -> Stamp:
    """The stamp of a file as it is now."""
    return Stamp(file.size, file.mtime_ns, mark, documents, file.changed_ns, file.inode)


def check_common_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata that is given for all documents, as plain values; raises InvalidOption for what cannot be stored."""
    if not isinstance(metadata, Mapping):
        raise InvalidOption(f"metadata is {type(metadata).__name__}, expected a dict of keys and values")
    try:
        return check_metadata(metadata)
    except InvalidDocument as error:
        raise InvalidOption(str(error)) from None


def _file_metadata(document_id: str, key: str, file: SourceFile) -> dict[str, Any]:
    """Name, size and time of a file that is one document, the name of one in an archive, nothing for a record."""
    if document_id == key:
        return {"name": file.path.name, "size": file.size, **_modified(file.mtime_ns)}
    if document_id.startswith(f"{key}{INSIDE}"):
        return {"name": document_id.rpartition(INSIDE)[2].rpartition("/")[2]}
    return {}


def _modified(mtime_ns: int) -> dict[str, datetime]:
    try:
        return {"modified": _EPOCH + timedelta(microseconds=mtime_ns // 1_000)}
    except OverflowError:  # beyond the year 9999: a file system's times go further than datetime's
        return {}


def _globs(globs: Sequence[str]) -> Any:
    """The globs as a tuple; a str stays one, for Selection to refuse."""
    return globs if isinstance(globs, str) else tuple(globs)
