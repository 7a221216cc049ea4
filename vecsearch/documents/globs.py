"""The pattern language of gitignore(5): a line → a Glob that matches paths.

Written here because pathspec applies a pattern that matches a folder to everything in it: after `*`, its `!*/` reverts
the rule for every file of every folder. Git matches one entry at a time; tests compare these globs with git itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "digit": "0-9",
    "lower": "a-z",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}

_TOKEN = re.compile(
    r"""
      (?P<escaped> \\(?P<char>.))
    | (?P<folders> (?:^|(?<=/)) \*\*/)             # "**/": any number of folders, or none
    | (?P<inside>  (?<=/) \*\*$)                   # "/**" at the end: everything inside
    | (?P<star>    \*+)
    | (?P<any>     \?)
    | (?P<set>     \[(?P<not>[!^])?(?P<members>\]?(?:\[:\w+:\]|\\.|[^]\\])*)\])
    | (?P<plain>   [^*?[\\]+?)
    """,
    re.VERBOSE | re.DOTALL,
)
_MEMBER = re.compile(r"\[:(?P<name>\w+):\]|(?P<low>\\.|[^\\])(?:-(?P<high>\\.|[^\\]))?", re.DOTALL)


class Glob(NamedTuple):
    """One parsed pattern."""

    regex: re.Pattern[str]
    negated: bool
    folders_only: bool

    def matches(self, path: str) -> bool:
        """Whether it matches exactly this path, which ends in a slash for a folder."""
        if path.endswith("/"):
            return self.regex.fullmatch(path, 0, len(path) - 1) is not None
        return not self.folders_only and self.regex.fullmatch(path) is not None


def parse_globs(lines: Iterable[str]) -> tuple[Glob, ...]:
    """Return the globs in `lines`; empty lines, comments and what can never match are left out, as git does."""
    return tuple(glob for line in lines if (glob := parse_glob(line)) is not None)


def parse_glob(line: str) -> Glob | None:
    """Return the glob on a line; None when it is empty, a comment, or can never match."""
    pattern = _without_trailing_blanks(line)
    if pattern.startswith("#"):
        return None
    negated = pattern.startswith("!")
    pattern = pattern[negated:]
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    anchored = "/" in pattern
    body = _regex(pattern.removeprefix("/"))
    if not body:
        return None
    return Glob(re.compile(body if anchored else f"(?:.*/)?{body}", re.DOTALL), negated, folders_only)


def _without_trailing_blanks(line: str) -> str:
    r"""Return the line without the blanks at its end, except one that a backslash keeps."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + " " if backslashes % 2 and stripped != line else stripped


def _regex(pattern: str) -> str:
    """Return the regular expression for a pattern; "" for one that can never match."""
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        part = "" if token is None else _token_regex(token)
        if token is None or not part:
            return ""
        parts.append(part)
        position = token.end()
    return "".join(parts)


def _token_regex(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "escaped":
            return re.escape(token["char"])
        case "folders":
            return "(?:.*/)?"
        case "inside":
            return ".+"
        case "star":
            return "[^/]*"
        case "any":
            return "[^/]"
        case "set":
            return _set_regex(token["members"], negated=token["not"] is not None)
        case _:
            return re.escape(token[0])


def _set_regex(members: str, *, negated: bool) -> str:
    """Return the regular expression for `[members]`, which never matches a slash; "" when it can match nothing."""
    parts: list[str] = []
    for member in _MEMBER.finditer(members):
        if member["name"] is not None:
            if member["name"] not in _CLASSES:
                return ""
            parts.append(_CLASSES[member["name"]])
            continue
        low = member["low"][-1]
        high = (member["high"] or low)[-1]
        if low <= high:
            parts.append(f"{re.escape(low)}-{re.escape(high)}")
    if not parts:
        return "[^/]" if negated else ""
    return f"(?!/)[{'^' if negated else ''}{''.join(parts)}]"
