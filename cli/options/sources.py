"""What `vecsearch index` reads: files and folders, or URLs, or standard input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from ..output.streams import standard_input

if TYPE_CHECKING:
    from vecsearch import Document, Failure

_FOR_FILES = ("watch", "dry_run", "dedupe", "drop_boilerplate", "include", "exclude")
_FOR_STREAMS = ("id_field", "text_field", "title_field", "metadata")


@dataclass(frozen=True, kw_only=True)
class Sources:
    """`paths`, or `urls`, or standard input under an `id`; none of them: the roots of the index."""

    paths: tuple[Path, ...] = ()
    urls: tuple[str, ...] = ()
    id: str | None = None
    allow_http: bool = False

    @property
    def follow_roots(self) -> bool:
        """Whether nothing was named, so that the index follows its roots."""
        return not (self.paths or self.urls or self.id)

    @property
    def named(self) -> set[str]:
        """The sources that were given, rather than found in a folder, as a report names them."""
        return {*(str(path.resolve()) for path in self.paths), *self.urls, *([self.id] if self.id else [])}

    def documents(self, **options: Any) -> Iterator[Document | Failure]:
        """Read standard input or the URLs; `options` are those of reading."""
        from vecsearch import read_address, read_stream

        options = {name: options[name] for name in _FOR_STREAMS}
        if self.id is not None:
            yield from read_stream(standard_input().buffer, self.id, **options)
        for url in self.urls:
            yield from read_address(url, allow_http=self.allow_http, **options)


def parse_sources(arguments: Sequence[str], identifier: str | None, *, allow_http: bool, **options: Any) -> Sources:
    """Return what the arguments name; raises UsageError for a mixture, and for options that do not go with it."""
    if not arguments:
        return _roots(identifier, **options)
    urls = tuple(argument for argument in arguments if _scheme(argument) in ("http", "https"))
    streams = arguments == ("-",) or len(urls) == len(arguments)
    if not streams and (urls or "-" in arguments):
        raise click.UsageError("give files and folders, or URLs, or - alone: only files can be checked for removal")
    if (identifier is None) is (arguments == ("-",)):
        raise click.UsageError("--id NAME is the id of what - reads from standard input: give both or neither")
    if not streams:
        return Sources(paths=tuple(map(_path, arguments)))
    if unfit := [name for name in _FOR_FILES if options.get(name)]:
        raise click.UsageError(f"--{unfit[0].replace('_', '-')} is for files and folders")
    if urls and not allow_http:
        raise click.UsageError(f"{urls[0]} is on the network: pass --allow-http to fetch it")
    return Sources(urls=urls, id=identifier, allow_http=allow_http)


def _roots(identifier: str | None, **options: Any) -> Sources:
    """Return that the roots are followed; raises UsageError for options that say how a PATH is read."""
    unfit = ["id"] * (identifier is not None)
    unfit += [name for name in (*_FOR_FILES, *_FOR_STREAMS) if name not in ("watch", "dry_run") and options.get(name)]
    if unfit:
        flag = {"metadata": "meta"}.get(unfit[0], unfit[0]).replace("_", "-")
        raise click.UsageError(f"--{flag} is for a PATH: without one, each root of the index has its own")
    return Sources()


def _scheme(argument: str) -> str:
    return argument.partition(":")[0].lower() if "://" in argument or argument.lower().startswith("file:") else ""


def _path(argument: str) -> Path:
    """Return the path that an argument is, or that its file: URL has."""
    if _scheme(argument) != "file":
        return Path(argument)
    from urllib.request import url2pathname

    parts = urlsplit(argument)
    if parts.netloc not in ("", "localhost"):
        raise click.UsageError(f"{argument} is a file on another machine, {parts.netloc}: expected file:///PATH")
    return Path(url2pathname(parts.path))
