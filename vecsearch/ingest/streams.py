"""What is no file of its own, to documents: standard input, and what an address gives.

It is read as a file of its name would be. Only http and https are asked, and only what was named or what it leads to by
redirections that stay with the scheme or go on to https.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.metadata import version
from mimetypes import guess_extension
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO, Any
from urllib.parse import SplitResult, unquote, urlsplit

from vecsearch.documents import RecordFields, load
from vecsearch.errors import InvalidDocument, InvalidOption
from vecsearch.ingest.sync import check_common_metadata
from vecsearch.reports import Failure
from vecsearch.types import Document

LARGEST = 1_000_000_000  # bytes of a stream; more than a loader would take
LARGEST_DOWNLOAD = 100_000_000  # bytes of what an address gives
SECONDS = 60.0  # for all of it
_SILENT_SECONDS = 15.0  # without a byte
_REDIRECTIONS = 5
_AT_ONCE = 1 << 16
_SAFE_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)
_SUFFIX = re.compile(r"(?:\.\w{1,10}){1,2}$", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the bytes are read: the fields of records, and metadata for every document."""

    fields: RecordFields
    metadata: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Raises InvalidOption for metadata that cannot be stored."""
        check_common_metadata(self.metadata)


def read_stream(
    stream: IO[bytes],
    document_id: str,
    *,
    id_field: str | None = None,
    text_field: str | None = None,
    title_field: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Iterator[Document | Failure]:
    """The documents that a stream of bytes holds, as `Index.add` takes them.

    The stream is read as a file called `document_id` would be; that is the id of a document which it is, and what the
    ids of those in an archive begin with. The fields and `metadata` are as `Index.sync` takes them. What cannot be read
    is a Failure.
    """
    if not document_id:
        raise InvalidOption("a stream has no name: give it an id, such as notes.md")
    reading = _Reading(RecordFields(id=id_field, text=text_field, title=title_field), metadata or {})
    name = document_id.replace("\\", "/").rpartition("/")[2]
    return _documents(_parts(stream.read, LARGEST), document_id, name, None, reading)


def read_address(
    address: str,
    *,
    allow_http: bool = False,
    id_field: str | None = None,
    text_field: str | None = None,
    title_field: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Iterator[Document | Failure]:
    """The documents that an http or https address gives, as `Index.add` takes them; their source is the address.

    It is asked when the first of them is wanted, at most 100 MB and a minute. What cannot be had or read is a Failure.
    Raises InvalidOption for an address of another kind, and unless `allow_http` says that the network may be used.
    """
    parts = checked_address(address, allow_http=allow_http)
    reading = _Reading(RecordFields(id=id_field, text=text_field, title=title_field), metadata or {})
    return _downloaded(parts._replace(fragment="").geturl(), reading)


def checked_address(address: str, *, allow_http: bool) -> SplitResult:
    """The parts of an address that may be asked; raises InvalidOption."""
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        raise InvalidOption(
            f"{address!r} is no address that can be asked: expected http://HOST/... or https://HOST/..."
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidOption(f"the address at {parts.hostname} has a password in it, which the index would keep")
    if not allow_http:
        raise InvalidOption(f"{address} is on the network, which is not used unless you say so: add --allow-http")
    return parts


def _downloaded(address: str, reading: _Reading) -> Iterator[Document | Failure]:
    from http.client import HTTPException

    until = time.monotonic() + SECONDS
    try:
        with closing(_answer(address)) as answer:
            declared = answer.headers.get("Content-Length", "")
            if declared.isdecimal() and int(declared[:20]) > LARGEST_DOWNLOAD:
                raise InvalidDocument(_too_much(LARGEST_DOWNLOAD))
            name = _name(urlsplit(address), answer.headers.get_content_type())
            yield from _documents(_content(answer, until), address, name, address, reading)
    except (OSError, HTTPException, InvalidDocument) as error:
        yield Failure(address, _reason(error))


def _content(answer: Any, until: float) -> Iterator[bytes]:
    """All bytes of an answer; raises InvalidDocument when some are missing."""
    yield from _parts(answer.read1, LARGEST_DOWNLOAD, until)
    if answer.length:  # what was announced and did not come
        raise InvalidDocument("the answer ends before its end: try again")


def _answer(address: str) -> Any:
    """The answer of a server with status 200; raises OSError, InvalidDocument and HTTPException."""
    from urllib import request

    class OnlyTheSame(request.HTTPRedirectHandler):
        """Goes on to the scheme that was asked, or to https."""

        max_redirections = _REDIRECTIONS

        def redirect_request(
            self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
        ) -> request.Request | None:
            if urlsplit(newurl).scheme not in (req.type, "https"):
                raise InvalidDocument(f"it leads to {newurl}, which is not asked for: name that if you want it")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    opener = request.OpenerDirector()  # not build_opener: it would know files, FTP and data too
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        OnlyTheSame(),
    ):
        opener.add_handler(handler)
    headers = {"User-Agent": f"vecsearch/{version('vecsearch')}", "Accept-Encoding": "identity"}
    asked = request.Request(address, headers=headers)  # noqa: S310 - the scheme was checked
    return opener.open(asked, timeout=_SILENT_SECONDS)


def _reason(error: Exception) -> str:
    from urllib.error import HTTPError, URLError

    match error:
        case HTTPError():
            error.close()
            return f"the server answers {error.code} {error.reason}"
        case URLError(reason=OSError() as inner):
            return f"it cannot be reached: {inner.strerror or inner}"
        case TimeoutError():
            return f"nothing came for {_SILENT_SECONDS:g} seconds: given up"
        case _:
            return str(error) or type(error).__name__


def _parts(read: Callable[[int], bytes], largest: int, until: float | None = None) -> Iterator[bytes]:
    """The bytes as they come; raises InvalidDocument when they are too many or take too long."""
    size = 0
    while part := read(_AT_ONCE):
        size += len(part)
        if size > largest:
            raise InvalidDocument(_too_much(largest))
        if until is not None and time.monotonic() > until:
            raise InvalidDocument(f"it takes more than {SECONDS:g} seconds: given up")
        yield part


def _too_much(largest: int) -> str:
    return f"it gives more than {largest / 1e6:,.0f} MB: save it as a file and index that"


def _name(address: SplitResult, kind: str) -> str:
    """What a file with this content would be called."""
    last = unquote(address.path).rpartition("/")[2] or "index"
    if kind == "text/html":
        return f"{PurePosixPath(last).stem}.html"  # whatever program made the page
    return last if PurePosixPath(last).suffix else last + (guess_extension(kind) or "")


def _documents(
    parts: Iterable[bytes], document_id: str, name: str, source: str | None, reading: _Reading
) -> Iterator[Document | Failure]:
    """What the loaders make of the bytes, which lie in a file for as long; called by `source`, else by the id."""
    with TemporaryDirectory(prefix="vecsearch-", ignore_cleanup_errors=True) as folder:
        suffix = _SUFFIX.search(name)
        place = Path(folder) / (name if _SAFE_NAME.fullmatch(name) else f"stream{suffix[0] if suffix else ''}")
        try:
            with place.open("wb") as file:
                for part in parts:
                    file.write(part)
            for found in load(place, document_id, reading.fields, meant=reading.fields != RecordFields()):
                called = (found.source or "").replace(str(place), source or document_id, 1)
                if isinstance(found, Failure):
                    yield replace(found, source=called)
                else:
                    metadata = {**found.metadata, **reading.metadata}
                    yield replace(found, metadata=metadata, source=called if source else None)
        except InvalidDocument as error:
            yield Failure(source or document_id, str(error).replace(str(place), source or document_id))
