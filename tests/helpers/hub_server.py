"""A model hub on loopback that serves one repository from a folder, as huggingface_hub asks for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def hub(repository: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of the hub, and the names of the files that were fetched from it."""
    fetched: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            prefix = f"/{repository}/resolve/{COMMIT}/"
            if path in (f"/api/models/{repository}/revision/{name}" for name in ("main", COMMIT)):
                files = [file.relative_to(folder).as_posix() for file in sorted(folder.rglob("*")) if file.is_file()]
                listed = [{"rfilename": name} for name in files]
                self.answer(json.dumps({"id": repository, "sha": COMMIT, "siblings": listed}).encode())
            elif path.startswith(f"/api/models/{repository}/tree/"):
                files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
                self.answer(json.dumps([self.entry(file) for file in files]).encode())
            elif path.startswith(prefix) and (folder / path.removeprefix(prefix)).is_file():
                if self.command == "GET":
                    fetched.append(path.removeprefix(prefix))
                self.answer((folder / path.removeprefix(prefix)).read_bytes())
            else:
                self.send_error(404)

        def entry(self, file: Path) -> dict[str, object]:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            name = file.relative_to(folder).as_posix()
            return {"type": "file", "path": name, "size": file.stat().st_size, "oid": digest[:40]}

        def answer(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()[:40]}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", fetched
    finally:
        server.shutdown()
        server.server_close()
