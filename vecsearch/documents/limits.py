"""How much one file may take: time, memory, text, and what it unpacks to. Files come from anywhere; some are bombs."""

from __future__ import annotations

from dataclasses import dataclass, fields

from vecsearch.errors import InvalidDocument, InvalidOption

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a file may take before it is given up with a reason. Sizes are bytes, of text characters."""

    seconds: float = 60  # until its next document
    memory: int = 4_000 * _MEGABYTE  # of the process that reads it, where the system can limit that
    text: int = 64 * _MEGABYTE  # of one document: about twenty thousand pages
    file: int = 1_000 * _MEGABYTE  # of a file that is read into memory
    unpacked: int = 2_000 * _MEGABYTE  # all that is unpacked from one file
    ratio: int = 200  # unpacked bytes for a byte of the file; text packs to a tenth, a bomb to a thousandth
    always: int = 50 * _MEGABYTE  # unpacked bytes that are no bomb, whatever the ratio
    members: int = 100_000  # files in an archive
    depth: int = 5  # files in one another, such as archives in archives

    def __post_init__(self) -> None:
        """Raises InvalidOption for a limit that nothing can keep."""
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise InvalidOption(f"the limit {field.name} is {getattr(self, field.name)!r}; expected more than 0")


class Budget:
    """The bytes that may still be unpacked from one file: all archives in it spend from the same one."""

    def __init__(self, limits: Limits, size: int) -> None:
        """For a file of `size` bytes."""
        self._whole = min(limits.unpacked, max(limits.always, limits.ratio * size))
        self._left = self._whole

    def spend(self, count: int) -> None:
        """Take note of `count` unpacked bytes. Raises InvalidDocument when that is more than is left."""
        self._left -= count
        if self._left < 0:
            raise InvalidDocument(f"it unpacks to more than {megabytes(self._whole)}: unpack it and index the folder")


def check_text_size(length: int, limits: Limits) -> None:
    """Raises InvalidDocument when a text of `length` characters is too much for one document."""
    if length > limits.text:
        raise InvalidDocument(f"more than {limits.text:,} characters of text, too much for one document: split it")


def check_file_size(size: int, limits: Limits) -> None:
    """Raises InvalidDocument when a file of `size` bytes is too large to be read into memory."""
    if size > limits.file:
        raise InvalidDocument(f"{megabytes(size)}, at most {megabytes(limits.file)} can be read: split it")


def check_depth(depth: int, limits: Limits) -> None:
    """Raises InvalidDocument for a file that is inside `depth` others, when these are too many."""
    if depth > limits.depth:
        raise InvalidDocument(f"it is inside more than {limits.depth} other files: take it out of the outermost")


def megabytes(size: int) -> str:
    """The size as people write it."""
    return f"{size / _MEGABYTE:,.0f} MB" if size >= 10 * _MEGABYTE else f"{size:,} bytes"
