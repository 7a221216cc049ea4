"""Check that every file of an index is as it was written: checksums first, then the content.

Every single flipped bit is found: each file but the lock file has a checksum in a manifest, and manifests and tags
carry their own. Changes nothing; repair.py does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from vecsearch import files
from vecsearch.errors import IndexDamaged, IndexNotFound, VecsearchError
from vecsearch.reports import Problem, Verification
from vecsearch.storage.columns import DOCUMENT
from vecsearch.storage.file_stamps import decode_stamps
from vecsearch.storage.garbage import is_ours, unnamed
from vecsearch.storage.manifest import FileEntry, Manifest, SegmentEntry, SideFile
from vecsearch.storage.marks import MARKS
from vecsearch.storage.real import check_file, check_folder, read_file
from vecsearch.storage.segment import CODES, POSTINGS, ROWS, Segment, read_record
from vecsearch.storage.store import LOCK, MANIFESTS, SEGMENTS, SOURCES, TAGS, TOMBSTONES, Snapshot, Store
from vecsearch.storage.synced import SYNCED

_UNIT = 1e-5  # how far from 1 the length of a float32 unit vector may be
_SAMPLED_ROWS = 200  # of a segment, to compare words with texts; all rows would take twenty times as long as the rest


@dataclass(slots=True)
class _Findings:
    """What was checked so far."""

    problems: list[Problem] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)  # bytes of each file, by its path in the index


def verify(store: Store) -> Verification:
    """Report the problems of all versions on disk. Reads every byte; takes no lock."""
    if not store.exists():
        store.manifest()  # raises IndexNotFound
    findings = _Findings()
    manifests = [manifest for manifest in _manifests(store, findings) if _check_version(store, manifest, findings)]
    _check_tags(store, findings)
    readable = not any(problem.file.startswith(MANIFESTS) for problem in findings.problems)
    extra = _unnamed_files(store, manifests) if readable else []  # otherwise a damaged manifest may name them
    leftovers, foreign = (tuple(name for name in extra if _is_ours(name) is ours) for ours in (True, False))
    problems = tuple(_judge_repair(store, findings.problems))
    checked = findings.checked
    return Verification(len(manifests), len(checked), sum(checked.values()), problems, leftovers, foreign=foreign)


def check_version(store: Store, manifest: Manifest) -> Snapshot:
    """Return the version that a manifest describes, open, when all its files are whole; raises IndexDamaged.

    What is open are the bytes that were checked, if the store reads them into memory.
    """
    findings = _Findings()
    if not _check_version(store, manifest, findings):
        raise IndexDamaged(f"{store.name}: version {manifest.version} was removed while it was checked: open it again")
    if problems := findings.problems:
        first = f"{problems[0].file}: {' '.join(problems[0].detail.split())}"
        raise IndexDamaged(
            f"{store.name} is not safe to use: {len(problems)} {'problem' if len(problems) == 1 else 'problems'}, "
            f"the first in {first}: run vecsearch verify to see all"
        )
    return store.snapshot_of(manifest)


def _manifests(store: Store, findings: _Findings) -> list[Manifest]:
    """Return the readable manifests, ascending; note the others as problems."""
    manifests = []
    for number in store.versions():
        path = f"{MANIFESTS}/{store.manifest_path(number).name}"
        try:
            size, manifest = store.manifest_path(number).lstat().st_size, store.manifest(number)
        except (FileNotFoundError, IndexNotFound):  # a writer has just removed it
            continue
        except OSError as error:
            findings.problems.append(Problem(path, "missing", f"the file cannot be read: {error.strerror}"))
        except VecsearchError as error:
            findings.problems.append(Problem(path, "checksum", str(error)))
        else:
            manifests.append(manifest)
            findings.checked[path] = size
    return manifests


def _check_version(store: Store, manifest: Manifest, findings: _Findings) -> bool:
    """Note the problems of a version's files; False, and nothing noted, when a writer has removed it meanwhile.

    1. The manifest was read. 2. A writer commits and collects garbage: first the manifest, then files that only it
    named. 3. A file is missing here. Then the manifest is gone, too.
    """
    seen = _Findings(checked=dict(findings.checked))
    for entry in manifest.segments:
        if not any(path.startswith(f"{SEGMENTS}/{entry.id}/") for path in seen.checked):
            seen.problems += _segment_problems(store, entry, manifest.language, seen)
        seen.problems += _side_file_problems(store, TOMBSTONES, entry.tombstones, seen)
    seen.problems += _side_file_problems(store, SOURCES, manifest.sources, seen)
    if not findings.problems and not seen.problems:
        seen.problems += _version_problems(store, manifest)
    if seen.problems and not os.path.lexists(store.manifest_path(manifest.version)):
        return False
    findings.problems += seen.problems
    findings.checked.update(seen.checked)
    return True


def _check_tags(store: Store, findings: _Findings) -> None:
    """Note the tags that cannot be read, and those of versions that do not exist."""
    for path in unnamed(store.path / TAGS, set()):
        if path.name.startswith(files.TEMPORARY):
            continue
        name = f"{TAGS}/{path.name}"
        try:
            findings.checked[name], number = path.lstat().st_size, store.tagged(path.name)
        except FileNotFoundError:  # a writer has just removed it
            findings.checked.pop(name, None)
        except IndexDamaged as error:
            findings.problems.append(Problem(name, "checksum", str(error)))
        except OSError as error:
            findings.problems.append(Problem(name, "missing", f"the file cannot be read: {error.strerror}"))
        else:
            if number not in store.versions() and path.exists():
                findings.problems.append(Problem(name, "content", f"names version {number}, which does not exist"))


def _segment_problems(store: Store, entry: SegmentEntry, language: str, findings: _Findings) -> Iterator[Problem]:
    """Yield the problems of a segment's files; their content is checked when their checksums match."""
    damaged = False
    try:
        check_folder(store.path / SEGMENTS / entry.id)
    except IndexDamaged as error:
        yield Problem(f"{SEGMENTS}/{entry.id}", "link", str(error))
        return
    for name, expected in entry.files.items():
        path = f"{SEGMENTS}/{entry.id}/{name}"
        findings.checked[path] = expected.size
        for problem in _file_problems(store.path, path, expected, repairable=name in (ROWS, POSTINGS, CODES)):
            damaged = True
            yield problem
    if not damaged:
        for detail in _content_problems(store, entry):
            damaged = True
            yield Problem(f"{SEGMENTS}/{entry.id}", "content", detail)
    if not damaged:
        yield from _word_problems(store, entry, language)


def _side_file_problems(store: Store, folder: str, entry: SideFile | None, findings: _Findings) -> Iterator[Problem]:
    path = f"{folder}/{entry.id}" if entry else ""
    if entry is None or path in findings.checked:
        return
    findings.checked[path] = entry.size
    yield from _file_problems(store.path, path, FileEntry(entry.size, entry.sha256), repairable=folder == SOURCES)


def _file_problems(index: Path, path: str, expected: FileEntry, *, repairable: bool) -> Iterator[Problem]:
    try:
        size, digest = check_file(index / path).st_size, files.sha256(index / path)
    except FileNotFoundError:
        yield Problem(path, "missing", "the file does not exist", repairable)
        return
    except IndexDamaged as error:
        yield Problem(path, "link", str(error))
        return
    except OSError as error:
        yield Problem(path, "missing", f"the file cannot be read: {error.strerror}", repairable)
        return
    if size != expected.size:
        yield Problem(path, "size", f"it has {size} bytes, expected {expected.size}", repairable)
    elif digest != expected.sha256:
        yield Problem(path, "checksum", f"it has SHA-256 {digest[:12]}…, expected {expected.sha256[:12]}…", repairable)


def _content_problems(store: Store, entry: SegmentEntry) -> Iterator[str]:
    """Yield problems of files whose checksums match: defects of the program that wrote them."""
    try:
        segment = store.open_segment(entry)
        if not segment.table.whole().equals(read_record(store.path / SEGMENTS / entry.id)):
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
        yield "the span of a chunk differs in length from its text"
    yield from _span_problems(segment)
    steps = np.diff(columns["ordinal"], prepend=-1)
    if not np.all((columns["ordinal"] == 0) | (steps == 1)):
        yield "the chunks of a document are not in order"


def _word_problems(store: Store, entry: SegmentEntry, language: str) -> Iterator[Problem]:
    """Yield a problem when rows spread over the segment have other words than their texts; rebuilding repairs it."""
    sampled = np.zeros(entry.rows, np.bool_)
    sampled[np.linspace(0, entry.rows - 1, min(entry.rows, _SAMPLED_ROWS)).astype(np.int64)] = True
    if not store.open_segment(entry).words_match_texts(sampled, language):
        path = f"{SEGMENTS}/{entry.id}/{POSTINGS}"
        yield Problem(path, "content", "its words are not those of the texts in chunks.parquet", repairable=True)


def _span_problems(segment: Segment) -> Iterator[str]:
    """Yield the first chunk that differs from its document at its span, where whole documents are kept."""
    if DOCUMENT not in segment.table.column_names:
        return
    for first in segment.first_rows.tolist():
        whole = segment.value(DOCUMENT, first)
        for row in segment.take(range(*segment.rows_from(first).indices(segment.entry.rows))):
            if whole is not None and whole[row.chunk.start : row.chunk.end] != row.chunk.text:
                yield f"chunk {row.chunk.id!r} differs from the text of its document at its span"
                return


def _version_problems(store: Store, manifest: Manifest) -> Iterator[Problem]:
    """Yield the problems of a version as a whole, when its files are as they were written."""
    path = f"{MANIFESTS}/{store.manifest_path(manifest.version).name}"
    try:
        snapshot = store.snapshot_of(manifest)
        if manifest.sources:
            path_of_stamps = store.path / SOURCES / manifest.sources.id
            decode_stamps(read_file(path_of_stamps), str(path_of_stamps))
    except VecsearchError as error:
        yield Problem(path, "content", str(error))
        return
    ids = list(_live_documents(snapshot))
    if len(ids) != manifest.documents:
        yield Problem(path, "content", f"it counts {manifest.documents} documents, found {len(ids)}")
    if len(set(ids)) != len(ids):
        yield Problem(path, "content", "a document occurs twice")


def _live_documents(snapshot: Snapshot) -> Iterator[str]:
    for part in snapshot.parts:
        firsts = part.segment.first_rows
        yield from part.segment.table.column("document_id").take(firsts[part.mask()[firsts]]).to_pylist()


def _judge_repair(store: Store, problems: list[Problem]) -> Iterator[Problem]:
    """Mark the problems that only past versions have; what a new version would repair cannot be repaired in those."""
    if not problems:
        return
    try:
        current = _paths(store.manifest())
    except (VecsearchError, OSError):  # its files are unknown, and nothing can be built on it
        current = None
    for problem in problems:
        path = "/".join(problem.file.split("/")[:2])
        past = current is not None and path not in current and not path.startswith((MANIFESTS, TAGS))
        needs_new_version = problem.kind == "content" or path.startswith(SOURCES)  # not rebuilt in place
        remains = needs_new_version and path not in (current or ())
        yield replace(problem, past=past, repairable=problem.repairable and not remains)


def _paths(manifest: Manifest) -> set[str]:
    """Return the paths in the index that a version names."""
    tombstones = {f"{TOMBSTONES}/{entry.tombstones.id}" for entry in manifest.segments if entry.tombstones}
    sources = {f"{SOURCES}/{manifest.sources.id}"} if manifest.sources else set()
    return {f"{SEGMENTS}/{entry.id}" for entry in manifest.segments} | tombstones | sources


def _unnamed_files(store: Store, manifests: list[Manifest]) -> list[str]:
    """Return the paths in the index that no version names."""
    entries = [entry for manifest in manifests for entry in manifest.segments]
    named = {
        MANIFESTS: {store.manifest_path(number).name for number in store.versions()},
        SEGMENTS: {entry.id for entry in entries},
        TOMBSTONES: {entry.tombstones.id for entry in entries if entry.tombstones},
        SOURCES: {manifest.sources.id for manifest in manifests if manifest.sources},
    }
    extra = [path for folder, names in named.items() for path in unnamed(store.path / folder, names)]
    extra += [path for path in unnamed(store.path / TAGS, set()) if path.name.startswith(files.TEMPORARY)]
    extra += unnamed(store.path, {*named, TAGS, LOCK, SYNCED, *MARKS})
    return [path.relative_to(store.path).as_posix() for path in extra]


def _is_ours(path: str) -> bool:
    """Whether a commit left it, which the next one removes."""
    folder, _, name = path.rpartition("/")
    return is_ours(folder, name)
