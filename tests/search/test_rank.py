"""`Index.rank`: the ids and scores that a search finds, asked in any way, and no text read for them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.examples import examples
from tests.search.test_hybrid import MODES, WHERES, shelf, small_sizes, texts  # noqa: F401  # fixtures, and the indexes they make
from vecsearch import Document, Example, Index, IndexDamaged, InvalidFilter, InvalidOption, InvalidQuery


class Letters:
    """A reranker that likes texts for their letters, with many ties."""

    name = "letters"

    def __repr__(self):  # no address: tests are named by it, in every process alike
        return "Letters()"

    def scores(self, query, texts):
        return np.array([float(text.count("e") - text.count("o")) for text in texts])


def ids_and_scores(hits):
    """What is known of hits, or of ranked chunks, without their texts."""
    return [(hit.score, hit.similarity, hit.document_id, hit.chunk_id) for hit in hits]


ways = st.fixed_dictionaries(
    {"k": st.sampled_from([1, 5, 13, 1000]), "mode": st.sampled_from(MODES)},
    optional={
        "metric": st.sampled_from(["cosine", "dot"]),
        "where": st.sampled_from(list(WHERES)),
        "min_similarity": st.floats(-0.5, 1),
        "per_document": st.integers(1, 3),
        "like": st.sampled_from([0, 7]),
        "plus": texts,
        "minus": texts.map(lambda text: Example(text=text, weight=0.5)),
        "rerank": st.just(Letters()),
        "rerank_depth": st.sampled_from([1, 20]),
        "collapse": st.sampled_from([0.3, 0.999]),
        "diversity": st.sampled_from([0.0, 0.5, 1.0]),
        "dense_weight": st.sampled_from([0.0, 0.3]),
        "exact": st.booleans(),
    },
)


@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, options=ways)
def test_however_it_is_asked_it_has_the_ids_and_scores_of_a_search(shelf, text, options):  # noqa: F811
    if "like" in options:
        options = {**options, "like": shelf.rows[options["like"]].document_id}
    found = shelf.index.search(text, **options)
    assert ids_and_scores(shelf.index.rank(text, **options)) == ids_and_scores(found)
    assert len(found) <= options["k"]


@pytest.fixture
def index(tmp_path, encoder):
    made = Index.create(tmp_path / "index", model=encoder, chunk_tokens=8)
    made.add(Document(f"d{number}", f"green house number {number}", {"n": number}) for number in range(20))
    return made


def test_the_best_chunk_is_named_as_a_hit_names_it(index):
    (ranked,) = index.rank("number 7", k=1, mode="dense")
    assert (ranked.document_id, ranked.chunk_id) == ("d7", "d7#0")
    assert ranked.score == ranked.similarity == index.search("number 7", k=1, mode="dense")[0].similarity


def test_a_query_of_any_form_is_answered_as_by_a_search(index, encoder):
    vectors = np.stack([encoder.vector("house 3"), encoder.vector("green 4")])
    several = [["house 3", "green 4"], ("house 3",), vectors]
    for queries in several:
        answers = index.rank(queries, k=4)
        assert [ids_and_scores(ranked) for ranked in answers] == [
            ids_and_scores(hits) for hits in index.search(queries, k=4)
        ]
        assert [len(ranked) for ranked in answers] == [4] * len(queries)
    assert ids_and_scores(index.rank(vectors[0])) == ids_and_scores(index.search(vectors[0]))
    assert ids_and_scores(index.rank(like="d3", k=3)) == ids_and_scores(index.search(like="d3", k=3))
    assert index.rank([]) == index.rank([], like="d3") == []


def test_what_is_committed_later_is_ranked_after_a_refresh(index, encoder):
    reader = Index.open(index.path, model=encoder)
    index.delete(["d7"])
    assert reader.rank("number 7", k=1)[0].document_id == "d7"
    reader.refresh()
    assert reader.rank("number 7", k=1)[0].document_id != "d7"


def test_texts_are_not_read(index, encoder, tmp_path):
    damaged = Index.open(damaged_copy(index, tmp_path / "damaged", b"green"), model=encoder)
    with pytest.raises(IndexDamaged):
        damaged.search("number 7")
    assert ids_and_scores(damaged.rank("number 7")) == ids_and_scores(index.search("number 7"))


def test_an_id_that_is_no_text_is_told_as_damage(index, encoder, tmp_path):
    damaged = Index.open(damaged_copy(index, tmp_path / "damaged", b"d0d1d2"), model=encoder)
    with pytest.raises(
        IndexDamaged, match=r"rows\.arrow.* cannot be read: .*invalid start byte: run vecsearch verify --repair$"
    ):
        damaged.rank("number 7", k=20, mode="dense")


def damaged_copy(index, path, begins):
    """A copy of the index in whose mapped rows whatever began so begins with a byte that is in no text."""
    shutil.copytree(index.path, path)
    (rows,) = path.glob("segments/*/rows.arrow")
    content = rows.read_bytes()
    assert begins in content
    rows.write_bytes(content.replace(begins, b"\xff" + begins[1:]))
    return path


def test_explain_is_refused_before_anything_is_encoded(index, encoder):
    encoder.encoded.clear()
    with pytest.raises(InvalidOption, match=r"^explain needs the texts .* use search\(\)$"):
        index.rank("never encoded before", explain=True)
    assert encoder.encoded == []


@pytest.mark.parametrize(
    ("query", "options", "refused"),
    [
        (" ", {}, InvalidQuery),
        (None, {}, InvalidQuery),
        (5, {}, InvalidQuery),
        ("fine", {"k": 0}, InvalidOption),
        ("fine", {"mode": "magic"}, InvalidOption),
        ("fine", {"diversity": 2.0}, InvalidOption),
        ("fine", {"where": "n ="}, InvalidFilter),
        (np.ones(32, np.float32), {"mode": "lexical"}, InvalidQuery),
        (np.ones(32, np.float32), {"rerank": Letters()}, InvalidOption),
    ],
    ids=str,
)
def test_what_a_search_refuses_is_refused_in_the_same_words(index, query, options, refused):
    with pytest.raises(refused) as by_search:
        index.search(query, **options)
    with pytest.raises(refused) as by_rank:
        index.rank(query, **options)
    assert str(by_rank.value) == str(by_search.value)


def test_an_option_that_there_is_not_is_an_error_in_python(index):
    for ask in (index.search, index.rank):
        with pytest.raises(TypeError, match="'per_documents'"):
            ask("fine", per_documents=1)
