from __future__ import annotations

import numpy as np
import pytest
import Stemmer

from vecsearch.errors import InvalidOption
from vecsearch.storage.lexical.languages import LANGUAGES, NONE, Script, check_language, script_of
from vecsearch.storage.lexical.stop_words import STOP_WORDS
from vecsearch.storage.lexical.terms import forms
from vecsearch.storage.lexical.tokens import tokenize

SENTENCES = {
    "ar": "هذا هو الكتاب الذي قرأته في المدرسة مع أصدقائي",
    "ca": "Aquest és el llibre que vaig llegir a l'escola amb els meus amics i les seves famílies",
    "cs": "Toto je kniha, kterou jsem četl ve škole se svými přáteli, a byla velmi dlouhá",
    "da": "Det er den bog, som jeg ikke læste i skolen, fordi den blev væk efter ferien",
    "de": "Das ist das Buch, das ich in der Schule mit meinen Freunden gelesen habe",
    "el": "Αυτό είναι το βιβλίο που διάβασα στο σχολείο με τους φίλους μου",
    "en": "This is the book that was read in school with the other children",
    "eo": "Tiu estas la libro, kiun mi legis en la lernejo kun miaj amikoj kaj ĝi estis longa",
    "es": "Este es el libro que leí en la escuela con los amigos de mi hermana",
    "et": "See on raamat, mida ma koolis lugesin, aga see ei olnud nii pikk kui teised",
    "eu": "Hau da eskolan irakurri nuen liburua eta oso luzea zen baina ez da nirea",
    "fa": "این کتابی است که من آن را در مدرسه با دوستان خواندم",
    "fi": "Tämä on kirja, jonka minä luin koulussa, mutta se ei ollut niin pitkä kuin muut",
    "fr": "C'est le livre que les enfants ont lu dans une école avec leurs amis",
    "ga": "Is é seo an leabhar a bhí agam ar an scoil agus níl sé go maith",
    "hi": "यह वह किताब है जो मैंने अपने दोस्तों के साथ स्कूल में पढ़ी",
    "hu": "Ez az a könyv, amely a tanár szerint is jó, de nem olyan hosszú, mint a másik",
    "hy": "Սա այն գիրքն է, որը ես կարդացի դպրոցում",
    "id": "Ini adalah buku yang saya baca di sekolah dengan teman dan tidak akan lupa",
    "it": "Questo è il libro che ho letto nella scuola con gli amici della classe",
    "lt": "Tai yra knyga, kuri buvo mokykloje, bet aš jos ne skaičiau, nes ji per ilga",
    "nl": "Dit is het boek dat ik op school met mijn vrienden heb gelezen",
    "no": "Det er den boka som jeg ikke leste på skolen, fordi den ble borte etter ferien og noen tok den ut",
    "pl": "To jest książka, którą przeczytałem w szkole z przyjaciółmi, ale nie była długa",
    "pt": "Este é o livro que eu não li na escola com os amigos, mas também foi muito bom",
    "ro": "Aceasta este cartea pe care am citit-o la școală cu prietenii și nu a fost lungă",
    "ru": "Это книга, которую я не читал в школе вместе с друзьями",
    "sr": "Ovo je knjiga koju sam čitao u školi sa drugovima, ali nije bila duga kao što se kaže",
    "sv": "Det är den bok som jag inte läste i skolan, för att den blev borta och någon tog den",
    "ta": "இது நான் பள்ளியில் படித்த புத்தகம்",
    "tr": "Bu, okulda okuduğum kitap ve çok uzun değil ama her zaman iyi bir arkadaş gibi",
}


def detected(text: str, language: str = "auto") -> dict[Script, str]:
    numbers = tokenize([text], language).text_languages[0].tolist()
    return {script: LANGUAGES[numbers[script]].code for script in Script}


@pytest.mark.parametrize("code", [language.code for language in LANGUAGES[1:]])
def test_the_language_of_a_sentence_is_detected(code: str) -> None:
    script = script_of(forms(SENTENCES[code].split()[-1])[0])
    assert detected(SENTENCES[code])[script] == code


def test_each_script_of_a_text_has_its_own_language() -> None:
    assert detected("Книга была на полке. The book was on the shelf.")[Script.CYRILLIC] == "ru"
    assert detected("Книга была на полке. The book was on the shelf.")[Script.LATIN] == "en"
    assert detected("Ово је књига која је била код њих")[Script.CYRILLIC] == "sr"


def test_a_text_without_function_words_is_in_the_first_language_of_its_script() -> None:
    assert detected("PostgreSQL 15 VACUUM") == {
        **dict.fromkeys(Script, "none"),
        Script.LATIN: "en",
        Script.GREEK: "el",
        Script.CYRILLIC: "ru",
        Script.ARMENIAN: "hy",
        Script.ARABIC: "ar",
        Script.DEVANAGARI: "hi",
        Script.TAMIL: "ta",
    }
    assert detected("") == detected("PostgreSQL")


def test_a_repeated_name_tells_no_more_than_once() -> None:
    assert detected("the Los Angeles Rams, Los Angeles Lakers, Los Angeles Kings and others")[Script.LATIN] == "en"


def test_the_language_of_each_text_depends_on_its_own_words() -> None:
    numbers = tokenize([SENTENCES["de"], "", SENTENCES["fr"], SENTENCES["en"]], "auto").text_languages[:, Script.LATIN]
    assert [LANGUAGES[number].code for number in numbers] == ["de", "en", "fr", "en"]


def test_an_option_decides_for_its_own_scripts() -> None:
    assert detected(SENTENCES["en"] + SENTENCES["fa"], "de")[Script.LATIN] == "de"
    assert detected(SENTENCES["en"] + SENTENCES["fa"], "de")[Script.ARABIC] == "fa"
    assert detected(SENTENCES["ru"], "sr")[Script.CYRILLIC] == "sr"
    assert detected(SENTENCES["ru"], "sr")[Script.LATIN] == "sr"
    assert set(detected(SENTENCES["en"] + SENTENCES["ru"], "none").values()) == {"none"}


def test_an_option_that_is_no_language_is_refused() -> None:
    for option in ("auto", "none", "de"):
        assert check_language(option) == option
    with pytest.raises(InvalidOption, match=r"^language is 'zh', expected one of: auto, ar, ca, .*, none, .*, tr$"):
        check_language("zh")


def test_every_language_has_a_stemmer_and_a_number_that_fits() -> None:
    assert LANGUAGES[NONE].code == "none"
    assert {language.algorithm for language in LANGUAGES[1:]} <= set(Stemmer.algorithms())
    assert len({language.code for language in LANGUAGES}) == len(LANGUAGES) <= 63


@pytest.mark.parametrize("code", STOP_WORDS)
def test_stop_words_are_written_as_words_are_read(code: str) -> None:
    language = next(language for language in LANGUAGES if language.code == code)
    for word in STOP_WORDS[code]:
        assert forms(word) == [word]
        assert script_of(word) in language.scripts


@pytest.mark.parametrize(
    ("form", "script"),
    [
        ("a", Script.LATIN),
        ("é", Script.LATIN),
        ("ế", Script.LATIN),
        ("42", Script.OTHER),
        ("λ", Script.GREEK),
        ("ж", Script.CYRILLIC),
        ("東", Script.OTHER),
        ("א", Script.OTHER),
    ],
)
def test_the_script_of_a_word_is_that_of_its_first_letter(form: str, script: Script) -> None:
    assert script_of(form) is script


def test_no_texts_have_no_languages() -> None:
    assert tokenize([], "auto").text_languages.shape == (0, len(Script))
    assert tokenize([], "auto").rows.dtype == np.int64
