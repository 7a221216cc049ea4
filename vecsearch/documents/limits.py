"""What reading one file may cost: time, memory, text, and unpacked bytes. Files come from anywhere; some are bombs."""

from __future__ import annotations

from dataclasses import dataclass, fields

from vecsearch.errors import InvalidDocument, InvalidOption

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds beyond which a file fails with a reason. Sizes are in bytes, those of text in characters."""

    seconds: float = 60  # until its next document
    seconds_in_all: float = 900  # of processor time, for all that is in a file, such as the messages of a mailbox
    memory: int = 4_000 * _MEGABYTE  # of the process that reads it, where the system can limit that
    text: int = 64 * _MEGABYTE  # of one document: about twenty thousand pages
    file: int = 1_000 * _MEGABYTE  # of a file that is read into memory
    unpacked: int = 2_000 * _MEGABYTE  # everything unpacked from one file
    ratio: int = 200  # unpacked bytes per byte of the file; text shrinks to a tenth, a bomb to a thousandth
    always: int = 50 * _MEGABYTE  # unpacked bytes that are permitted whatever the ratio
    members: int = 100_000  # files in an archive and in those inside it; messages and attachments in a mailbox
    depth: int = 5  # levels of files inside files, such as archives in archives

    def __post_init__(self) -> None:
        """Raises InvalidOption for a limit that is not above 0."""
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise InvalidOption(f"the limit {field.name} is {getattr(self, field.name)!r}; expected more than 0")


class Exhausted(InvalidDocument):
    """A file holds more than may be read of one: it is read no further, also when only a file inside it shows that."""


class Budget:
    """The bytes and files that may still be unpacked from one file, shared by all archives inside it."""

    def __init__(self, limits: Limits, size: int) -> None:
        """Set the budget of a file of `size` bytes."""
        self._total = min(limits.unpacked, max(limits.always, limits.ratio * size))
        self._left = self._total
        self._members = self._members_left = limits.members

    def spend(self, count: int) -> None:
        """Take `count` unpacked bytes from the budget. Raises Exhausted when fewer are left."""
        self._left -= count
        if self._left < 0:
            raise Exhausted(f"unpacks to more than {megabytes(self._total)}: unpack it and index the folder")

    def spend_members(self, count: int, *, things: str, advice: str) -> None:
        """Take `count` files, called `things`, from the budget. Raises Exhausted, with `advice`, without these."""
        self._members_left -= count
        if self._members_left < 0:
            raise Exhausted(f"contains more than {self._members:,} {things}: {advice}")


def check_text_size(length: int, limits: Limits) -> None:
    """Raises InvalidDocument when a text of `length` characters is too long for one document."""
    if length > limits.text:
        raise InvalidDocument(f"more than {limits.text:,} characters of text, too long for one document: split it")


def check_file_size(size: int, limits: Limits) -> None:
    """Raises InvalidDocument when a file of `size` bytes is too large to be read into memory."""
    if size > limits.file:
        raise InvalidDocument(f"{megabytes(size)}, more than the {megabytes(limits.file)} that can be read: split it")


def check_depth(depth: int, limits: Limits) -> None:
    """Raises InvalidDocument for a file inside `depth` others, when that is too many."""
    if depth > limits.depth:
        raise InvalidDocument(f"inside more than {limits.depth} other files: unpack the outermost and index the folder")


def megabytes(size: int) -> str:
    """Return the size for people: "12 MB"."""
    return f"{size / _MEGABYTE:,.0f} MB" if size >= 10 * _MEGABYTE else f"{size:,} bytes"
