"""Links in a terminal (OSC 8): a path that opens its file, at the line where the terminal can.

https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda describes them; terminals that do not know them
ignore them, but for the few that are left out here.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from urllib.parse import quote

_WITHOUT_LINKS = ("", "dumb", "linux", "cons25", "emacs", "vt52", "vt100", "vt102", "vt220")


def linked(text: str, source: str | None, line: int | None) -> str:
    """Return the text as a link to a file and line; as it is for what is no file, or where links are not wanted."""
    if not source or not _has_links() or not Path(source).is_absolute():
        return text
    return f"\x1b]8;;{_address(source, line)}\x1b\\{text}\x1b]8;;\x1b\\"


def _has_links() -> bool:
    if sys.platform == "win32":
        return bool(os.environ.get("WT_SESSION"))
    return os.environ.get("TERM", "") not in _WITHOUT_LINKS


def _address(source: str, line: int | None) -> str:
    """Return the address of a file; every byte that is not a plain character of a path is escaped."""
    path = quote(os.fsencode(Path(source).as_posix()), safe="/~")
    path = path if path.startswith("/") else f"/{path}"  # a drive of Windows
    if os.environ.get("TERM_PROGRAM") == "vscode":
        return f"vscode://file{path}" + (f":{line}" if line else "")
    fragment = f"#{line}" if line and os.environ.get("TERM") == "xterm-kitty" else ""
    return f"file://{quote(socket.gethostname(), safe='')}{path}{fragment}"
