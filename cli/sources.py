"""What `vecsearch index` is given: files and folders, or addresses, or standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from vecsearch import Document, Failure

_OF_FILES = ("watch", "dry_run", "dedupe", "drop_boilerplate", "include", "exclude")
_OF_READING = ("id_field", "text_field", "title_field", "metadata")


@dataclass(frozen=True, kw_only=True)
class Sources:
    """`paths`, or what is read from elsewhere: `addresses`, or standard input under an `id`."""

    paths: tuple[Path, ...] = ()
    addresses: tuple[str, ...] = ()
    id: str | None = None
    allow_http: bool = False

    @property
    def named(self) -> set[str]:
        """What a report calls that which was given, as it was named and not found in a folder."""
        return {*(str(path.resolve()) for path in self.paths), *self.addresses, *([self.id] if self.id else [])}

    def documents(self, **how: Any) -> Iterator[Document | Failure]:
        """What is read from elsewhere; `how` are the options of reading."""
        from vecsearch import read_address, read_stream

        how = {name: how[name] for name in _OF_READING}
        if self.id is not None:
            yield from read_stream(sys.stdin.buffer, self.id, **how)
        for address in self.addresses:
            yield from read_address(address, allow_http=self.allow_http, **how)


def sources_of(given: Sequence[str], identifier: str | None, *, allow_http: bool, **options: Any) -> Sources:
    """What the arguments name; raises UsageError for a mixture, and for options that do not go with it."""
    addresses = tuple(name for name in given if _scheme(name) in ("http", "https"))
    elsewhere = given == ("-",) or len(addresses) == len(given)
    if not elsewhere and (addresses or "-" in given):
        raise click.UsageError("give files and folders, or addresses, or - alone: what is gone is found of files only")
    if (identifier is None) is (given == ("-",)):
        raise click.UsageError("--id NAME names what - reads from standard input: give both, or none")
    if not elsewhere:
        return Sources(paths=tuple(map(_path, given)))
    if unfit := [name for name in _OF_FILES if options.get(name)]:
        raise click.UsageError(f"--{unfit[0].replace('_', '-')} is for files and folders")
    if addresses and not allow_http:
        raise click.UsageError(f"{addresses[0]} is on the network, which is not used unless you say so: --allow-http")
    return Sources(addresses=addresses, id=identifier, allow_http=allow_http)


def _scheme(name: str) -> str:
    return name.partition(":")[0].lower() if "://" in name or name.lower().startswith("file:") else ""


def _path(name: str) -> Path:
    """The path that a name is, or that a file: address is of."""
    if _scheme(name) != "file":
        return Path(name)
    from urllib.request import url2pathname

    parts = urlsplit(name)
    if parts.netloc not in ("", "localhost"):
        raise click.UsageError(f"{name} is a file of another machine, {parts.netloc}: expected file:///PATH")
    return Path(url2pathname(parts.path))
