"""Files of analogies, pairs of words and pairs of texts: what is read from them, and what is refused with its line."""

from __future__ import annotations

import pytest

from vecsearch import InvalidDocument, PathNotFound
from vecsearch.analysis.evaluation.word_sets import read_sts, read_word_sets

ANALOGIES = ": capitals\nAthens Greece Paris France\n\nParis France Athens Greece\n: family\nking queen man woman\n"
PAIRS = "tiger\tcat\t7.35\nbook\tpaper\t7.46\n"


def test_analogies_are_read_by_category(tmp_path):
    (tmp_path / "questions.txt").write_text(ANALOGIES)
    analogies, similarities = read_word_sets(tmp_path / "questions.txt")
    assert [(each.name, len(each.questions)) for each in analogies] == [("capitals", 2), ("family", 1)]
    assert analogies[0].questions[0] == ("Athens", "Greece", "Paris", "France")
    assert similarities == []


def test_a_folder_has_all_of_its_text_files_by_name(tmp_path):
    (tmp_path / "b.txt").write_text(PAIRS)
    (tmp_path / "a.txt").write_text("a\tb\t1\r\nc\td\t-2.5\r\n")
    (tmp_path / "questions.txt").write_text(ANALOGIES)
    (tmp_path / "README.md").write_text("neither")
    analogies, similarities = read_word_sets(tmp_path)
    assert len(analogies) == 2
    assert [each.name for each in similarities] == ["a", "b"]
    assert similarities[0].pairs == (("a", "b"), ("c", "d"))
    assert similarities[0].similarities.tolist() == [1, -2.5]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (": a\nAthens Greece Paris\n", r":2: 3 words; expected four"),
        (": a\nA B C D\nA B C D E\n", r":3: 5 words; expected four"),
        ("tiger cat 7.35\n", r":1: expected two words and a number between tabs, found 'tiger cat 7.35'"),
        (PAIRS + "car\tbus\tmuch\n", r":3: expected two words and a number"),
        (PAIRS + "car\tbus\n", r":3: expected two words and a number"),
        (PAIRS + "\tbus\t1\n", r":3: expected two words and a number"),
        (PAIRS + "car\tbus\tnan\n", r":3: expected two words and a number"),
        ("", r" holds no pairs"),
        ("\x00\x01\x02", r"words.txt: "),
    ],
)
def test_a_line_of_another_form_is_refused_with_its_place(tmp_path, content, said):
    path = tmp_path / "words.txt"
    path.write_text(content)
    with pytest.raises(InvalidDocument, match=said) as error:
        read_word_sets(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_pairs_of_texts_are_read_with_and_without_names_of_columns(tmp_path):
    rows = '"A girl, styling",A girl brushing,2.5\nEin Mädchen,一个女孩,3.6\n'
    (tmp_path / "plain.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "named.csv").write_text(f"sentence1,sentence2,score\n{rows}", encoding="utf-8")
    (tmp_path / "tabs.tsv").write_text("A girl\tA boy\t0.5\n", encoding="utf-8")
    named, plain, tabs = read_sts(tmp_path)
    assert plain.pairs == named.pairs == (("A girl, styling", "A girl brushing"), ("Ein Mädchen", "一个女孩"))
    assert plain.similarities.tolist() == named.similarities.tolist() == [2.5, 3.6]
    assert (tabs.name, tabs.pairs) == ("tabs", (("A girl", "A boy"),))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b,1\na,b,x\n", r":2: expected two texts and a number, found 'a  b  x'"),
        ("a,b,c\nd,e,f\n", r":2: expected two texts and a number"),
        ("a,b,1\na,,2\n", r":2: expected two texts and a number"),
        ("a,b,c\n", r" holds no pairs"),
        ("", r" holds no pairs"),
        ("a,b,1\n" + "x" * 200_000 + ",b,2\n", r":\d+: field larger"),
    ],
)
def test_a_row_of_another_form_is_refused_with_its_place(tmp_path, content, said):
    path = tmp_path / "texts.csv"
    path.write_text(content)
    with pytest.raises(InvalidDocument, match=said) as error:
        read_sts(path)
    assert str(path) in str(error.value)


def test_what_is_not_text_is_refused(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(InvalidDocument, match=r"texts\.csv: "):
        read_sts(path)


@pytest.mark.parametrize("read", [read_word_sets, read_sts])
def test_a_path_without_files_is_refused(tmp_path, read):
    for place in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(PathNotFound, match="is neither a file nor a folder with"):
            read(place)


def test_the_sets_of_real_data_are_read_whole(data):
    analogies, similarities = read_word_sets(data / "words")
    assert (len(analogies), sum(len(each.questions) for each in analogies)) == (14, 19_544)
    assert {each.name: len(each.pairs) for each in similarities}["EN-WS-353-ALL"] == 353
    assert {each.name: len(each.pairs) for each in read_sts(data / "sts")} == {
        f"stsb-{language}-{split}": count
        for language in ("de", "en", "zh")
        for split, count in (("dev", 1500), ("test", 1379))
    }
