"""Front matter: the values that are used there, with their types; what needs a whole parser is left out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.documents.loaders.front_matter import front_matter
from vecsearch.storage.metadata_values import check_metadata
from vecsearch.types import Document

VALUES = [
    ("title: A title", "A title"),
    ("title: 'It''s: one'", "It's: one"),
    ('title: "a \\"b\\"\\n"', 'a "b"\n'),
    ("title: text # a comment", "text"),
    ("title: 'text' # a comment", "text"),
    ("title: C#", "C#"),
    ("draft: true", True),
    ("draft: False", False),
    ("draft: yes", "yes"),
    ("weight: 12", 12),
    ("weight: -3", -3),
    ("weight: 1.5", 1.5),
    ("weight: 1e3", 1000.0),
    ("version: 1.2.3", "1.2.3"),
    ("number: 123456789012345678901234567890", "123456789012345678901234567890"),
    ("date: 2024-05-31", "2024-05-31"),
    ("date: 2024-05-31T10:00:00Z", "2024-05-31T10:00:00Z"),
    ("tags: [a, 'b, c', 3]", ["a", "b, c", 3]),
    ("tags: []", []),
    ("tags:\n  - a\n  - 'b'\n  - 3", ["a", "b", 3]),
    ("tags:\n- a\n- 2.5", ["a", 2.5]),
    ("url: http://x.example/a", "http://x.example/a"),
    ('"key": x', "x"),
]


@pytest.mark.parametrize(("lines", "value"), VALUES)
def test_values_have_their_types(lines: str, value: Any) -> None:
    found = front_matter(f"---\n{lines}\nlast: 1\n---\n\n# Text\n")
    assert found.pop("last") == 1
    assert list(found.values()) == [value]
    assert [type(one) for one in found.values()] == [type(value)]


DIFFERENT = (
    "draft: yes",
    "weight: 1e3",
    "number: ",
    "date: 2024-05-31T",
)  # YAML 1.1 and 1.2 differ, or days stay texts


@pytest.mark.parametrize(("lines", "value"), [one for one in VALUES if not one[0].startswith(DIFFERENT)])
def test_they_are_what_a_whole_parser_makes_of_them(lines: str, value: Any) -> None:
    yaml = pytest.importorskip("yaml")
    (parsed,) = yaml.safe_load(lines).values()
    assert value == (parsed.isoformat() if isinstance(parsed, date) else parsed)


@pytest.mark.parametrize(
    "line",
    [
        "key:",
        "key: null",
        "key: ~",
        "key: |",
        "key: >-",
        "key: {a: 1}",
        "key: &anchor x",
        "key: *x",
        "key: !tag x",
        "key: [a, [b]]",
        "key: [a,",
        "no key",
        "# key: x",
        " indented: x",
        "key:\n  deeper: 1",
        "key:\n  - a: 1",
        "key:x",
    ],
)
def test_what_needs_a_whole_parser_is_left_out(line: str) -> None:
    assert front_matter(f"---\n{line}\nlast: 1\n---\n") == {"last": 1}


def test_toml_is_read_up_to_its_first_table() -> None:
    text = '+++\ntitle = "A title"\nweight = 3\ntags = ["a", "b"]\ndate = 2024-05-31\n[extra]\nkey = 1\n+++\n'
    assert front_matter(text) == {"title": "A title", "weight": 3, "tags": ["a", "b"], "date": "2024-05-31"}
    if sys.version_info >= (3, 11):
        import tomllib

        parsed = tomllib.loads(text.split("[extra]")[0].strip("+\n"))
        assert {**parsed, "date": parsed["date"].isoformat()} == front_matter(text)


@pytest.mark.parametrize(
    "text", ["", "# Text", "---", "---\ntitle: x", "text\n---\ntitle: x\n---\n", "--- \n---\n", "----\na: b\n----"]
)
def test_what_is_no_front_matter_says_nothing(text: str) -> None:
    assert front_matter(text) == {}


@given(
    st.lists(st.sampled_from(["---\n", "+++\n", "a: ", "b = ", "- ", "[", "]", "'", '"', ",", "\n", "  ", "x", "#"]))
)
def test_anything_gives_metadata_that_can_be_stored(parts: list[str]) -> None:
    check_metadata(front_matter("---\n" + "".join(parts)))


def test_markdown_has_it_as_metadata_and_keeps_it_in_its_text(document_in: Callable[[str, str], Document]) -> None:
    text = "---\ntitle: A title\ntype: guide\n---\n\n# One\n"
    document = document_in("a.md", text)
    assert document.text == text
    assert document.metadata == {"title": "A title", "type": "guide"}
    assert [heading.title for heading in document.outline.headings] == ["One"]
