"""Front matter: the lines before a Markdown text that say what it is -> metadata.

Of YAML (between `---`) and TOML (between `+++`) what is used there is read: texts, numbers, true and false, days, and
lists of them. What is nested deeper, or of a form that only a whole parser knows, is left out. Days stay texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_FENCES = {"---": ":", "+++": "="}
_LONGEST = 100_000  # characters
_LONGEST_LIST = 5_000
_ENTRY = re.compile(r"""(?P<quote>["']?)(?P<name>[\w.-][\w. -]*)(?P=quote)\s*(?P<sign>[:=])(?:\s+(?P<value>.*)|$)""")
_ITEM = re.compile(r"\s*-\s+(?P<value>.*)")
_COMMENT = re.compile(r"\s+#.*$")
_QUOTED = re.compile(r"""(?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:''|[^'])*)')\s*(?:#.*)?""")
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d{1,2})?")
_IN_LIST = re.compile(r"""\s*("(?:\\.|[^"\\])*"|'[^']*'|[^,"']*)\s*(?:,|$)""")
_NOTHING = frozenset(("", "null", "Null", "NULL", "~"))
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_SPECIAL = tuple("|>&*!{%@`")  # begins what is more than a plain value


def front_matter(text: str) -> dict[str, Any]:
    """What the front matter of the text says; nothing when it has none, or one that does not end."""
    fence = text[:3]
    if fence not in _FENCES:
        return {}
    lines = text[:_LONGEST].splitlines()
    if lines[0].rstrip() != fence:
        return {}
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == fence), 0)
    return _entries(lines[1:end], _FENCES[fence])


def _entries(lines: Sequence[str], sign: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, line in enumerate(lines):
        if sign == "=" and line.startswith("["):
            break  # a table of TOML: what follows is nested
        entry = _ENTRY.match(line)
        if entry is None or entry["sign"] != sign:
            continue
        value = (entry["value"] or "").strip()
        read = _value(value) if value and not value.startswith("#") else _items(lines[number + 1 :])
        if read is not None:
            found[entry["name"].strip()] = read
    return found


def _items(lines: Sequence[str]) -> list[Any] | None:
    """The list whose items are the lines that follow; None when they are none, or something deeper."""
    items: list[Any] = []
    for line in lines:
        item = _ITEM.fullmatch(line)
        if item is None:
            if line.startswith(" ") and line.strip():
                return None
            break
        value = _value(item["value"].strip())
        if value is None or isinstance(value, list) or _ENTRY.fullmatch(item["value"]):
            return None
        items.append(value)
    return items or None


def _value(text: str) -> Any:
    """The value that the text stands for; None for nothing and for what is not understood."""
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
    """The list `[a, b]`; None when it does not end on its line or lists are in it."""
    if len(text) > _LONGEST_LIST or not text.endswith("]") or set(text[1:-1]) & set("[]{}"):
        return None
    values = [_value(found[1].strip()) for found in _IN_LIST.finditer(text[1:-1]) if found[1].strip()]
    return [value for value in values if value is not None]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), text)
