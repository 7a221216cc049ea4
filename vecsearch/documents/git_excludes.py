"""The files with which Git excludes files besides `.gitignore`: of a repository, and of the user for all of them.

Git itself is not run: it may not be installed, and a repository may be anyone's. Its configuration is read as far as it
names `core.excludesFile`; conditional includes are not followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_MOST = 1 << 20  # bytes of a file of Git's that is read
_BLANK = re.compile(r"\s*")
_SECTION = re.compile(r"\[\s*([\w.-]+)\s*(?:(\"(?:[^\"\\]|\\.)*\")\s*)?\]")
_NAME = re.compile(r"([A-Za-z][\w-]*)[ \t]*=[ \t]*")
_LINE = re.compile(r"[^\n]*")
_PIECE = re.compile(r"[^\"\\#;\n]|\\\r?\n|\\.|\"|[#;]")  # of a value; a backslash continues a line
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


def exclude_files(top: str) -> tuple[str, str]:
    """Return the user's file and that of the repository, for the work tree at `top`; they need not exist."""
    repository = _repository(top)
    configurations = [*_configurations(), os.path.join(repository, "config")]
    read: set[str] = set()
    named = [value for path in configurations for value in _excludes_in(path, read)]
    users = os.path.join(top, os.path.expanduser(named[-1])) if named else os.path.join(_user_folder(), "ignore")
    return users, os.path.join(repository, "info", "exclude")


def _repository(top: str) -> str:
    """The folder of the repository that a work tree belongs to, which other work trees may share."""
    place = os.path.join(top, ".git")
    if not os.path.isdir(place):  # a file that names it, in a submodule or an added work tree
        place = os.path.join(top, _text(place).strip().removeprefix("gitdir:").strip())
    return os.path.join(place, _text(os.path.join(place, "commondir")).strip())


def _configurations() -> Iterator[str]:
    """Git's configuration outside of repositories; what comes later wins (git-config, FILES)."""
    if os.environ.get("GIT_CONFIG_NOSYSTEM", "").lower() not in ("1", "true", "yes", "on"):
        yield os.environ.get("GIT_CONFIG_SYSTEM", "/etc/gitconfig")
    if "GIT_CONFIG_GLOBAL" in os.environ:
        yield os.environ["GIT_CONFIG_GLOBAL"]
    else:
        yield os.path.join(_user_folder(), "config")
        yield os.path.expanduser("~/.gitconfig")


def _user_folder() -> str:
    return os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "git")


def _excludes_in(path: str, read: set[str]) -> Iterator[str]:
    """Yield the values of `core.excludesFile` in a file and in what it includes, in order; each file is read once."""
    if path in read:
        return
    read.add(path)
    for section, name, value in _settings(_text(path)):
        if (section, name) == ("core", "excludesfile"):
            yield value
        elif (section, name) == ("include", "path"):
            yield from _excludes_in(os.path.join(os.path.dirname(path), os.path.expanduser(value)), read)


def _settings(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield section, name and value of each setting: the first two in lower case, sections with a subsection as ""."""
    section, position = "", 0
    while (position := _end(_BLANK, text, position)) < len(text):
        if header := _SECTION.match(text, position):
            section = "" if header[2] else header[1].lower()
            position = header.end()
        elif setting := _NAME.match(text, position):
            value, position = _value(text, setting.end())
            yield section, setting[1].lower(), value
        else:
            position = _end(_LINE, text, position)  # a comment, or a name alone


def _value(text: str, position: int) -> tuple[str, int]:
    """A value without quotes, escapes, comment and blanks around it, and where its line ends."""
    value, kept, quoted = "", 0, False  # `kept`: its length without blanks at the end
    while piece := _PIECE.match(text, position):
        position = piece.end()
        match piece[0]:
            case '"':
                quoted = not quoted
            case "#" | ";" if not quoted:
                position = _end(_LINE, text, position)
                break
            case "\\\n" | "\\\r\n":
                continue
            case escaped if escaped.startswith("\\"):
                value += _ESCAPES.get(escaped[1], escaped[1])
            case character:
                value += character
        if quoted or not piece[0].isspace():
            kept = len(value)
    return value[:kept], position


def _end(regex: re.Pattern[str], text: str, position: int) -> int:
    """Where the text that a regex, which may match nothing, matches from a position ends."""
    found = regex.match(text, position)
    return found.end() if found else position


def _text(path: str) -> str:
    """The text of a regular file of reasonable size; empty when there is none, or it cannot be read."""
    try:
        if os.path.isfile(path) and os.path.getsize(path) <= _MOST:
            return Path(path).read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        pass
    return ""
