"""Read documents from what is not a file on disk: standard input and URLs.

The bytes are read as a file of that name would be. Only http and https URLs are fetched, and only those that were named
or that they redirect to, with the same scheme or https.
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
from vecsearch.ingest.sync_options import check_common_metadata
from vecsearch.reports import Failure
from vecsearch.types import Document

LARGEST = 1_000_000_000  # bytes of a stream; more than a loader would take
LARGEST_DOWNLOAD = 100_000_000  # bytes
SECONDS = 60.0  # for a whole download
_SILENT_SECONDS = 15.0  # without a byte
_REDIRECTIONS = 5
_PIECE = 1 << 16  # bytes read at once
_SAFE_NAME = re.compile(r"\w[\w.-]{0,99}", re.ASCII)
_SUFFIX = re.compile(r"(?:\.\w{1,10}){1,2}$", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How to read the bytes: the fields of records, and metadata for every document."""

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
    """Yield the documents in a stream of bytes, for `Index.add`.

    The stream is read as a file called `document_id` would be: one document with this id, the documents of an archive,
    whose ids begin with it, or records. The fields and `metadata` are those of `Index.sync`. Yields a Failure for what
    cannot be read.
    """
    if not document_id:
        raise InvalidOption("a stream has no file name: give it an id, such as notes.md")
    reading = _Reading(RecordFields(id=id_field, text=text_field, title=title_field), metadata or {})
    name = document_id.replace("\\", "/").rpartition("/")[2]
    return _documents(_pieces(stream.read, LARGEST), document_id, name, None, reading)


def read_address(
    address: str,
    *,
    allow_http: bool = False,
    id_field: str | None = None,
    text_field: str | None = None,
    title_field: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Iterator[Document | Failure]:
    """Yield the documents at an http or https URL, for `Index.add`; their source is the URL.

    It is fetched when the first document is taken, up to 100 MB and for up to a minute. Yields a Failure for what
    cannot be fetched or read. Raises InvalidOption for another kind of URL, and without `allow_http`: the network is
    used only on request.
    """
    parts = checked_url(address, allow_http=allow_http)
    reading = _Reading(RecordFields(id=id_field, text=text_field, title=title_field), metadata or {})
    return _downloaded(parts._replace(fragment="").geturl(), reading)


def checked_url(url: str, *, allow_http: bool) -> SplitResult:
    """The parts of a URL that may be fetched; raises InvalidOption."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        raise InvalidOption(f"{url!r} is not a URL that can be fetched: expected http://HOST/... or https://HOST/...")
    if parts.username is not None or parts.password is not None:
        raise InvalidOption(
            f"the URL at {parts.hostname} contains a user name or password, which the index would store: leave it out"
        )
    if not allow_http:
        raise InvalidOption(f"{url} is on the network, which is used only with --allow-http (allow_http=True)")
    return parts


def _downloaded(url: str, reading: _Reading) -> Iterator[Document | Failure]:
    from http.client import HTTPException

    deadline = time.monotonic() + SECONDS
    try:
        with closing(_response(url)) as response:
            declared = response.headers.get("Content-Length", "")
            if declared.isdecimal() and int(declared[:20]) > LARGEST_DOWNLOAD:
                raise InvalidDocument(_too_large(LARGEST_DOWNLOAD))
            name = _file_name(urlsplit(url), response.headers.get_content_type())
            yield from _documents(_body(response, deadline), url, name, url, reading)
    except (OSError, HTTPException, InvalidDocument) as error:
        yield Failure(url, _reason(error))


def _body(response: Any, deadline: float) -> Iterator[bytes]:
    """All bytes of a response; raises InvalidDocument when some are missing."""
    yield from _pieces(response.read1, LARGEST_DOWNLOAD, deadline)
    if response.length:  # bytes that were announced and did not come
        raise InvalidDocument("the response ended early: try again")


def _response(url: str) -> Any:
    """The response of a server, with status 200; raises OSError, InvalidDocument and HTTPException."""
    from urllib import request

    class SchemeKeepingRedirects(request.HTTPRedirectHandler):
        """Follows redirects to the same scheme or to https."""

        max_redirections = _REDIRECTIONS

        def redirect_request(
            self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
        ) -> request.Request | None:
            if urlsplit(newurl).scheme not in (req.type, "https"):
                raise InvalidDocument(f"redirected to {newurl}, which is not followed: give that URL if you want it")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    opener = request.OpenerDirector()  # not build_opener, which also opens files, FTP and data URLs
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        SchemeKeepingRedirects(),
    ):
        opener.add_handler(handler)
    headers = {"User-Agent": f"vecsearch/{version('vecsearch')}", "Accept-Encoding": "identity"}
    get = request.Request(url, headers=headers)  # noqa: S310 - the scheme was checked
    return opener.open(get, timeout=_SILENT_SECONDS)


def _reason(error: Exception) -> str:
    from urllib.error import HTTPError, URLError

    match error:
        case HTTPError():
            error.close()
            return f"the server answered {error.code} {error.reason}"
        case URLError(reason=OSError() as inner):
            return f"the server cannot be reached: {inner.strerror or inner}"
        case TimeoutError():
            return f"no data for {_SILENT_SECONDS:g} seconds: gave up"
        case _:
            return str(error) or type(error).__name__


def _pieces(read: Callable[[int], bytes], largest: int, deadline: float | None = None) -> Iterator[bytes]:
    """The bytes as they come; raises InvalidDocument for too many bytes, and after the deadline."""
    size = 0
    while piece := read(_PIECE):
        size += len(piece)
        if size > largest:
            raise InvalidDocument(_too_large(largest))
        if deadline is not None and time.monotonic() > deadline:
            raise InvalidDocument(f"not complete after {SECONDS:g} seconds: gave up")
        yield piece


def _too_large(largest: int) -> str:
    return f"larger than {largest / 1e6:,.0f} MB: save it as a file and index that"


def _file_name(url: SplitResult, content_type: str) -> str:
    """The name that a file with this content would have."""
    last = unquote(url.path).rpartition("/")[2] or "index"
    if content_type == "text/html":
        return f"{PurePosixPath(last).stem}.html"  # whatever program made the page
    return last if PurePosixPath(last).suffix else last + (guess_extension(content_type) or "")


def _documents(
    content: Iterable[bytes], document_id: str, name: str, source: str | None, reading: _Reading
) -> Iterator[Document | Failure]:
    """What the loaders make of the content, put into a temporary file, whose path is replaced by `source` or the id."""
    with TemporaryDirectory(prefix="vecsearch-", ignore_cleanup_errors=True) as folder:
        suffix = _SUFFIX.search(name)
        path = Path(folder) / (name if _SAFE_NAME.fullmatch(name) else f"stream{suffix[0] if suffix else ''}")
        try:
            with path.open("wb") as file:
                file.writelines(content)
            for result in load(path, document_id, reading.fields, expect_records=reading.fields != RecordFields()):
                shown = (result.source or "").replace(str(path), source or document_id, 1)
                if isinstance(result, Failure):
                    yield replace(result, source=shown)
                else:
                    metadata = {**result.metadata, **reading.metadata}
                    yield replace(result, metadata=metadata, source=shown if source else None)
        except InvalidDocument as error:
            yield Failure(source or document_id, str(error).replace(str(path), source or document_id))
