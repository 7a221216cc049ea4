from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vecsearch.chunking.boundaries import Level, find_boundaries, is_joined, unjoined
from vecsearch.types import Outline, Span

TEXTS = st.lists(
    st.one_of(
        st.sampled_from(
            ["a", "b", " ", "\n", "\r\n", "\r", "\t", ". ", "。", "\u2028", "\x85", "\u3000", "\x1c", "\ud800"]
        ),
        st.characters(),
    ),
    max_size=60,
).map("".join)


def lines_of(text: str) -> list[tuple[int, str]]:
    """Where each line starts and what it holds; LF, CR LF and a lone CR end one."""
    ends = [match.end() for match in re.finditer(r"\r\n|\n|\r", text)]
    return [(start, text[start:end]) for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]


@settings(deadline=None)
@given(TEXTS)
def test_lines_are_counted_at_line_ends(text):
    boundaries = find_boundaries(text, Outline())
    starts = [start for start, _ in lines_of(text)]
    assert boundaries.line_starts.tolist() == starts
    for position in range(len(text)):
        assert boundaries.line(position) == sum(start <= position for start in starts)


@settings(deadline=None)
@given(TEXTS)
def test_cuts_are_where_a_plain_loop_finds_them(text):
    cuts = find_boundaries(text, Outline()).cuts
    lines = lines_of(text)
    expected = {Level.SECTION: [], Level.PARAGRAPH: [], Level.LINE: []}
    for (_, before), (start, line) in zip([(0, "x"), *lines], lines, strict=False):
        if line.strip():
            expected[Level.LINE].append(start)
            if not before.strip():
                expected[Level.PARAGRAPH if line[0].isspace() else Level.SECTION].append(start)
    for level, positions in expected.items():
        assert cuts[level].tolist() == positions
    assert cuts[Level.WORD].tolist() == [
        at for at, c in enumerate(text) if not c.isspace() and (at == 0 or text[at - 1].isspace())
    ]


@settings(deadline=None)
@given(TEXTS)
def test_cuts_are_in_order_and_part_no_character(text):
    for positions in find_boundaries(text, Outline()).cuts.values():
        assert positions.dtype == np.int32
        assert (np.diff(positions) > 0).all()
        assert not any(is_joined(text, at) for at in positions.tolist())


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("One. Two.", [5]),
        ('He said "no." Then left.', [14]),
        ("Is it 3.14? Yes", [12]),
        ("完了。次です。", [3, 7]),
        ("Wait…  what", [7]),
        ("e.g.x", []),
        ("。\u0301x", []),
    ],
)
def test_a_sentence_ends_behind_its_terminator_and_the_space_after_it(text, ends):
    assert find_boundaries(text, Outline()).cuts[Level.SENTENCE].tolist() == ends


def test_the_edges_of_a_block_are_good_places_and_its_paragraphs_are_lines():
    text = "Intro.\n\ncode. a\n\ncode b\n\nAfter.\n"
    block = Span(text.index("code. a"), text.index("code b") + len("code b\n"))
    cuts = find_boundaries(text, Outline(blocks=(block,))).cuts
    inside = text.index("code b")
    assert set(block) <= set(cuts[Level.PARAGRAPH].tolist())
    assert inside in cuts[Level.LINE]
    assert not any(block.start < at < block.end for level in list(Level)[:3] for at in cuts[level].tolist())
    assert text.index("After") in cuts[Level.SECTION]


@pytest.mark.parametrize(
    ("text", "position", "joined"),
    [
        ("a\r\nb", 2, True),
        ("a\r\nb", 1, False),
        ("a\r\nb", 3, False),
        ("e\u0301", 1, True),
        (" \u0301", 1, False),
        ("👩\u200d👧", 1, True),
        ("👩\u200d👧", 2, True),
        ("👍\U0001f3fd", 1, True),
        ("🇫🇷", 1, True),
        ("1\ufe0f\u20e3", 1, True),
        ("ab", 1, False),
        ("\u0301", 0, False),
        ("e\u0301", 2, False),
    ],
)
def test_what_is_read_as_one_character_is_joined(text, position, joined):
    assert is_joined(text, position) is joined


@given(st.text("ab\u0301\u200d\r\n ", min_size=2, max_size=20), st.data())
def test_the_nearest_place_that_parts_nothing_is_before_the_wanted_one_if_there_is_one(text, data):
    lowest = data.draw(st.integers(1, len(text) - 1))
    highest = data.draw(st.integers(lowest, len(text) - 1))
    wanted = data.draw(st.integers(lowest, highest))
    free = [at for at in range(lowest, highest + 1) if not is_joined(text, at)]
    before = [at for at in free if at <= wanted]
    expected = max(before) if before else min(free, default=wanted)
    assert unjoined(text, wanted, lowest, highest) == expected


def test_every_white_space_of_unicode_counts_as_white_space():
    spaces = [chr(point) for point in range(0x110000) if chr(point).isspace()]
    text = "".join(f"{space}x" for space in spaces)
    assert find_boundaries(text, Outline()).cuts[Level.WORD].tolist() == list(range(1, len(text), 2))
    assert all(unicodedata.category(space)[0] in "ZC" for space in spaces)
