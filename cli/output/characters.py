"""Foreign text on a terminal or in JSON: which characters act on it or cannot be seen, and what is shown instead.

Two kinds of text have two functions. In names and messages nothing may be hidden: `visible` escapes. In passages, which
people read, `printable` leaves out what would act on the terminal or carry text that nobody sees.
"""

from __future__ import annotations

import json
import re

# Control characters but for tab and line feed, lone format and bidirectional controls, line and paragraph separators,
# and what Unicode lets a renderer ignore (Default_Ignorable_Code_Point in DerivedCoreProperties.txt, Unicode 16).
# U+FE0E and U+FE0F only choose between a sign and its emoji.
_ACTING = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff0-\ufffb"
_UNSEEN = (
    r"\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u3164\ufe00-\ufe0d\ufeff\uffa0"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_JOINERS = r"\u200c\u200d"  # Persian, Indic scripts and emoji are spelled with them
_NOT_LATIN = r"[^\x00-\u024f\u2000-\u206f\U000e0000-\U000e0fff]"

_DROPPED = re.compile(f"[{_ACTING}{_UNSEEN}]")
_SPELLING = f"(?<={_NOT_LATIN})[\u200c\u200d](?={_NOT_LATIN})"  # a joiner inside a word or a sign that needs it
_ESCAPED = re.compile(f"(?!{_SPELLING})[\n{_ACTING}{_UNSEEN}{_JOINERS}]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Return a name or message for one line, its invisible and acting characters as escapes of Python: `\n`, `\u200b`.

    A tab stays: it can neither hide text nor begin a line.
    """
    return _ESCAPED.sub(lambda match: match[0].encode("unicode_escape").decode(), encodable(text))


def printable(text: str) -> str:
    """Return a passage without characters that move the cursor, change colours, turn the direction or hide text."""
    return _DROPPED.sub("", encodable(text))


def left_out(text: str) -> set[str]:
    """Return the characters of a passage that `printable` leaves out."""
    return set(_DROPPED.findall(text))


def visible_json(text: str) -> str:
    """Return a JSON document with its invisible and acting characters as escapes; it says the same."""
    return _ESCAPED.sub(lambda match: json.dumps(match[0])[1:-1], encodable(text))


def encodable(text: str) -> str:
    """Return the text with U+FFFD for each lone surrogate, as a file's name has for a byte that is not UTF-8."""
    return _SURROGATE.sub("\ufffd", text)
