"""Is every file of an index what it was when it was written? Checksums first, then what the files say.

Whatever a single flipped bit changes is found: every file but the empty lock file has a checksum in a manifest, and
manifests and tags carry their own. Nothing is changed here; `repair.py` does that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from vecsearch import files
from vecsearch.errors import IndexDamaged, IndexNotFound, VecsearchError
from vecsearch.reports import Problem, Verification
from vecsearch.storage.columns import DOCUMENT
from vecsearch.storage.file_stamps import read as read_sources
from vecsearch.storage.garbage import unnamed
from vecsearch.storage.manifest import FileEntry, Manifest, SegmentEntry, SideFile
from vecsearch.storage.segment import CODES, POSTINGS, ROWS, Segment, read_record
from vecsearch.storage.store import LOCK, MANIFESTS, SEGMENTS, SOURCES, TAGS, TOMBSTONES, Snapshot, Store

_UNIT = 1e-5  # how far from 1 the length of a float32 unit vector may be
_READ_AGAIN = 200  # rows of a segment whose words are; those of all rows take twenty times as long as all else


@dataclass(slots=True)
class _Findings:
    """What was looked at so far."""

    problems: list[Problem] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)  # bytes of each file, by its path in the index


def verify(store: Store) -> Verification:
    """What is wrong with the index, in all the versions that are there. Reads every byte; takes no lock."""
    if not store.exists():
        store.manifest()  # says that there is no index
    found = _Findings()
    manifests = [manifest for manifest in _manifests(store, found) if _is_kept(store, manifest, found)]
    _look_at_tags(store, found)
    readable = not any(problem.file.startswith(MANIFESTS) for problem in found.problems)
    leftovers = _leftovers(store, manifests) if readable else []  # else they may be what the damaged one names
    problems = tuple(_as_of_now(store, found.problems))
    return Verification(len(manifests), len(found.checked), sum(found.checked.values()), problems, tuple(leftovers))


def _manifests(store: Store, found: _Findings) -> list[Manifest]:
    """The manifests that can be read, ascending; the others are problems."""
    manifests = []
    for number in store.versions():
        path = f"{MANIFESTS}/{store.manifest_path(number).name}"
        try:
            size, manifest = store.manifest_path(number).stat().st_size, store.manifest(number)
        except (FileNotFoundError, IndexNotFound):  # a writer has just removed it
            continue
        except OSError as error:
            found.problems.append(Problem(path, "missing", f"the file cannot be read: {error.strerror}"))
        except VecsearchError as error:
            found.problems.append(Problem(path, "checksum", str(error)))
        else:
            manifests.append(manifest)
            found.checked[path] = size
    return manifests


def _is_kept(store: Store, manifest: Manifest, found: _Findings) -> bool:
    """Notes what is wrong with a version's files; False when a writer has removed it meanwhile, and nothing is noted.

    1. The manifest was read. 2. A writer commits and collects: first the manifest, then the files that only it named.
    3. A file is missing here. Then the manifest is no longer there either.
    """
    seen = _Findings(checked=dict(found.checked))
    for entry in manifest.segments:
        if not any(path.startswith(f"{SEGMENTS}/{entry.id}/") for path in seen.checked):
            seen.problems += _segment_problems(store, entry, manifest.language, seen)
        seen.problems += _side_file_problems(store, TOMBSTONES, entry.tombstones, seen)
    seen.problems += _side_file_problems(store, SOURCES, manifest.sources, seen)
    if not found.problems and not seen.problems:
        seen.problems += _version_problems(store, manifest)
    if seen.problems and not store.manifest_path(manifest.version).exists():
        return False
    found.problems += seen.problems
    found.checked.update(seen.checked)
    return True


def _look_at_tags(store: Store, found: _Findings) -> None:
    """Notes the tags that cannot be read, and those of versions that are not there."""
    for path in unnamed(store.path / TAGS, set()):
        if path.name.startswith(files.TEMPORARY):
            continue
        name = f"{TAGS}/{path.name}"
        try:
            found.checked[name], number = path.stat().st_size, store.tagged(path.name)
        except FileNotFoundError:  # a writer has just taken it away
            found.checked.pop(name, None)
        except IndexDamaged as error:
            found.problems.append(Problem(name, "checksum", str(error)))
        except OSError as error:
            found.problems.append(Problem(name, "missing", f"the file cannot be read: {error.strerror}"))
        else:
            if number not in store.versions() and path.exists():
                found.problems.append(Problem(name, "content", f"names version {number}, which is not there"))


def _segment_problems(store: Store, entry: SegmentEntry, language: str, found: _Findings) -> Iterator[Problem]:
    """What is wrong with a segment's files; what they say is looked at when their checksums hold."""
    damaged = False
    for name, expected in entry.files.items():
        path = f"{SEGMENTS}/{entry.id}/{name}"
        found.checked[path] = expected.size
        for problem in _file_problems(store.path, path, expected, repairable=name in (ROWS, POSTINGS, CODES)):
            damaged = True
            yield problem
    if not damaged:
        for detail in _content_problems(store.path / SEGMENTS / entry.id, entry):
            damaged = True
            yield Problem(f"{SEGMENTS}/{entry.id}", "content", detail)
    if not damaged:
        yield from _word_problems(store, entry, language)


def _side_file_problems(store: Store, folder: str, entry: SideFile | None, found: _Findings) -> Iterator[Problem]:
    path = f"{folder}/{entry.id}" if entry else ""
    if entry is None or path in found.checked:
        return
    found.checked[path] = entry.size
    yield from _file_problems(store.path, path, FileEntry(entry.size, entry.sha256), repairable=folder == SOURCES)


def _file_problems(index: Path, path: str, expected: FileEntry, *, repairable: bool) -> Iterator[Problem]:
    try:
        size, digest = (index / path).stat().st_size, files.sha256(index / path)
    except FileNotFoundError:
        yield Problem(path, "missing", "the file is not there", repairable)
        return
    except OSError as error:
        yield Problem(path, "missing", f"the file cannot be read: {error.strerror}", repairable)
        return
    if size != expected.size:
        yield Problem(path, "size", f"it has {size} bytes, expected {expected.size}", repairable)
    elif digest != expected.sha256:
        yield Problem(path, "checksum", f"it has SHA-256 {digest[:12]}…, expected {expected.sha256[:12]}…", repairable)


def _content_problems(folder: Path, entry: SegmentEntry) -> Iterator[str]:
    """What is wrong with files that are as they were written: a defect of the program that wrote them."""
    try:
        segment = Segment(folder, entry)
        if not segment.table.equals(read_record(folder)):
            yield "rows.arrow is not a copy of chunks.parquet"
        segment.postings.check()
    except IndexDamaged as error:
        yield str(error)
        return
    lengths = np.linalg.norm(segment.flat.vectors.astype(np.float64), axis=1)
    if not np.all(np.abs(lengths - 1) <= _UNIT):
        yield f"vector {int(np.argmax(~(np.abs(lengths - 1) <= _UNIT)))} is not a unit vector"
    if not np.all((segment.norms > 0) & np.isfinite(segment.norms)):
        yield "a norm is not a positive number"
    columns = {name: segment.table.column(name).to_numpy() for name in ("start", "end", "ordinal")}
    sizes = segment.text_lengths()
    if not np.array_equal(columns["end"] - columns["start"], sizes) or np.any(columns["start"] < 0):
        yield "the span of a chunk is not as long as its text"
    yield from _span_problems(segment)
    steps = np.diff(columns["ordinal"], prepend=-1)
    if not np.all((columns["ordinal"] == 0) | (steps == 1)):
        yield "the chunks of a document are not in order"


def _word_problems(store: Store, entry: SegmentEntry, language: str) -> Iterator[Problem]:
    """Whether rows that stand all over the segment have other words than their texts; they can be read again."""
    some = np.zeros(entry.rows, np.bool_)
    some[np.linspace(0, entry.rows - 1, min(entry.rows, _READ_AGAIN)).astype(np.int64)] = True
    if not Segment(store.path / SEGMENTS / entry.id, entry).has_words_of(some, language):
        path = f"{SEGMENTS}/{entry.id}/{POSTINGS}"
        yield Problem(path, "content", "its words are not those of the texts of chunks.parquet", repairable=True)


def _span_problems(segment: Segment) -> Iterator[str]:
    """The first chunk that is not what its document has at its span, where the texts of documents are kept."""
    if DOCUMENT not in segment.table.column_names:
        return
    for first in segment.first_rows.tolist():
        whole = segment.value(DOCUMENT, first)
        for row in segment.take(range(*segment.rows_from(first).indices(segment.entry.rows))):
            if whole is not None and whole[row.chunk.start : row.chunk.end] != row.chunk.text:
                yield f"chunk {row.chunk.id!r} is not what the text of its document has at its span"
                return


def _version_problems(store: Store, manifest: Manifest) -> Iterator[Problem]:
    """What is wrong with a version as a whole, when its files are as they were written."""
    path = f"{MANIFESTS}/{store.manifest_path(manifest.version).name}"
    try:
        snapshot = store.snapshot(manifest.version)
        if manifest.sources:
            read_sources(store.path / SOURCES / manifest.sources.id)
    except VecsearchError as error:
        yield Problem(path, "content", str(error))
        return
    ids = list(_live_documents(snapshot))
    if len(ids) != manifest.documents:
        yield Problem(path, "content", f"it counts {manifest.documents} documents, there are {len(ids)}")
    if len(set(ids)) != len(ids):
        yield Problem(path, "content", "a document is there twice")


def _live_documents(snapshot: Snapshot) -> Iterator[str]:
    for part in snapshot.parts:
        firsts = part.segment.first_rows
        yield from part.segment.table.column("document_id").take(firsts[part.mask()[firsts]]).to_pylist()


def _as_of_now(store: Store, problems: list[Problem]) -> Iterator[Problem]:
    """The problems, each with whether only the past has it: what only a new version could mend stays in old ones."""
    if not problems:
        return
    try:
        current = _paths(store.manifest())
    except (VecsearchError, OSError):  # then nothing is known of it, and nothing can be built on it
        current = None
    for problem in problems:
        path = "/".join(problem.file.split("/")[:2])
        past = current is not None and path not in current and not path.startswith((MANIFESTS, TAGS))
        replaced = problem.kind == "content" or path.startswith(SOURCES)  # and not made anew where it is
        stays = replaced and path not in (current or ())
        yield replace(problem, past=past, repairable=problem.repairable and not stays)


def _paths(manifest: Manifest) -> set[str]:
    """What a version names, by its path in the index."""
    tombstones = {f"{TOMBSTONES}/{entry.tombstones.id}" for entry in manifest.segments if entry.tombstones}
    sources = {f"{SOURCES}/{manifest.sources.id}"} if manifest.sources else set()
    return {f"{SEGMENTS}/{entry.id}" for entry in manifest.segments} | tombstones | sources


def _leftovers(store: Store, manifests: list[Manifest]) -> list[str]:
    """Files that no version names."""
    entries = [entry for manifest in manifests for entry in manifest.segments]
    named = {
        MANIFESTS: {store.manifest_path(number).name for number in store.versions()},
        SEGMENTS: {entry.id for entry in entries},
        TOMBSTONES: {entry.tombstones.id for entry in entries if entry.tombstones},
        SOURCES: {manifest.sources.id for manifest in manifests if manifest.sources},
    }
    extra = [path for folder, names in named.items() for path in unnamed(store.path / folder, names)]
    extra += [path for path in unnamed(store.path / TAGS, set()) if path.name.startswith(files.TEMPORARY)]
    extra += unnamed(store.path, {*named, TAGS, LOCK})
    return [path.relative_to(store.path).as_posix() for path in extra]
