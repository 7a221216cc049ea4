from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vecsearch.storage.lexical.postings
from tests.helpers.examples import examples
from vecsearch.errors import IndexDamaged
from vecsearch.storage.lexical import Postings, build_postings, merge_postings
from vecsearch.storage.lexical.languages import LANGUAGES
from vecsearch.storage.lexical.postings import Spans
from vecsearch.storage.lexical.terms import Stemmers, rules

WORDS = ["fox", "foxes", "the", "der", "Hund", "Hunde", "кот", "getName", "3.14", "東京", "é"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), max_size=12)


def same(one: Postings, other: Postings) -> bool:
    """Whether two are equal to the last bit, types included."""
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(Postings)]
    return all(a.dtype == b.dtype and np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


def as_counts(postings: Postings) -> dict[int, dict[int, int]]:
    """How often each row has each term."""
    found: dict[int, dict[int, int]] = {}
    for place, term in enumerate(postings.terms.tolist()):
        span = slice(postings.starts[place], postings.starts[place + 1])
        for row, count in zip(postings.rows[span].tolist(), postings.counts[span].tolist(), strict=True):
            found.setdefault(row, {})[term] = count
    return found


@given(st.lists(st.lists(st.sampled_from(["aa", "bb", "cc", "Aa"]), max_size=9), max_size=9))
def test_each_row_has_its_words_as_often_as_they_stand_there(rows: list[list[str]]) -> None:
    postings = build_postings([" ".join(words) for words in rows], "none")
    terms = {word: Stemmers().term(word.lower(), 0) for word in ("aa", "bb", "cc", "Aa")}
    expected = {row: dict(Counter(terms[word] for word in words)) for row, words in enumerate(rows) if words}
    assert as_counts(postings) == expected
    assert postings.lengths.tolist() == [len(words) for words in rows]
    assert postings.total == sum(map(len, rows))
    assert postings.terms.tolist() == sorted({term for counts in expected.values() for term in counts})
    postings.check()


def test_a_word_whose_stem_needs_its_accents_counts_without_them_too() -> None:
    postings = build_postings(["informação", "informacao informação", "sol"], "pt")
    stemmers, portuguese = Stemmers(), [language.code for language in LANGUAGES].index("pt")
    own, bare = (stemmers.term(form, portuguese) for form in ("informação", "informacao"))
    assert own != bare
    counts = as_counts(postings)
    assert (counts[0], counts[1]) == ({own: 1, bare: 1}, {own: 1, bare: 2})
    assert postings.lengths.tolist() == [2, 3, 1]
    postings.check()


def test_the_parts_of_a_word_count_beside_it() -> None:
    postings = build_postings(["getName getName name"], "none")
    stemmers = Stemmers()
    assert as_counts(postings)[0] == {
        stemmers.term("getname", 0): 2,
        stemmers.term("get", 0): 2,
        stemmers.term("name", 0): 3,
    }
    assert postings.lengths.tolist() == [7]


def test_each_row_is_read_in_its_own_language() -> None:
    postings = build_postings(["The foxes and the houses", "Die Häuser und der Fuchs", "кошки", "12"], "auto")
    assert [LANGUAGES[number].code for number in postings.languages()] == ["none", "en", "de", "ru"]
    numbers = {row: {LANGUAGES[term >> 58].code for term in counts} for row, counts in as_counts(postings).items()}
    assert numbers == {0: {"en"}, 1: {"de"}, 2: {"ru"}, 3: {"none"}}
    assert build_postings(["The foxes", "кошки"], "none").languages() == [0]


@pytest.mark.parametrize("at_once", [1, 3, 4_096])
def test_languages_are_those_of_rows_that_are_there(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vecsearch.storage.lexical.postings, "_AT_ONCE", at_once)
    texts = ["The foxes and the houses", "Die Häuser und der Fuchs", "кошки", "the hen", "12", ""]
    postings = build_postings(texts, "auto")
    for mask in itertools.product([False, True], repeat=len(texts)):
        there = [text for text, kept in zip(texts, mask, strict=True) if kept]
        assert postings.languages(np.array(mask)) == build_postings(there, "auto").languages()


@given(TEXTS)
def test_texts_give_the_same_postings_in_batches_of_any_size(texts: list[str]) -> None:
    whole = build_postings(texts, "auto")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vecsearch.storage.lexical.postings, "_TEXTS_AT_ONCE", 2)
        assert same(build_postings(iter(texts), "auto"), whole)


@settings(max_examples=examples(60))
@given(st.lists(TEXTS, max_size=4), st.data())
def test_merging_gives_what_the_remaining_texts_give(parts: list[list[str]], data: st.DataObject) -> None:
    masks = [data.draw(st.none() | st.lists(st.booleans(), min_size=len(p), max_size=len(p))) for p in parts]
    kept = [
        text
        for texts, mask in zip(parts, masks, strict=True)
        for text, keep in zip(texts, mask or [mask is None] * len(texts), strict=True)
        if keep
    ]
    given_masks = [None if mask is None else np.array(mask, np.bool_) for mask in masks]
    built = [build_postings(texts, "auto") for texts in parts]
    assert same(merge_postings(list(zip(built, given_masks, strict=True))), build_postings(kept, "auto"))


def test_postings_of_other_rules_stay_known_as_such() -> None:
    ours = build_postings(["fox"], "auto")
    theirs = replace(ours, rules="0 snowball 1.0")
    assert ours.is_current
    assert not theirs.is_current
    assert not merge_postings([(ours, None), (theirs, None)]).is_current
    assert merge_postings([(theirs, np.array([True]))]).rules == "0 snowball 1.0"
    assert merge_postings([]).is_current
    assert merge_postings([(ours, None), (ours, None)]).rules == rules()


@pytest.mark.parametrize(("times", "kind"), [(1, "uint8"), (255, "uint8"), (256, "uint16"), (65_536, "uint32")])
def test_counts_take_as_many_bytes_as_the_highest_needs(times: int, kind: str) -> None:
    postings = build_postings(["fox", "fox " * times], "none")
    assert postings.counts.dtype == kind
    assert postings.counts.tolist() == [1, times]
    assert merge_postings([(postings, np.array([True, False]))]).counts.dtype == np.uint8


def test_no_texts_and_texts_without_words_have_no_postings() -> None:
    for texts in ([], ["", "... !"]):
        postings = build_postings(texts, "auto")
        postings.check()
        assert (len(postings.terms), len(postings.rows), len(postings.lengths)) == (0, 0, len(texts))
        assert postings.languages() == []
        assert postings.spans(np.array([1, 2**63], np.uint64)).sizes.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("name", "place", "value", "complaint"),
    [
        ("starts", 0, 1, "beyond its end"),
        ("starts", -1, 99, "beyond its end"),
        ("starts", 1, -1, "beyond its end"),
        ("starts", 1, 2**62, "beyond its end"),
        ("terms", 0, 2**64 - 1, "terms that are out of order"),
        ("rows", 0, 3, "rows that are out of order"),
        ("rows", 1, 0, "rows that are out of order"),
        ("counts", 0, 0, "lengths that are not the sums"),
        ("counts", 0, 9, "lengths that are not the sums"),
        ("lengths", 0, 9, "lengths that are not the sums"),
    ],
)
def test_a_number_that_cannot_be_is_found_by_the_check(name: str, place: int, value: int, complaint: str) -> None:
    postings = replace(build_postings(["fox", "fox hen", "fox"], "auto"), name="the/file")
    postings = _fox_first(postings)
    damaged = getattr(postings, name).copy()
    damaged[place] = value
    for use in (lambda p: p.check(), lambda p: merge_postings([(p, None)])):
        with pytest.raises(IndexDamaged, match=f"^the/file .*{complaint}.*: run vecsearch verify$"):
            use(replace(postings, **{name: damaged}))
    with pytest.raises(IndexDamaged, match="lengths"):
        replace(postings, total=99).check()


def _fox_first(postings: Postings) -> Postings:
    """The postings, known to begin with those of the word that all three rows have."""
    assert postings.rows.tolist() in ([0, 1, 2, 1], [1, 0, 1, 2])
    if postings.rows.tolist() == [1, 0, 1, 2]:
        changed: dict[str, Any] = {"starts": np.array([0, 3, 4]), "rows": np.array([0, 1, 2, 1], np.uint32)}
        return replace(postings, **changed)
    return postings


def test_a_search_never_reads_outside_of_the_arrays() -> None:
    postings = replace(build_postings(["fox", "fox"], "auto"), name="the/file")
    for starts in ([0, 3], [1, 0], [-1, 2]):
        with pytest.raises(IndexDamaged, match=r"^the/file refers to postings beyond its end: run vecsearch verify$"):
            replace(postings, starts=np.array(starts)).spans(postings.terms)
        with pytest.raises(IndexDamaged, match=r"^the/file refers to postings beyond its end: run vecsearch verify$"):
            replace(postings, starts=np.array(starts)).languages(np.array([True, False]))
    with pytest.raises(IndexDamaged, match=r"^the/file names row 7 of 2: run vecsearch verify$"):
        replace(postings, rows=np.array([0, 7], np.uint32)).read(Spans(np.array([0]), np.array([2])))
    with pytest.raises(IndexDamaged, match=r"^the/file names row 7 of 2: run vecsearch verify$"):
        replace(postings, rows=np.array([0, 7], np.uint32)).languages(np.array([True, False]))
