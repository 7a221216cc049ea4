"""The pattern language of gitignore(5): a line → a Glob that matches paths.

No glob backtracks over another of its stars: a path is matched in time proportional to its length and the glob's.
Written here because pathspec applies a pattern that matches a folder to everything in it: after `*`, its `!*/` reverts
the rule for every file of every folder. Git matches one entry at a time; tests compare these globs with git itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
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
    | (?P<star>    \*+)                            # within a name
    | (?P<any>     \?)
    | (?P<set>     \[(?P<not>[!^])?(?P<members>\]?(?:\[:\w+:\]|\\.|[^]\\])*)\])
    | (?P<plain>   [^*?[\\]+?)
    """,
    re.VERBOSE | re.DOTALL,
)
_MEMBER = re.compile(r"\[:(?P<name>\w+):\]|(?P<low>\\.|[^\\])(?:-(?P<high>\\.|[^\\]))?", re.DOTALL)


# What a token becomes that is no single character; see `_joined`.
_STAR, _FOLDERS, _INSIDE, _SLASH = "[^/]*", "(?:[^/]*/)*", ".+", "/"
_LONGEST = 4_096  # characters of a glob, with a run of stars as one: systems have no longer path that it could match


class Glob(NamedTuple):
    """One parsed pattern; one that is not `anchored` is matched with the last name of a path."""

    regex: re.Pattern[str]
    anchored: bool
    negated: bool
    folders_only: bool

    def matches(self, path: str) -> bool:
        """Whether it matches exactly this path, which ends in a slash for a folder."""
        is_folder = path.endswith("/")
        if self.folders_only and not is_folder:
            return False
        end = len(path) - is_folder
        start = 0 if self.anchored else path.rfind("/", 0, end) + 1
        return self.regex.fullmatch(path, start, end) is not None


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
    tokens = _tokens(pattern.removeprefix("/"))
    if not tokens:
        return None
    return Glob(re.compile(_joined(tokens), re.DOTALL), anchored, negated, folders_only)


def _without_trailing_blanks(line: str) -> str:
    r"""Return the line without the blanks at its end, except one that a backslash keeps."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + " " if backslashes % 2 and stripped != line else stripped


def _tokens(pattern: str) -> list[str]:
    """Return the regular expressions for the parts of a pattern, in order; none for one that can never match."""
    tokens: list[str] = []
    position = 0
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        part = "" if token is None else _token_regex(token)
        if token is None or not part or len(tokens) > _LONGEST:
            return []
        if not (part == _FOLDERS and tokens and tokens[-1] == _FOLDERS):  # "**/**/" is "**/"
            tokens.append(part)
        position = token.end()
    return tokens


def _joined(tokens: Sequence[str]) -> str:
    """Return the regular expression for the tokens.

    What follows a star is taken where it fits first, and not sought again further on when the rest fails: the rest has
    most room there. So it is for names that follow `**/`.
    """
    groups = (f"star{number}" for number in count())
    first, *others = [_names(block, groups) for block in _split(tokens, _FOLDERS)]
    inner = [_at_first("(?:[^/]*/)*?" + names, groups) for names in others[:-1]]
    return "".join([first, *inner, *(_FOLDERS + names for names in others[-1:])])


def _names(tokens: Sequence[str], groups: Iterator[str]) -> str:
    """Return the regular expression for tokens that match a fixed number of names."""
    return _SLASH.join(_name(name, groups) for name in _split(tokens, _SLASH))


def _name(tokens: Sequence[str], groups: Iterator[str]) -> str:
    first, *others = ["".join(characters) for characters in _split(tokens, _STAR)]
    inner = [_at_first("[^/]*?" + characters, groups) for characters in others[:-1]]
    return "".join([first, *inner, *(_STAR + characters for characters in others[-1:])])


def _at_first(regex: str, groups: Iterator[str]) -> str:
    """Return the regular expression without a way back into it, which Python 3.11 writes `(?>...)`."""
    group = next(groups)
    return f"(?=(?P<{group}>{regex}))(?P={group})"


def _split(tokens: Sequence[str], separator: str) -> list[list[str]]:
    """Return the tokens before, between and after each `separator`."""
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _token_regex(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "escaped":
            return re.escape(token["char"])
        case "folders":
            return _FOLDERS
        case "inside":
            return _INSIDE
        case "star":
            return _STAR
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
