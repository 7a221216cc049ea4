"""Standard input and URLs: read as files are, fetched only as far as allowed, bounded in size and time."""

from __future__ import annotations

import gzip
import io
import re
import socket
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import vecsearch.ingest.streams
from tests.helpers.counting import CountingEncoder
from tests.helpers.made_files import docx, paragraph
from vecsearch import Document, Failure, Index, InvalidOption, read_address, read_stream

PAGE = b"<html><head><title>Cats</title></head><body><main><h1>Cats</h1><p>cats purr</p></main></body></html>"


class Site:
    """A web server on this machine; `pages` are its responses by path: status, headers, body."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.requests: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.requests.append(self.path)
                status, headers, body = site.pages.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def page(self, path: str, body: bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> str:
        self.pages[path] = 200, {"Content-Type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}}, body
        return self.address + path

    def redirect(self, path: str, to: str) -> str:
        self.pages[path] = 302, {"Location": to}, b""
        return self.address + path


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Site()
    thread = threading.Thread(target=server.server.serve_forever)
    thread.start()
    yield server
    server.server.shutdown()
    thread.join()
    server.server.server_close()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go; nothing is left there."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def fetched(address: str, **options: Any) -> list[Document | Failure]:
    return list(read_address(address, allow_http=True, **options))


def reason(address: str) -> str:
    [failure] = fetched(address)
    assert isinstance(failure, Failure)
    assert failure.source == address
    return failure.reason


def test_a_stream_is_read_as_a_file_of_its_name() -> None:
    [document] = read_stream(io.BytesIO(b"---\nyear: 2020\n---\n# Cats\n\npurr\n"), "notes/cats.md", metadata={"a": 1})
    assert isinstance(document, Document)
    assert (document.id, document.source) == ("notes/cats.md", None)
    assert document.metadata == {"type": "markdown", "year": 2020, "a": 1}
    assert [heading.title for heading in document.outline.headings] == ["Cats"]


def test_a_stream_of_records_gives_each_of_them() -> None:
    lines = io.BytesIO(b'{"key": "x", "text": "alpha"}\n{"key": "y", "text": "beta"}\n{broken\n')
    first, second, failure = read_stream(lines, "a.jsonl", id_field="key", metadata={"key": "z"})
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert ([first.id, second.id], first.metadata["key"]) == (["x", "y"], "z")
    assert isinstance(failure, Failure)
    assert failure.source == "a.jsonl:3"


def test_a_stream_of_office_and_packed_files_is_read_too() -> None:
    [word] = read_stream(io.BytesIO(docx(paragraph("cats purr"))), "report")
    assert isinstance(word, Document)
    assert (word.text, word.id) == ("cats purr", "report")
    [packed] = read_stream(io.BytesIO(gzip.compress(b"# Cats\n")), "cats.md.gz")
    assert isinstance(packed, Document)
    assert (packed.id, packed.metadata["type"]) == ("cats.md.gz!cats.md", "markdown")


@pytest.mark.parametrize("name", ["../../evil.md", "/etc/evil.md", "C:\\evil.md", "a/..", "x" * 300 + ".md", "ä ö.md"])
def test_a_name_is_only_a_name(name: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    [document] = read_stream(io.BytesIO(b"cats"), name)
    assert isinstance(document, Document)
    assert document.id == name
    assert sorted(tmp_path.rglob("*")) == before


def test_empty_unreadable_unnamed_and_too_large_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    [skip] = read_stream(io.BytesIO(b""), "a.md")
    assert (skip.source, isinstance(skip, Failure)) == ("a.md", True)
    [failure] = read_stream(io.BytesIO(b"name,price\nbread,1\n"), "a.csv", id_field="key")
    assert isinstance(failure, Failure)
    assert (failure.source, "--id-field" in failure.reason) == ("a.csv", True)
    with pytest.raises(InvalidOption, match="no file name"):
        read_stream(io.BytesIO(b"x"), "")
    monkeypatch.setattr(vecsearch.ingest.streams, "LARGEST", 10)
    [large] = read_stream(io.BytesIO(b"x" * 11), "a.md")
    assert isinstance(large, Failure)
    assert "larger than" in large.reason


def test_a_page_is_a_document_with_its_url_as_id_and_source(site: Site) -> None:
    address = site.page("/cats.php?page=1", PAGE)
    [document] = fetched(f"{address}#top", metadata={"team": "cats"})
    assert isinstance(document, Document)
    assert (document.id, document.source) == (address, address)
    assert "cats purr" in document.text
    assert (document.metadata["type"], document.metadata["title"]) == ("html", "Cats")
    assert document.metadata["team"] == "cats"
    assert site.requests == ["/cats.php?page=1"]


@pytest.mark.parametrize(
    ("path", "kind", "body", "found"),
    [
        ("/a", "text/markdown", b"# Cats\n", "markdown"),
        ("/a.md", "text/plain", b"# Cats\n", "markdown"),
        ("/", "text/html", PAGE, "html"),
        ("/a", "application/octet-stream", b"cats", "text"),
    ],
)
def test_the_type_comes_from_the_name_or_else_the_content_type(
    site: Site, path: str, kind: str, body: bytes, found: str
) -> None:
    [document] = fetched(site.page(path, body, kind))
    assert isinstance(document, Document)
    assert document.metadata["type"] == found


def test_records_at_a_url_are_records(site: Site) -> None:
    address = site.page("/a.jsonl", b'{"id": "x", "text": "alpha"}\n', "application/json")
    [document] = fetched(address)
    assert isinstance(document, Document)
    assert (document.id, document.source) == ("x", address)


def test_the_network_is_not_used_unless_allowed(site: Site) -> None:
    address = site.page("/", PAGE)
    with pytest.raises(InvalidOption, match="--allow-http"):
        read_address(address)
    assert site.requests == []


@pytest.mark.parametrize(
    "address", ["ftp://host/a", "file:///etc/passwd", "data:text/plain,x", "//host/a", "http:///a", "http://[", "a.md"]
)
def test_other_kinds_of_urls_are_refused(address: str) -> None:
    with pytest.raises(InvalidOption, match="not a URL that can be fetched"):
        read_address(address, allow_http=True)


def test_a_url_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(InvalidOption, match="password") as error:
        read_address("http://me:secret@host/a", allow_http=True)
    assert "secret" not in str(error.value)


def test_redirects_are_followed_but_not_to_other_schemes_or_forever(site: Site, tmp_path: Path) -> None:
    page = site.page("/page", PAGE)
    [document] = fetched(site.redirect("/moved", page))
    assert isinstance(document, Document)
    assert document.id == f"{site.address}/moved"
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    for target in (secret.as_uri(), "ftp://127.0.0.1/x", "data:text/plain,secret"):
        assert re.search("which is not followed|is not allowed", reason(site.redirect("/bad", target)))
    site.requests.clear()
    assert "302" in reason(site.redirect("/loop", "/loop"))
    assert len(site.requests) < 10


def test_a_failed_request_is_a_failure_with_the_reason(site: Site) -> None:
    assert reason(f"{site.address}/nowhere") == "the server answered 404 Not Found"
    site.pages["/broken"] = 500, {}, b"x"
    assert "500" in reason(f"{site.address}/broken")
    unused = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = unused.server_address[1]
    unused.server_close()
    assert reason(f"http://127.0.0.1:{port}/").startswith("the server cannot be reached: ")


def test_a_silent_server_times_out(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    monkeypatch.setattr(vecsearch.ingest.streams, "_SILENT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert reason(f"http://127.0.0.1:{silent.getsockname()[1]}/") == "no data for 0.05 seconds: gave up"


def test_a_response_that_is_cut_off_or_not_http_is_a_failure(site: Site) -> None:
    cut = site.page("/cut", b"cats", "text/plain", Content_Length="400")
    assert reason(cut) == "the response ended early: try again"
    site.pages["/odd"] = 200, {"Transfer-Encoding": "chunked"}, b"no chunk at all"
    assert reason(f"{site.address}/odd")


def test_a_download_that_is_too_large_stops(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vecsearch.ingest.streams, "LARGEST_DOWNLOAD", 1_000)
    announced = site.page("/announced", b"x" * 2_000, "text/plain")
    assert "larger than" in reason(announced)
    site.pages["/unannounced"] = 200, {"Content-Length": "", "Connection": "close"}, b"x" * 2_000
    assert "larger than" in reason(f"{site.address}/unannounced")


def test_a_download_that_takes_too_long_stops(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vecsearch.ingest.streams, "SECONDS", -1.0)
    assert "gave up" in reason(site.page("/", PAGE))


def test_a_url_is_indexed_and_unchanged_the_next_time(site: Site, tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    address = site.page("/", PAGE)
    given = [*fetched(address), *fetched(f"{site.address}/nowhere"), *read_stream(io.BytesIO(b" "), "empty.md")]
    report = index.add(given)
    assert (report.added, len(report.failed), len(report.skipped)) == (1, 1, 1)
    assert index.search("purr")[0].source == address
    assert index.add(fetched(address)).unchanged == 1
    site.page("/", PAGE.replace(b"purr", b"sleep"))
    assert index.add(fetched(address)).updated == 1
