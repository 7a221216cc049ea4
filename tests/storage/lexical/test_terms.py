from __future__ import annotations

import pytest
import Stemmer
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.storage.lexical.languages import LANGUAGES
from vecsearch.storage.lexical.splitting import words
from vecsearch.storage.lexical.terms import Stemmers, forms, rules


def term(word: str, code: str = "none") -> int:
    """The term of a word of one form."""
    (form,) = forms(word)
    return Stemmers().term(form, [language.code for language in LANGUAGES].index(code))


def found_by(word: str, code: str) -> list[int]:
    """What a word of one form is found by."""
    (form,) = forms(word)
    return Stemmers().terms(form, [language.code for language in LANGUAGES].index(code))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Word", ["word"]),
        ("getUserName", ["getusername", "get", "user", "name"]),
        ("get_user_name", ["getusername", "get", "user", "name"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("ÉlanVital", ["élanvital", "élan", "vital"]),
        ("RNAs", ["rnas"]),
        ("RNA", ["rna"]),
        ("__init__", ["init"]),
        ("___", []),
        ("utf8", ["utf8", "utf", "8"]),
        ("1,000", ["1000", "1", "000"]),
        ("3.11.2", ["3112", "3", "11", "2"]),
        ("42", ["42"]),
        ("٢٠١٦", ["2016"]),
        ("Straße", ["strasse"]),
        ("ﬁne", ["fine"]),
        ("ＦＵＬＬ", ["full"]),
        ("İstanbul", ["i̇stanbul"]),
        ("ex\u00adample", ["example"]),
        ("cafe\u0301", ["café"]),
        ("हिन्दी", ["हिन्दी"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("ΟΔΟΣ", ["οδοσ"]),
        ("\ufe0f", []),
        ("\u00ad", []),
        ("東京", ["東京"]),
    ],
)
def test_a_word_has_these_forms(word: str, expected: list[str]) -> None:
    assert forms(word) == expected


@given(st.text(max_size=30))
def test_a_form_is_in_lower_case_and_never_empty(text: str) -> None:
    for word in words(text):
        for form in forms(word):
            assert any(map(str.isalnum, form))
            assert form == form.casefold()


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("en", "running", "runs"),
        ("de", "Häuser", "Haus"),
        ("de", "Straße", "STRASSE"),
        ("es", "canciones", "cancion"),
        ("fr", "élèves", "eleve"),
        ("pl", "łódź", "lodz"),
        ("da", "søgning", "sogning"),
        ("ru", "книги", "книга"),
        ("el", "σπίτια", "σπιτι"),
        ("sr", "књига", "knjiga"),
        ("tr", "ISPARTA", "ısparta"),
        ("ar", "الكتاب", "كتاب"),
        ("fa", "کتاب\u200cها", "کتاب"),
        ("hi", "लड़कियाँ", "लड़की"),
        ("none", "Café", "cafe"),
        ("none", "ｶﾒﾗ", "カメラ"),
    ],
)
def test_words_that_differ_by_ending_accent_or_width_are_one_term(code: str, one: str, other: str) -> None:
    assert term(one, code) == term(other, code)


@pytest.mark.parametrize(
    ("code", "word", "asked"),
    [
        ("de", "Café", "cafe"),
        ("de", "cafe", "Café"),
        ("de", "Müller", "Muller"),
        ("de", "Müller", "Mueller"),
        ("de", "Mueller", "Müller"),
        ("de", "Straße", "strasse"),
        ("en", "résumé", "resume"),
        ("en", "resume", "Résumé"),
        ("en", "Müller", "muller"),
        ("nl", "financiële", "financiele"),
        ("es", "Müller", "muller"),
        ("es", "canción", "cancion"),
        ("es", "hablaré", "hablare"),
        ("fr", "déclaré", "declare"),
        ("fr", "parlée", "parlee"),
        ("it", "città", "citta"),
        ("pt", "informação", "informacao"),
        ("pt", "informações", "informacoes"),
        ("pl", "książką", "ksiazka"),
        ("cs", "knihách", "knihach"),
        ("tr", "kitaplığı", "kitapligi"),
        ("hu", "házában", "hazaban"),
        ("fa", "می\u200cخواهم", "میخواهم"),
        ("none", "Café", "cafe"),
    ],
)
def test_a_word_is_found_without_its_accents(code: str, word: str, asked: str) -> None:
    assert term(asked, code) in found_by(word, code)


@pytest.mark.parametrize(
    ("code", "one", "other"), [("es", "canción", "canciones"), ("pt", "informação", "informações"), ("fr", "né", "nés")]
)
def test_a_stemmer_that_needs_accents_gets_them(code: str, one: str, other: str) -> None:
    assert term(one, code) == term(other, code)


@given(st.sampled_from([language.code for language in LANGUAGES]), st.text("aábcçdeéènñoõöpßlłsuüùğıéø", min_size=1))
def test_whatever_is_asked_with_or_without_its_accents_finds_the_word(code: str, word: str) -> None:
    bare = "".join(dict(zip("áçéèñõöłüùğıø", "aceenooluugio", strict=True)).get(sign, sign) for sign in word)
    assert {term(word, code), term(bare, code)} <= set(found_by(word, code))
    assert len(found_by(bare.replace("ß", "ss"), code)) == 1


def test_letters_of_other_scripts_keep_their_marks() -> None:
    assert term("й") != term("и")
    assert term("が") != term("か")


def test_a_term_belongs_to_its_language() -> None:
    assert len({term("die", code) for code in ("none", "en", "de", "fr")}) == 4
    numbers = [term("die", code) >> 58 for code in ("none", "en", "de")]
    assert [LANGUAGES[number].code for number in numbers] == ["none", "en", "de"]
    assert term("running") != term("runs")


def test_a_term_is_the_same_on_every_machine() -> None:
    assert [term("search", "en"), term("東京")] == [300120563857977088, 270406894427395143]


def test_the_rules_name_the_version_of_the_stemmers() -> None:
    assert rules() == f"2 snowball {Stemmer.version()}"
