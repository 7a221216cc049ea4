"""Text that is made to be slow: every regular expression that meets it takes time in proportion to the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest

import vecsearch
from tests.helpers.pumping import grows, pumps, suffixes

_ROOMS = ("vecsearch.documents", "vecsearch.chunking")
_OTHERS = (
    "vecsearch.addresses",
    "vecsearch.ingest.streams",
    "vecsearch.ingest.watching",
    "vecsearch.models.encoders.endpoint.name",
    "vecsearch.models.encoders.model_paths",
    "vecsearch.search.token_matches",
    "vecsearch.storage.lexical.splitting",
    "vecsearch.storage.lexical.terms",
    "vecsearch.cli.options.metadata",
    "vecsearch.cli.output.characters",
)


def _modules() -> Iterator[str]:
    for found in walk_packages(vecsearch.__path__, "vecsearch."):
        if found.name.startswith(_ROOMS):
            yield found.name
    yield from _OTHERS


def _patterns_in(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _patterns_in(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _patterns_in(item)


def _all_patterns() -> dict[str, re.Pattern[Any]]:
    patterns = {}
    for module in _modules():
        for name, value in vars(import_module(module)).items():
            for number, pattern in enumerate(_patterns_in(value)):
                if not name.startswith("__"):
                    patterns[f"{module.removeprefix('vecsearch.')}.{name}[{number}]"] = pattern
    return patterns


PATTERNS = _all_patterns()
_SEARCHING = ("search", "sub", "subn", "finditer", "findall", "split")


def _uses(name: str) -> set[str]:
    """Return how its module uses a pattern, by its name: all ways, where that cannot be seen."""
    module, _, variable = name.rpartition(".")
    source = Path(str(import_module(f"vecsearch.{module}").__file__)).read_text("utf-8")
    attribute = re.escape(variable.partition("[")[0])
    found = set(re.findall(rf"\b{attribute}\.(match|fullmatch|{'|'.join(_SEARCHING)})\b", source))
    return {"search" if use in _SEARCHING else use for use in found} or {"match", "fullmatch", "search"}


def test_cannot_meet_a_pattern_that_is_not_tried() -> None:
    assert len(PATTERNS) > 60


@pytest.mark.slow
@pytest.mark.parametrize("name", PATTERNS)
def test_cannot_make_a_pattern_slow(name: str) -> None:
    assert _slowness(PATTERNS[name], _uses(name)) == []


def test_cannot_hide_that_a_pattern_is_slow() -> None:
    """What was in the loaders once: exponential, and quadratic or worse in blanks, brackets and signs."""
    feed = rb"\s*(?:(?:<\?[^>]*>|<!--.*?-->)\s*)*<(?:rss|feed)"
    for slow in (
        re.compile(feed, re.DOTALL),
        re.compile(r"\s*\{\s*[#.:][^{}]*\}\s*$"),
        re.compile(r"\s+#.*$"),
        re.compile(r"\[\[[^\]]*\]\]"),
        re.compile(r"(?<!\w)(\*\*?)(\S(?:.*?\S)?)\1(?!\w)"),
        re.compile(r"(?:a+|b+)+c"),
    ):
        assert _slowness(slow, {"search", "fullmatch"}), slow.pattern


def _slowness(pattern: re.Pattern[Any], uses: set[str]) -> list[str]:
    """Return what makes the pattern slow when it is used so, if anything does."""
    is_bytes = isinstance(pattern.pattern, bytes)
    source = pattern.pattern.decode("latin-1") if is_bytes else pattern.pattern
    for prefix, pump in pumps(source, pattern.flags & ~re.UNICODE & ~re.DEBUG if is_bytes else pattern.flags):
        for suffix in suffixes():
            for use in (getattr(pattern, name) for name in sorted(uses)):

                def work(text: str, use: Any = use) -> None:
                    use(text.encode("latin-1", "replace") if is_bytes else text)

                if slowness := grows(work, prefix, pump, suffix):
                    return [f"{use.__name__} of {prefix!r} + {pump!r} * n + {suffix!r}: {slowness}"]
    return []
