"""What an excerpt says: text without the marks of Markdown, nothing of other formats, in linear time."""

from __future__ import annotations

import pytest

from vecsearch import Hit
from vecsearch.cli.output.markup import plain


def shown(text: str, source: str = "/a.md", heading: str = "") -> str:
    return plain(Hit(0.5, 0.5, text, "a", "a#0", source, 0, len(text), 1, None, heading, {}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# Guide\n\n## Reset\n\nHold **it** for _ten_ `seconds`.", "Reset: Hold it for ten seconds."),
        ("see [the page](http://x.y/z) and ![a lamp](lamp.png)", "see the page and a lamp"),
        ("> quoted\n> text", "quoted text"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a b 1 2"),
        ("```python\nx = a*b*c\n```\n---", "x = a*b*c"),
        ("snake_case_name and 2 * 3 * 4 < 5 > 1", "snake_case_name and 2 * 3 * 4 < 5 > 1"),
        ("a<br>b <b>bold</b> \\*not\\* ## no", "ab bold *not* ## no"),
        ("# Guide", "# Guide"),  # nothing else to show
    ],
)
def test_marks_are_left_out(text: str, said: str) -> None:
    assert shown(text, heading="Guide > More") == said


def test_code_keeps_its_marks_and_its_lines() -> None:
    code = "# a comment\ndef f(*args):\n    return __name__"
    assert shown(code, "/a.py") == code


@pytest.mark.parametrize(
    "piece", ["*", "_", "`", "[", "![](", "<a", "{#", " ", "|", "\\", "#", "-", "* ", "_a", "<!--"]
)
def test_hostile_marks_take_no_more_steps_than_characters(piece: str) -> None:
    """Fails by running for minutes."""
    assert isinstance(shown(piece * (20_000 // len(piece))), str)
