"""What `vecsearch index` says that it skipped: a line for what was named, and for its rows; one for all of a folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import Command
from tests.helpers.writing import write

ROWS = "id,text\na,cats purr\nb,\nc,dogs bark\nd,\n"
EMPTY = (3, 5)  # the lines that have no text


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a table that a server on this machine gives."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/csv")
            self.send_header("Content-Length", str(len(ROWS)))
            self.end_headers()
            self.wfile.write(ROWS.encode())

        def log_message(self, *_: Any) -> None:
            pass

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/d.csv"
    server.shutdown()
    thread.join()
    server.server_close()


def skipped(source: str | Path) -> list[str]:
    return [f"skipped: {source}:{row}: no text in it" for row in EMPTY]


def test_rows_of_a_table_in_a_folder_are_one_line(vecsearch_command: Command, place: Path) -> None:
    table = write(place / "notes" / "d.csv", ROWS).relative_to(place)
    done = vecsearch_command("index", "notes", "--id-field", "id")
    assert (done.status, done.err.splitlines()) == (
        0,
        [f"skipped: 2 such as {table}:{EMPTY[0]}: no text in it; --json lists them all"],
    )


def test_rows_of_a_table_that_was_named_have_a_line_each(vecsearch_command: Command, place: Path) -> None:
    table = write(place / "notes" / "d.csv", ROWS).relative_to(place)
    done = vecsearch_command("index", "notes/d.csv")
    assert (done.status, done.err.splitlines()) == (0, skipped(table))


def test_rows_of_what_an_address_gives_have_a_line_each(vecsearch_command: Command, address: str) -> None:
    done = vecsearch_command("index", address, "--allow-http")
    assert (done.status, done.err.splitlines()) == (0, skipped(address))


def test_rows_of_standard_input_have_a_line_each(vecsearch_command: Command) -> None:
    done = vecsearch_command("index", "-", "--id", "d.csv", stdin=ROWS)
    assert (done.status, done.err.splitlines()) == (0, skipped("d.csv"))
