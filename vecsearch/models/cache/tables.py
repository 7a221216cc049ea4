"""The tables of the cache, in SQL: write, read, keep within a size. Each change is a transaction of its own.

Each put writes one *batch*: its vectors get consecutive ids, so that they share pages, and one row of `batches` has
their model and their last use. So recency, and counts by model, take thousands of small rows instead of millions: a
use is noted for a batch, and only when the last note is six hours old. Whole batches are removed, the least recently
used first, which empties whole pages; the next vectors are written there, and the file does not grow. Texts encoded
together come from the same documents and are used together.

Sources: SQLite's write-ahead log (sqlite.org/wal.html), its file format for what fits a page, its pragmas.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple, TypeAlias

from vecsearch.models.cache.entries import KEY_BYTES, Entry

_BUSY_MS = 5_000  # for a write to wait for one of another process, which takes some tens of milliseconds
_HELD_MS = 1_000  # to open and to read, which wait for no write, only for who holds the whole file
_PAUSE = 0.01  # seconds
_NEW_FILE = (
    "PRAGMA page_size=16384",  # vectors of 384 dimensions waste a quarter of pages of 4096, of 1024 half of 8192
    "PRAGMA auto_vacuum=INCREMENTAL",  # freed pages can be returned to the disk without rewriting the file
)
_EACH_CONNECTION = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA journal_size_limit=16000000",  # a large write leaves no large log
    "PRAGMA synchronous=NORMAL",  # a power cut may lose the last writes, not the file
    "PRAGMA secure_delete=OFF",  # some builds overwrite deleted content
)
_TABLES = (
    "CREATE TABLE IF NOT EXISTS models (number INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, name TEXT)",
    """CREATE TABLE IF NOT EXISTS batches (
        first INTEGER PRIMARY KEY, vectors INTEGER NOT NULL, bytes INTEGER NOT NULL,
        model INTEGER NOT NULL, used INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS batches_by_use ON batches (used)",
    """CREATE TABLE IF NOT EXISTS vectors (
        id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, batch INTEGER NOT NULL,
        checksum INTEGER NOT NULL, vector BLOB NOT NULL)""",
)
# The keys come as one parameter, sorted, so that the index is read from front to back; IN sorts the ids, so that the
# vectors are, too.
_KNOWN = """
    WITH RECURSIVE positions(i) AS (SELECT 1 UNION ALL SELECT i + ?2 FROM positions WHERE i + ?2 < length(?1))
    SELECT key, checksum, vector, batch, used FROM vectors LEFT JOIN batches ON first = batch
    WHERE id IN (SELECT id FROM positions CROSS JOIN vectors ON key = substr(?1, i, ?2))
"""
_DROPPED_AT_ONCE = 32_000_000  # bytes of vectors removed in one transaction, which another process waits for
_FREED_AT_ONCE = 4_096  # pages returned to the disk in one
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
Known: TypeAlias = tuple[bytes, int, bytes, int, int | None]  # key, checksum, vector; its batch, when that was used


class Held(NamedTuple):
    """What the cache holds of one model: `bytes` are those of vectors, uses are ISO 8601 in UTC."""

    number: int
    fingerprint: str
    name: str
    vectors: int
    bytes: int
    oldest_use: str
    newest_use: str


def connect(path: Path) -> sqlite3.Connection:
    """Open a connection to the file, which is created with its tables if missing. Threads may use it in turn.

    A file that may not be written is opened to be read.
    """
    deadline = monotonic() + _HELD_MS / 1000
    while True:
        try:
            return _connect_once(path)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                if monotonic() > deadline:
                    raise
                sleep(_PAUSE)  # SQLite does not always wait while several processes switch a new file to WAL
                continue
            if not path.is_file() or "no such table" in str(error):
                raise
            return _connect_to_read(path, error)


def _connect_to_read(path: Path, unwritable: sqlite3.OperationalError) -> sqlite3.Connection:
    """Open a connection that only reads; raises the error of the one that could not write when that fails too.

    Beside a log that may not be written either, SQLite reads only what is "immutable": the log is then left out, and
    what another process writes meanwhile may read as damaged, which the checksums of vectors show.
    """
    for option in ("mode=ro", "mode=ro&immutable=1"):
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?{option}", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            db.execute("SELECT count(*) FROM batches").fetchone()
            return db
        except sqlite3.OperationalError:
            db.close()
    raise unwritable


def _connect_once(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_HELD_MS / 1000, isolation_level=None, check_same_thread=False)
    try:
        new = not _pragma(db, "page_count")
        for statement in (*(_NEW_FILE if new else ()), *_EACH_CONNECTION, *_TABLES):
            db.execute(statement)
    except BaseException:
        db.close()
        raise
    return db


def write(db: sqlite3.Connection, fingerprint: str, name: str, entries: Sequence[Entry], now: int) -> None:
    """Write all entries or none; one whose key exists keeps its id and takes the new vector."""
    with _transaction(db):
        model = _number_of(db, fingerprint, name)
        [first] = db.execute("SELECT coalesce(max(id), 0) + 1 FROM vectors").fetchone()
        db.executemany(
            """INSERT INTO vectors (key, batch, checksum, vector) VALUES (?, ?, ?, ?)
               ON CONFLICT (key) DO UPDATE SET checksum = excluded.checksum, vector = excluded.vector""",
            ((entry.key, first, entry.checksum, entry.vector) for entry in entries),
        )
        db.execute(
            """INSERT INTO batches SELECT batch, count(*), sum(length(vector)), ?, ? FROM vectors
               WHERE id >= ? GROUP BY batch""",
            (model, now, first),
        )
        [last] = db.execute("SELECT max(id) FROM vectors").fetchone()
        if last - first + 1 < len(entries):
            _set_used(db, {batch for *_, batch, _ in read(db, [entry.key for entry in entries])}, now)


def read(db: sqlite3.Connection, keys: Collection[bytes]) -> Iterator[Known]:
    """Yield what is stored under these keys, in no order."""
    return db.execute(_KNOWN, (b"".join(sorted(keys)), KEY_BYTES))


def note_use(db: sqlite3.Connection, batches: Collection[int], now: int) -> None:
    """Note that the batches were used now; skipped while another connection writes, since a reader waits for nobody."""
    with suppress(sqlite3.OperationalError), _transaction(db, wait=0):
        _set_used(db, batches, now)


def make_room(db: sqlite3.Connection, most: int, target: int) -> int:
    """Drop the least recently used vectors down to `target` bytes if more than `most` are in use; return how many.

    The first check costs microseconds: SQLite knows how many pages there are, and how many are free. Between two
    steps the process may be killed, or another one may write: each step leaves whole batches.
    """
    if _bytes_used(db) <= most:
        return 0
    dropped = drop(db, "1", excess=lambda: _bytes_used(db) - target)
    if not db.execute("SELECT EXISTS (SELECT 1 FROM batches)").fetchone()[0]:
        dropped += clear(db)  # what remains are vectors without a batch, which only damage can leave
    return dropped


def drop(
    db: sqlite3.Connection,
    condition: str,
    values: Sequence[object] = (),
    excess: Callable[[], int] = lambda: _DROPPED_AT_ONCE,
) -> int:
    """Remove batches that match a condition, the least recently used first, while there is an excess.

    Returns how many vectors were removed.
    """
    dropped = 0
    while (least := min(excess(), _DROPPED_AT_ONCE)) > 0:
        with _transaction(db):
            query = f"SELECT first, vectors, bytes FROM batches WHERE {condition} ORDER BY used, first"  # noqa: S608 constants
            batches = list(_first_of(db.execute(query, values), least))
            for first, end in batches:
                dropped += db.execute("DELETE FROM vectors WHERE id >= ? AND id < ?", (first, end)).rowcount
                db.execute("DELETE FROM batches WHERE first = ?", (first,))
        if not batches:
            break
    return dropped


def clear(db: sqlite3.Connection) -> int:
    """Remove everything; return how many vectors."""
    with _transaction(db):
        [vectors] = db.execute("SELECT count(*) FROM vectors").fetchone()
        for table in ("vectors", "batches", "models"):
            db.execute(f"DELETE FROM {table}")  # noqa: S608 constants
    return int(vectors)


def shrink(db: sqlite3.Connection, most: int) -> None:
    """Return free pages to the disk until the file has `most` bytes or no free page."""
    pages, free = _pragma(db, "page_count"), _pragma(db, "freelist_count")
    excess = min(pages - most // _pragma(db, "page_size"), free)
    for done in range(0, excess, _FREED_AT_ONCE):
        # As a script, since each step frees one page and execute() runs only one step.
        db.executescript(f"PRAGMA incremental_vacuum({min(_FREED_AT_ONCE, excess - done)})")


def empty_log(db: sqlite3.Connection) -> None:
    """Move the log into the file and empty it, unless somebody is still reading it."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def held(db: sqlite3.Connection) -> list[Held]:
    """Return what is held of each model, the largest first; reads each batch but no vector."""
    rows = db.execute(
        """SELECT number, fingerprint, name, sum(vectors), sum(bytes) AS size, min(used), max(used)
           FROM batches JOIN models ON number = model GROUP BY number ORDER BY size DESC, fingerprint"""
    )
    return [
        Held(number, fingerprint, name, vectors, size, _iso(oldest), _iso(newest))
        for number, fingerprint, name, vectors, size, oldest, newest in rows
    ]


@contextmanager
def _transaction(db: sqlite3.Connection, wait: int = _BUSY_MS) -> Iterator[None]:
    """Do all of the changes made inside, or none; `wait` is how many milliseconds to wait for another writer."""
    db.execute(f"PRAGMA busy_timeout={wait}")
    try:
        db.execute("BEGIN IMMEDIATE")
    finally:
        db.execute(f"PRAGMA busy_timeout={_HELD_MS}")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _number_of(db: sqlite3.Connection, fingerprint: str, name: str) -> int:
    """The number by which batches refer to the model."""
    db.execute(
        """INSERT INTO models (fingerprint, name) VALUES (?, ?)
           ON CONFLICT (fingerprint) DO UPDATE SET name = excluded.name WHERE name <> excluded.name""",
        (fingerprint, name),
    )
    [number] = db.execute("SELECT number FROM models WHERE fingerprint = ?", (fingerprint,)).fetchone()
    return int(number)


def _set_used(db: sqlite3.Connection, batches: Collection[int], now: int) -> None:
    db.executemany("UPDATE batches SET used = ? WHERE first = ?", ((now, batch) for batch in batches))


def _first_of(batches: Iterator[tuple[int, int, int]], least: int) -> Iterator[tuple[int, int]]:
    """The first batches with at least `least` bytes together, each as the span of its vectors' ids."""
    for first, vectors, size in batches:
        yield first, first + vectors
        least -= size
        if least <= 0:
            break


def _bytes_used(db: sqlite3.Connection) -> int:
    """The size of the file without its free pages."""
    return (_pragma(db, "page_count") - _pragma(db, "freelist_count")) * _pragma(db, "page_size")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    [value] = db.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _iso(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds")
