"""Every error that vecsearch raises on purpose.

    VecsearchError
    ├── IndexNotFound        (FileNotFoundError)   the folder holds no index
    ├── IndexExists          (FileExistsError)     the folder holds an index already
    ├── IndexLocked          (BlockingIOError)     another writer holds the index
    ├── IndexClosed          (ValueError)          an Index was used after close()
    ├── IndexDamaged         (ValueError)          a file of the index is not what the manifest says
    ├── CommitUnknown        (OSError)             the disk failed; a commit may have landed or not
    ├── FormatTooNew         (ValueError)          written by a newer vecsearch
    ├── ModelNotFound        (FileNotFoundError)   no such model here
    ├── ModelDamaged         (ValueError)          a model's files are not what they should be
    ├── ModelUnsupported     (ValueError)          intact, but of a kind that the runtime cannot run
    ├── ModelMismatch        (ValueError)          the index was made with another model
    ├── ConsentMissing       (PermissionError)     an address or a folder of others that the user has not trusted
    ├── EndpointFailed       (ConnectionError)     a remote model refuses, cannot be reached, or answers nonsense
    ├── ExtraMissing         (ModuleNotFoundError) an optional package is needed
    ├── CacheUnusable        (OSError)             the cache of vectors cannot be read or changed
    ├── PathNotFound         (FileNotFoundError)   a path to index does not exist
    └── InvalidInput         (ValueError)          what the caller gave cannot be used: one of
        ├── InvalidDocument  (ValueError)          a document that cannot be indexed
        ├── InvalidVector    (ValueError)          wrong shape, not finite, or zero
        ├── InvalidQuery     (ValueError)          a query that cannot be answered
        │   └── UnknownId    (LookupError)         no document or chunk has this id
        ├── InvalidFilter    (ValueError)          a condition that is not valid, or not applicable to this index
        └── InvalidOption    (ValueError)          an option outside its range

Every message says what, where, found against expected, and what to do, in one line.
"""

from __future__ import annotations


class VecsearchError(Exception):
    """Everything vecsearch raises on purpose; catch this to catch them all."""


class IndexNotFound(VecsearchError, FileNotFoundError):
    """The folder holds no index."""


class IndexExists(VecsearchError, FileExistsError):
    """The folder holds an index already; nothing was changed."""


class IndexLocked(VecsearchError, BlockingIOError):
    """Another writer holds the index; nothing was changed.

    `situation` is the message without its advice, for a program that words its own.
    """

    situation = ""

    @classmethod
    def of(cls, index: str, holder: str, waited: float) -> IndexLocked:
        """The error for an index that `holder` still writes to after `waited` seconds."""
        after = f" after {waited:g} s" if waited else ""
        situation = f"{index} is being written{after} by {holder}"
        error = cls(f"{situation}: try again when it is done, or wait longer, with wait=SECONDS")
        error.situation = situation
        return error


class IndexClosed(VecsearchError, ValueError):
    """The Index was closed; open it again to use it."""


class IndexDamaged(VecsearchError, ValueError):
    """A file of the index is missing, truncated or not what its manifest says."""


class CommitUnknown(VecsearchError, OSError):
    """The disk failed during a commit: the new version is there or it is not, and no file was removed."""


class FormatTooNew(VecsearchError, ValueError):
    """The index was written by a newer vecsearch than this one."""


class ModelNotFound(VecsearchError, FileNotFoundError):
    """The model is neither a folder, nor in a package, nor in the hub's cache, nor on the hub."""


class ModelDamaged(VecsearchError, ValueError):
    """A model's files are missing, unreadable or differ from their known hashes."""


class ModelUnsupported(VecsearchError, ValueError):
    """A model's files are intact, but of a kind that the runtime cannot run."""


class ModelMismatch(VecsearchError, ValueError):
    """The index holds vectors of another model than the one given."""


class ConsentMissing(VecsearchError, PermissionError):
    """An index would send texts to an address, or lies in a folder of others, that the user has not trusted."""


class EndpointFailed(VecsearchError, ConnectionError):
    """A remote model gave no vectors; those that it gave before are kept."""


class ExtraMissing(VecsearchError, ModuleNotFoundError):
    """An optional package is not installed; the message has the command that installs it, `extra` what that names."""

    extra = ""

    @classmethod
    def of(cls, package: str, extra: str, purpose: str) -> ExtraMissing:
        """The error for `purpose`, which needs `package` from `extra`."""
        error = cls(f"{purpose} needs {package}: pip install 'vecsearch[{extra}]'", name=package)
        error.extra = extra
        return error


class CacheUnusable(VecsearchError, OSError):
    """The cache of vectors cannot be read or changed: it is in use, not permitted, or the disk is full."""


class PathNotFound(VecsearchError, FileNotFoundError):
    """A file or folder to index does not exist; nothing was changed."""


class InvalidInput(VecsearchError, ValueError):
    """What the caller gave cannot be used; the same call fails again."""


class InvalidDocument(InvalidInput):
    """A document, or a file of documents, cannot be read or indexed."""


class InvalidVector(InvalidInput):
    """A vector has the wrong shape, is zero, or holds a value that is not finite."""


class InvalidQuery(InvalidInput):
    """A query is empty or of a form that cannot be searched for."""


class UnknownId(InvalidQuery, LookupError):
    """No document or chunk of the index has the id that was asked for."""


class InvalidFilter(InvalidInput):
    """A filter is not valid SQL, uses what filters do not support, or does not fit the index's metadata."""


class InvalidOption(InvalidInput):
    """An option's value lies outside what it can be."""
