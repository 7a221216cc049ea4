from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.storage.lexical import Bm25, LivePostings, Matcher, build_postings, match_spans, queries
from vecsearch.storage.lexical.queries import query_words

WORDS = ["fox", "foxes", "the", "der", "Hund", "кот", "getName", "get", "3.14", "14", "東京", "京都", "é", "e"]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("fox", "The foxes and the Fox.", ["foxes", "Fox"]),
        ("the fox", "The fox", ["fox"]),
        ("the who", "The Who live", ["The", "Who"]),
        ("user name", "def getUserName(x):", ["getUserName"]),
        ("getUserName", "the name of a user; get_user_name()", ["name", "user", "get_user_name"]),
        ("3.11", "Python 3.11.2, 3", ["3.11.2", "3"]),
        ("cancion", "La canción y la cancio\u0301n", ["canción", "cancio\u0301n"]),
        ("cafe", "Das Café an der Ecke", ["Café"]),
        ("informacao", "A informação não está no texto para a pessoa", ["informação"]),
        ("Haus die", "Die Häuser der Stadt", ["Häuser"]),
        ("京都市", "京都市は京都府の市", ["京都市", "京都", "市"]),
        ("книга", "The книги here", ["книги"]),
        ("nothing", "The fox", []),
        ("", "The fox", []),
        ("fox", "", []),
    ],
)
def test_the_words_a_query_finds_are_shown(query: str, text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in match_spans(query, text)] == expected


def test_the_option_of_the_index_decides_which_words_are_one() -> None:
    assert match_spans("fox", "foxes", "none") == []
    assert [tuple(span) for span in match_spans("Haus", "Häuser", "de")] == [(0, 6)]
    assert match_spans("Haus", "Häuser", "en") == []


@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), min_size=1, max_size=6),
    st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join),
    st.sampled_from(["auto", "none", "de"]),
)
def test_what_a_search_finds_has_words_to_show_and_nothing_else_has(
    texts: list[str], query: str, language: str
) -> None:
    for text in texts:
        (found,) = Bm25([LivePostings(build_postings([text], language), None)]).search(query, 1)
        spans = match_spans(query, text, language)
        assert bool(spans) == bool(found.rows.size)
        assert all(one.end < other.start for one, other in pairwise(spans))


@pytest.mark.parametrize("texts", [2, 20, 200])
def test_a_query_is_read_once_for_all_texts_of_a_language(texts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setattr(
        queries, "query_words", lambda query, languages: read.append(query) or query_words(query, languages)
    )
    matcher = Matcher("a fox and the hens " * 10, "en")
    for number in range(texts):
        assert [tuple(span) for span in matcher.spans(f"{'x' * number} foxes")] == [(number + 1, number + 6)]
    assert len(read) == 1
