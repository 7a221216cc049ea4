"""What one version of an index consists of, as a small JSON text. Does no I/O.

A manifest ends with a checksum of everything before it, so that damage is found when it is read. Every field is
checked; a format newer than this program's is refused with an error that says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timezone
from functools import cache
from importlib.metadata import version
from numbers import Real
from typing import Any, TypeVar, get_type_hints

from vecsearch.chunking import Chunking
from vecsearch.errors import FormatTooNew, IndexDamaged, InvalidOption
from vecsearch.storage.ann.entry import AnnEntry, parse_ann_entry
from vecsearch.storage.lexical.languages import check_language
from vecsearch.types import Metric

FORMAT = 2  # of what is written; 1 has the metadata of a document at each of its chunks
_READ = (1, FORMAT)
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")
_Entry = TypeVar("_Entry")
_MOST = 2**63
_LONGEST = 200  # characters of what a stranger's manifest may put into an error
RESTORE = "run vecsearch restore N to go back to an earlier version N if one is kept, else index again"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file's size in bytes and its SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SideFile:
    """A file outside of segments: its name, its number of entries, its size in bytes and its SHA-256."""

    id: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A segment: the name of its folder, its number of rows, its files, and its deleted rows."""

    id: str
    rows: int
    files: Mapping[str, FileEntry]
    tombstones: SideFile | None
    approximate: AnnEntry | None = None  # the ANN index; None where every vector is compared

    @property
    def live(self) -> int:
        """The number of rows that are not deleted."""
        return self.rows - (self.tombstones.rows if self.tombstones else 0)


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """The model whose vectors the index holds: its name for people, its fingerprint for comparison."""

    name: str
    fingerprint: str
    dim: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One version of an index."""

    version: int
    created: str  # ISO 8601, UTC
    written_by: str  # "vecsearch 0.1.0"
    model: ModelEntry
    metric: Metric
    chunking: Chunking
    documents: int
    keep_versions: int  # how many of the newest versions stay on disk, besides those with a tag
    language: str  # the language of words: see lexical/languages.py
    recall: float  # the share of the nearest that an ANN index must find; 1: no ANN index is built
    segments: tuple[SegmentEntry, ...] = ()
    sources: SideFile | None = None  # the table of file stamps: see file_stamps.py
    change: Mapping[str, int] = field(default_factory=dict)  # documents added, updated, deleted by this commit
    keep_text: bool = False  # whether whole documents are kept beside their chunks

    @property
    def chunks(self) -> int:
        """The number of chunks that a search can find."""
        return sum(segment.live for segment in self.segments)

    def next(self, **changes: Any) -> Manifest:
        """Return the manifest of the following version: the same except for `changes`, written now by this program."""
        return replace(self, version=self.version + 1, created=now(), written_by=written_by(), **changes)

    @property
    def measured_recall(self) -> float | None:
        """The lowest measured recall of the segments' ANN indexes; None when search is exact."""
        measured = [segment.approximate.recall for segment in self.segments if segment.approximate]
        return min(measured, default=None)


def first_manifest(
    model: ModelEntry,
    metric: Metric,
    chunking: Chunking,
    keep_versions: int,
    language: str,
    recall: float,
    *,
    keep_text: bool = False,
) -> Manifest:
    """Return the manifest of a new, empty index."""
    first = Manifest(1, now(), written_by(), model, metric, chunking, 0, keep_versions, language, recall)
    return replace(first, keep_text=keep_text)


def check_recall(recall: float) -> float:
    """Return the number as a float, checked to be above 0 and at most 1; raises InvalidOption."""
    if isinstance(recall, bool) or not isinstance(recall, Real) or not 0 < recall <= 1:
        raise InvalidOption(f"recall is {recall!r}, expected a number above 0 and at most 1 (1: exact search)")
    return float(recall)


def now() -> str:
    """Return the time in UTC, ISO 8601 with milliseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def written_by() -> str:
    """Return the name and version of this program."""
    return f"vecsearch {version('vecsearch')}"


def to_json(manifest: Manifest) -> bytes:
    """Return the manifest as it is stored: indented JSON whose last field is the checksum of the rest."""
    content = {"format": FORMAT, **asdict(manifest)}
    content["metric"] = manifest.metric.value
    return json.dumps({**content, "checksum": _checksum(content)}, indent=1, ensure_ascii=False).encode()


def from_json(text: bytes, name: str) -> Manifest:
    """Return the manifest that `to_json` wrote; raises FormatTooNew or IndexDamaged, which name it `name`."""
    try:
        content = json.loads(text)
        checksum = content.pop("checksum")
        number = content.pop("format")
        expected = _checksum({"format": number, **content})
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise IndexDamaged(f"{name} is not a manifest: {_brief(repr(error))}: {RESTORE}") from None
    if isinstance(number, int) and number > FORMAT:
        raise FormatTooNew(
            f"{name} has format {_brief(str(number))}, this vecsearch reads up to {FORMAT}: "
            "pip install --upgrade vecsearch"
        )
    if checksum != expected:
        raise IndexDamaged(f"{name} does not match its own checksum: {RESTORE}")
    if number not in _READ:
        raise IndexDamaged(f"{name} has format {_brief(repr(number))}, expected 1 to {FORMAT}: {RESTORE}")
    try:
        return _manifest(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise IndexDamaged(f"{name} is not a manifest: {_brief(str(error))}: {RESTORE}") from None


def _manifest(content: dict[str, Any]) -> Manifest:
    for name in ("version", "documents", "keep_versions"):
        _check_type(name, content[name], int)
    if not content["keep_versions"]:
        raise ValueError("keep_versions is 0, expected at least 1")
    for name in ("created", "written_by", "language"):
        _check_type(name, content[name], str)
    check_recall(content["recall"])
    check_language(content["language"])
    if type(content.get("keep_text", False)) is not bool:
        raise TypeError(f"keep_text is {content['keep_text']!r}, expected bool")
    for name, count in content["change"].items():
        _check_type(f"change.{name}", count, int)
    if type(content["segments"]) is not list:
        raise TypeError(f"segments is {content['segments']!r}, expected a list")
    segments = tuple(_segment(segment) for segment in content["segments"])
    if len({segment.id for segment in segments}) < len(segments):
        raise ValueError("a segment is named twice")
    return Manifest(
        **{
            **content,
            "model": parse_model(content["model"]),
            "metric": Metric(content["metric"]),
            "chunking": Chunking(**content["chunking"]),
            "segments": segments,
            "sources": _side_file(content["sources"]),
        }
    )


def _segment(content: dict[str, Any]) -> SegmentEntry:
    files = {_check_plain(name): _entry(FileEntry, value) for name, value in content["files"].items()}
    _check_type("SegmentEntry.rows", content["rows"], int)
    tombstones = _side_file(content["tombstones"])
    if tombstones and tombstones.rows > content["rows"]:
        raise ValueError(f"{tombstones.rows} rows of a segment of {content['rows']} are deleted")
    return SegmentEntry(
        _check_plain(content["id"]),
        content["rows"],
        files,
        tombstones,
        None if content["approximate"] is None else parse_ann_entry(content["approximate"]),
    )


def parse_model(content: dict[str, Any]) -> ModelEntry:
    """Return a model's entry from JSON; raises TypeError, KeyError, ValueError."""
    entry = _entry(ModelEntry, content)
    if entry.dim < 1:
        raise ValueError(f"ModelEntry.dim is {entry.dim}, expected at least 1")
    return entry


def _side_file(content: dict[str, Any] | None) -> SideFile | None:
    if content is None:
        return None
    entry = _entry(SideFile, content)
    _check_plain(entry.id)
    return entry


def _entry(kind: type[_Entry], content: dict[str, Any]) -> _Entry:
    """Return an entry of plain values, each checked to be of its field's type."""
    for name, expected in _fields(kind).items():  # type: ignore[arg-type]  # a class is hashable
        _check_type(f"{kind.__name__}.{name}", content[name], expected)
    return kind(**{item.name: content[item.name] for item in fields(kind)})  # type: ignore[arg-type]


@cache
def _fields(kind: type) -> dict[str, type]:
    """Return the types of an entry's fields; finding them out takes longer than reading a manifest."""
    return get_type_hints(kind)


def _check_type(name: str, value: Any, expected: type) -> None:
    """Raise TypeError for a value of another type, bool included, and ValueError for a number out of range."""
    if type(value) is not expected:
        raise TypeError(f"{name} is {value!r}, expected {expected.__name__}")
    if isinstance(value, int) and not 0 <= value < _MOST:
        raise ValueError(f"{name} is {value}, expected 0 to 2^63 - 1")


def is_plain(name: object) -> bool:
    """Whether `name` is a file name that stays in its folder on any system."""
    return isinstance(name, str) and 0 < len(name) <= 100 and name[0] != "." and all(c in _PLAIN for c in name)


def _check_plain(name: str) -> str:
    """Return the name, checked to be plain: a manifest with any other name was not written by this program."""
    if not is_plain(name):
        raise ValueError(f"{name!r} is not the name of a file")
    return name


def _brief(text: str) -> str:
    text = " ".join(text[: 2 * _LONGEST].split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _checksum(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
