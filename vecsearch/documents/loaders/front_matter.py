"""Front matter: the metadata at the head of a Markdown text.

A subset of YAML (between `---`) and TOML (between `+++`): strings, numbers, booleans, dates, and lists of them. Nested
values, and syntax that would take a full parser, are left out. Dates are kept as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

_FENCES = {"---": ":", "+++": "="}
_LONGEST = 100_000  # characters
_LONGEST_LIST = 5_000
_ENTRY = re.compile(
    r"""(?P<quote>["']?)(?P<name>[\w.-]+(?:[ ]+[\w.-]+)*[ ]*)(?P=quote)\s*(?P<sign>[:=])(?:\s+(?P<value>.*)|$)"""
)
_ITEM = re.compile(r"\s*-\s(?P<value>.*)", re.DOTALL)
_COMMENT = re.compile(r"(?<!\s)\s+#.*")
_QUOTED = re.compile(r"""(?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:''|[^'])*)')\s*(?:#.*)?""")
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d{1,2})?")
# An item of a list; a quote begins a quoted text only at the start of a word: `[it's, "a, b"]`.
_IN_LIST = re.compile(r"""(?:(?<![^\s,])(?:"(?:\\.|[^"\\])*(?:"|\\?$)|'[^']*(?:'|$))|[^,"']|(?<=[^\s,])["'])+""")
_NOTHING = frozenset(("", "null", "Null", "NULL", "~"))
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_SPECIAL = tuple("|>&*!{%@`")  # first characters of what is not a plain value


def front_matter(text: str) -> dict[str, Any]:
    """Return the metadata in the front matter of the text; nothing when it has none, or one without an end."""
    fence = text[:3]
    if fence not in _FENCES:
        return {}
    lines = text[:_LONGEST].splitlines()
    if lines[0].rstrip() != fence:
        return {}
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == fence), 0)
    return _entries(lines[1:end], _FENCES[fence])


def _entries(lines: Sequence[str], sign: str) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for number, line in enumerate(lines):
        if sign == "=" and line.startswith("["):
            break  # a TOML table: everything after it is nested
        entry = _ENTRY.match(line)
        if entry is None or entry["sign"] != sign:
            continue
        text = (entry["value"] or "").strip()
        value = _value(text) if text and not text.startswith("#") else _items(islice(lines, number + 1, None))
        if value is not None:
            entries[entry["name"].strip()] = value
    return entries


def _items(lines: Iterable[str]) -> list[Any] | None:
    """Return the list whose items are on the following lines; None when there are none, or nested ones."""
    items: list[Any] = []
    for line in lines:
        item = _ITEM.fullmatch(line)
        if item is None:
            if line.startswith(" ") and line.strip():
                return None
            break
        text = item["value"].strip()
        value = _value(text)
        if value is None or isinstance(value, list) or _ENTRY.fullmatch(text):
            return None
        items.append(value)
    return items or None


def _value(text: str) -> Any:
    """Return the value that the text denotes; None for null and for unsupported syntax."""
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        return _unescaped(quoted["double"]) if quoted["single"] is None else quoted["single"].replace("''", "'")
    text = _COMMENT.sub("", text).strip()
    if text.startswith("["):
        return _list(text)
    if text in _NOTHING or text.startswith(_SPECIAL):
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _list(text: str) -> list[Any] | None:
    """Return the list `[a, b]`; None when it does not end on its line or is nested."""
    if len(text) > _LONGEST_LIST or not text.endswith("]") or set(text[1:-1]) & set("[]{}"):
        return None
    values = [_value(item) for match in _IN_LIST.finditer(text[1:-1]) if (item := match[0].strip())]
    return [value for value in values if value is not None]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), text)
