"""Growing input that makes a regular expression work hard, derived from the expression, and how its time grows."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants as constants
    from re import _parser as parser
else:
    import sre_constants as constants
    import sre_parse as parser

_SUFFIXES = ("", "\x01", "!", "x\n!")
_SOON = 0.02  # CPU seconds that are long enough to compare
_SMALL = (16, 20, 24, 28, 32)  # repetitions at which an exponential pattern shows, before it never ends
_LARGE = (500, 2_000, 8_000)


def pumps(pattern: str, flags: int) -> Iterator[tuple[str, str]]:
    """Yield (prefix, pump): the pump, many times after the prefix, is what parts of the pattern like to repeat."""
    tree = parser.parse(pattern, flags)
    found: dict[tuple[str, str], None] = {}
    _collect(tree, "", found)
    whole = _example(tree)
    for size in range(1, min(len(whole), 12) + 1):
        found[("", whole[:size])] = found[("", " " + whole[:size])] = None
    yield from found


def grows(work: Callable[[str], Any], prefix: str, pump: str, suffix: str) -> str | None:
    """Return how the CPU time of `work` grows when it is more than in proportion to the input; None when it is not."""
    before = _seconds(work, prefix + pump * 12 + suffix)
    for times in _SMALL:
        now = _seconds(work, prefix + pump * times + suffix)
        if now > _SOON and now > 4 * before:
            return f"from {before:.4f} to {now:.4f} s with 4 more repetitions ({times})"
        before = now
    for times in _LARGE:
        now = _seconds(work, prefix + pump * times + suffix)
        if now > _SOON:
            half = min(_seconds(work, prefix + pump * (times // 4) + suffix) for _ in range(3))
            now = min(now, _seconds(work, prefix + pump * times + suffix))
            if now > _SOON and now > 9 * max(half, 1e-6):  # in proportion: 4; quadratic: 16
                return f"from {half:.4f} to {now:.4f} s with 4 times the input ({times} repetitions)"
    return None


def suffixes() -> tuple[str, ...]:
    """Return what a pattern may fail at after the pumps."""
    return _SUFFIXES


def _seconds(work: Callable[[str], Any], text: str) -> float:
    gc.disable()
    try:
        started = process_time()
        work(text)
        return process_time() - started
    finally:
        gc.enable()


def _collect(tree: Any, prefix: str, found: dict[tuple[str, str], None]) -> str:
    """Collect the pumps of a tree that comes after `prefix`, and return an example of it."""
    text = ""
    for operation, argument in tree:
        before = prefix + text
        if operation in _REPEATS:
            body = argument[2]
            text += _collect(body, before, found) * max(argument[0], 1 if argument[1] else 0)
            for character in _characters(body):
                found[(before, character)] = None
            found[(before, _example(body))] = None
            found[(before, _example(body) + " ")] = None
            found[("", before + _example(body))] = None
        elif operation is constants.BRANCH:
            examples = [_collect(branch, before, found) for branch in argument[1]]
            text += examples[0]
        elif operation is constants.SUBPATTERN:
            text += _collect(argument[3], before, found)
        elif operation in (constants.ASSERT, constants.ASSERT_NOT):
            _collect(argument[1], before, found)
        else:
            text += _example([(operation, argument)])
    return text


_REPEATS = {constants.MAX_REPEAT, constants.MIN_REPEAT} | (
    {constants.POSSESSIVE_REPEAT} if hasattr(constants, "POSSESSIVE_REPEAT") else set()
)


def _characters(tree: Any) -> list[str]:
    """Return some characters of the classes in a tree."""
    found: dict[str, None] = {}
    for operation, argument in tree:
        if operation is constants.IN:
            found |= dict.fromkeys(character for character in _PROBES if _is_in(argument, character))
        elif operation is constants.LITERAL:
            found[chr(argument)] = None
        elif operation in (constants.ANY, constants.NOT_LITERAL):
            found |= dict.fromkeys(" a")
        elif operation is constants.SUBPATTERN:
            found |= dict.fromkeys(_characters(argument[3]))
        elif operation is constants.BRANCH:
            found |= dict.fromkeys(character for branch in argument[1] for character in _characters(branch))
        elif operation in _REPEATS:
            found |= dict.fromkeys(_characters(argument[2]))
    return list(found)


_PROBES = "a 0_-.:=\"'`*#<>[](){}\\/,|\t\néｱ中\u0301"


def _is_in(items: Any, character: str) -> bool:
    inside = any(_is_item(item, ord(character)) for item in items)
    return inside is not any(operation is constants.NEGATE for operation, _ in items)


def _is_item(item: tuple[Any, Any], point: int) -> bool:
    operation, argument = item
    if operation is constants.LITERAL:
        return bool(point == argument)
    if operation is constants.RANGE:
        return bool(argument[0] <= point <= argument[1])
    return operation is constants.CATEGORY and _CATEGORIES[argument](chr(point))


_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    constants.CATEGORY_DIGIT: str.isdecimal,
    constants.CATEGORY_NOT_DIGIT: lambda one: not one.isdecimal(),
    constants.CATEGORY_SPACE: str.isspace,
    constants.CATEGORY_NOT_SPACE: lambda one: not one.isspace(),
    constants.CATEGORY_WORD: lambda one: one.isalnum() or one == "_",
    constants.CATEGORY_NOT_WORD: lambda one: not (one.isalnum() or one == "_"),
}


def _example(tree: Any) -> str:
    """Return a short text that the tree matches, or nearly so."""
    text = ""
    for operation, argument in tree:
        if operation is constants.LITERAL:
            text += chr(argument)
        elif operation is constants.IN:
            text += next((one for one in _PROBES if _is_in(argument, one)), _first_of(argument))
        elif operation in (constants.ANY, constants.NOT_LITERAL):
            text += "a"
        elif operation is constants.SUBPATTERN:
            text += _example(argument[3])
        elif operation is constants.BRANCH:
            text += _example(argument[1][0])
        elif operation in _REPEATS:
            text += _example(argument[2]) * max(argument[0], 1 if argument[1] else 0)
    return text


def _first_of(items: Any) -> str:
    for operation, argument in items:
        if operation is constants.LITERAL:
            return chr(argument)
        if operation is constants.RANGE:
            return chr(argument[0])
    return "a"
