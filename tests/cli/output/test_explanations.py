"""Why a hit was found, on a terminal: legs, the passage with what counted, and pairs of words with their similarity."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch import Hit
from vecsearch.cli.output import TextOutput
from vecsearch.cli.output.characters import printable
from vecsearch.cli.output.explanations import explanation_lines
from vecsearch.cli.output.hits import HitsView
from vecsearch.cli.output.text import columns
from vecsearch.types import Explanation, Span, TokenMatch

TEXT = "The device has a lamp.\nHold the button for ten seconds to restart the device.\nIt blinks twice."
QUERY = "reset the lamp"
_STYLE = re.compile(r"\x1b\[([\d;]*)m")


def hit_of(text: str) -> Hit:
    return Hit(0.5, 0.5, text, "notes", "notes#0", None, 0, len(text), 1, None, "", {})


def explanation(**changes: Any) -> Explanation:
    none = Explanation(None, 0.25, None, None, (), ())
    return replace(none, **changes)


def pair(query: str, wanted: str, text: str, found: str, similarity: float) -> TokenMatch:
    return TokenMatch(place(query, wanted), place(text, found), similarity)


def place(text: str, word: str) -> Span:
    start = text.index(word)
    return Span(start, start + len(word))


def lines_of(text: str, told: Explanation, width: int = 80, lines: int | None = 4, query: str = QUERY) -> list[str]:
    return explanation_lines(query, hit_of(text), told, width, lines=lines)


def plain(lines: list[str]) -> list[str]:
    return [click.unstyle(line) for line in lines]


def styled(lines: list[str], code: str) -> str:
    """The characters, without blanks, that a style is on for."""
    found, on = [], set()
    for piece in re.split(r"(\x1b\[[\d;]*m)", "\n".join(lines)):
        if match := _STYLE.fullmatch(piece):
            on = set() if match[1] == "0" else {*on, *match[1].split(";")}
        elif code in on:
            found += piece.split()
    return "".join(found)


BOLD, UNDERLINED = "1", "4"


def test_legs_say_their_rank_and_score():
    told = explanation(dense_rank=2, dense_score=0.61234, lexical_rank=1203, lexical_score=7.42, reranked=-3.5)
    assert plain(lines_of("", told)) == [
        "meaning  rank 2, similarity 0.6123",
        "words    rank 1,203, BM25 7.420",
        "reranked -3.5000",
    ]


def test_a_leg_that_did_not_bring_the_hit_says_so():
    assert plain(lines_of("", explanation())) == ["meaning  not ranked, similarity 0.2500", "words    not ranked"]
    assert plain(lines_of("", explanation(lexical_score=0.5)))[1] == "words    not ranked, BM25 0.500"
    assert plain(lines_of("", explanation(lexical_score=0.0)))[1] == "words    not ranked"


def test_where_both_retrievers_are_fused_each_has_its_weight():
    told = explanation(dense_rank=1, lexical_rank=2, lexical_score=3.0, dense_weight=0.6149)
    assert plain(lines_of("", told)) == [
        "meaning  rank 1, similarity 0.2500, weight 61%",
        "words    rank 2, BM25 3.000, weight 39%",
    ]
    assert plain(lines_of("", explanation(dense_weight=1.0))) == [
        "meaning  not ranked, similarity 0.2500, weight 100%",
        "words    not ranked, weight 0%",
    ]
    assert plain(lines_of("", explanation(dense_weight=0.0)))[0].endswith("weight 0%")


def test_words_of_the_query_are_bold_and_words_that_mean_the_same_underlined():
    told = explanation(
        words=(place(TEXT, "lamp"),),
        tokens=(
            pair(QUERY, "reset", TEXT, "restart", 0.8),
            pair(QUERY, "the", TEXT, "twice", 0.1),
            pair(QUERY, "lamp", TEXT, "lamp", 0.9),
        ),
    )
    shown = lines_of(TEXT, told)
    assert plain(shown)[2:5] == TEXT.splitlines()
    assert styled(shown, BOLD) == "lamp"
    assert styled(shown, UNDERLINED) == "lamprestart"  # "the" and "twice" are less alike than the others
    for count in (1, 2, 3):
        told = explanation(tokens=(pair(QUERY, "reset", TEXT, "restart", 0.1),) * count)
        assert styled(lines_of(TEXT, told), UNDERLINED) == "restart"


def test_pairs_have_a_bar_by_their_similarity_and_stand_in_the_order_of_the_query():
    told = explanation(
        tokens=(
            pair(QUERY, "lamp", TEXT, "lamp", 1.0),
            pair(QUERY, "reset", TEXT, "restart", 0.64),
            pair(QUERY, "the", TEXT, "The", -0.12),
        )
    )
    assert plain(lines_of(TEXT, told))[5:] == [
        "reset ======      0.64 restart",
        "the              -0.12 The",
        "lamp  ==========  1.00 lamp",
    ]


def test_of_many_pairs_the_most_similar_are_shown():
    query = " ".join(f"w{number:02}" for number in range(20))
    tokens = tuple(pair(query, f"w{number:02}", TEXT, "lamp", (number * 7 % 20) / 20) for number in range(20))
    shown = [line.split()[0] for line in plain(lines_of(TEXT, explanation(tokens=tokens), query=query))[5:]]
    assert shown == [f"w{number:02}" for number in range(20) if number * 7 % 20 >= 8]


def test_the_lines_with_most_to_show_are_shown():
    text = "\n".join([*["nothing here"] * 5, "red", "nothing", "red tree", *["nothing here"] * 5])
    told = explanation(words=(place(text, "red"), place(text, "tree")))
    assert plain(lines_of(text, told, lines=3))[2:] == ["… red", "nothing", "red tree …"]
    assert plain(lines_of(text, told, lines=1))[2:] == ["… red …"]
    assert plain(lines_of(text, told, lines=None))[2:] == text.splitlines()
    assert plain(lines_of(text, explanation(), lines=2))[2:] == ["nothing here", "nothing here …"]


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_a_blank_passage_has_no_lines(text):
    assert len(lines_of(text, explanation())) == 2


def test_what_moves_a_cursor_is_left_out_and_words_stay_in_their_places():
    text = "a\x1b[31m \u202ered\ttree\r\nnext \ud83d line\x07 end"
    told = explanation(
        words=(place(text, "red"), place(text, "end")), tokens=(TokenMatch(Span(0, 6), Span(0, 7), 0.5),)
    )
    shown = lines_of(text, told, query="re\x1b[2Jset")
    assert plain(shown)[2:4] == ["a[31m red       tree".expandtabs(), "next \ufffd line end"]
    assert styled(shown[2:4], BOLD) == "redend"
    assert plain(shown)[4].split() == [r"re\x1b[2J", "=====", "0.50", r"a\x1b[31m"]


def test_long_words_are_cut():
    text = f"x{'y' * 100} 漢字漢字漢字漢字漢字漢字漢字"
    query = f"q{'z' * 100}"
    tokens = (TokenMatch(Span(0, 101), Span(0, 101), 0.5), TokenMatch(Span(0, 101), Span(102, 116), 0.4))
    first, second = plain(lines_of(text, explanation(tokens=tokens), width=40, query=query))[-2:]
    assert first == "qzzzzzzzzz… =====       0.50 xyyyyyyyyy…"
    assert second == "qzzzzzzzzz… ====        0.40 漢字漢字漢…"


spans = st.lists(st.tuples(st.integers(0, 140), st.integers(0, 8)), max_size=5)


@given(
    text=st.text(st.sampled_from("abc \t漢字\u0301\u200d😀é\n\x07\u2028\ud83d"), max_size=140),
    words=spans,
    alike=spans,
    width=st.integers(40, 60),
    lines=st.none() | st.integers(1, 3),
)
def test_whatever_the_text_lines_fit_and_just_the_words_are_marked(text, words, alike, width, lines):
    marked = [Span(start, start + size) for start, size in words]
    pairs = tuple(TokenMatch(Span(0, 2), Span(start, start + size), 0.5) for start, size in alike)
    shown = lines_of(text, explanation(words=tuple(marked), tokens=pairs), width, lines, query="漢字")
    assert all(columns(click.unstyle(line)) <= width for line in shown)
    if lines is None:
        passage = shown[2 : len(shown) - len(pairs)]
        for code, places in ((BOLD, marked), (UNDERLINED, [match.text for match in pairs])):
            kept = [sign for at, sign in enumerate(text) if any(start <= at < end for start, end in places)]
            assert styled(passage, code) == "".join(printable("".join(kept)).split())
        assert "".join("".join(plain(passage)).split()) == "".join(printable(text).split())


def test_a_pipe_gets_no_colours(capsys):
    told = explanation(words=(place(TEXT, "lamp"),), tokens=(pair(QUERY, "lamp", TEXT, "lamp", 1.0),))
    hits = [replace(hit_of(TEXT), explanation=told)]
    TextOutput().show(HitsView(QUERY, hits, lambda text: []))
    shown = capsys.readouterr().out
    assert "lamp ==========  1.00 lamp" in shown
    assert "\x1b" not in shown
