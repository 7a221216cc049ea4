"""Searches by example and by arithmetic: held to sums of unit vectors in numpy, over whatever an example names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.oracle import assert_answers, brute_force
from tests.helpers.search_oracle import CHUNK_WORDS, SearchCase, expected, rows_of
from tests.helpers.search_oracle import assert_answers as assert_exactly
from tests.helpers.writing import write, write_records
from vecsearch import Document, Example, Index, InvalidQuery
from vecsearch.errors import ModelNotFound
from vecsearch.models.encoders.model_folder import find_model

TEXTS = {
    "cats": "cats purr and sleep all day long here but at night they hunt for mice there",
    "dogs": "dogs bark at night",
    "cats#0": "an odd name",
    "cats#x": "one more odd name",
    "birds": "birds sing in the morning",
    "fish": "fish swim day and night",
}


def pieces(text: str) -> list[str]:
    words = text.split(" ")
    return [" ".join(words[first : first + CHUNK_WORDS]) for first in range(0, len(words), CHUNK_WORDS)]


class Zoo:
    """An index in two segments with something deleted and something replaced, and the vectors of what is there."""

    def __init__(self, path: Path, encoder: CountingEncoder) -> None:
        self.encoder = encoder
        self.index = Index.create(path, model=encoder, chunk_tokens=CHUNK_WORDS, language="none", keep_versions=9)
        old = {"gone": "a dodo", "dogs": "replaced by another text"}
        self.index.add(Document(*item) for item in [*list(TEXTS.items())[:1], *old.items()])
        self.index.tag("old")
        self.index.add(Document(*item, {"legs": 2 if item[0] == "birds" else 4}) for item in list(TEXTS.items())[1:])
        self.index.delete("gone")
        self.chunks = {
            (name, ordinal): encoder.vector(piece)
            for name, text in TEXTS.items()
            for ordinal, piece in enumerate(pieces(text))
        }

    def unit(self, text: str) -> np.ndarray:
        return unit(self.encoder.vector(text))

    def mean(self, text: str) -> np.ndarray:
        return unit(np.mean([self.unit(piece) for piece in pieces(text)], axis=0))

    def without(self, *names: str) -> dict[tuple[str, int], np.ndarray]:
        """All vectors but those of these documents or chunks."""
        kept = {}
        for (name, ordinal), vector in self.chunks.items():
            chunk_id = f"{name}#{ordinal}"
            if name not in names and (chunk_id not in names or chunk_id in TEXTS):
                kept[name, ordinal] = vector
        return kept


def unit(vector: np.ndarray) -> np.ndarray:
    wide = np.asarray(vector, np.float64)
    return wide / np.linalg.norm(wide)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(vecsearch.storage.merge_policy, "to_rewrite", lambda sizes, added: [])  # each commit is a segment
        return Zoo(tmp_path_factory.mktemp("zoo") / "index", CountingEncoder())


@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_a_query_with_texts_added_and_taken_away_is_the_sum_of_unit_vectors(zoo, metric):
    total = zoo.unit("cats") + zoo.unit("at night") + 2 * zoo.unit("bark") - 0.5 * zoo.unit("sing")
    hits = zoo.index.search(
        "cats",
        mode="dense",
        metric=metric,
        plus=["at night", Example(text="bark", weight=2)],
        minus=Example(text="sing", weight=0.5),
    )
    assert_answers(hits, brute_force(zoo.chunks, total, 10, metric))


def test_a_query_may_be_left_out(zoo):
    for options, total in (
        ({"plus": "cats"}, zoo.unit("cats")),
        ({"minus": "cats"}, -zoo.unit("cats")),
        ({"plus": ("cats", "dogs"), "minus": ["birds"]}, zoo.unit("cats") + zoo.unit("dogs") - zoo.unit("birds")),
        ({"plus": Example(text="cats", weight=1e-6)}, zoo.unit("cats")),
        ({"plus": [Example(text="cats", weight=1e6), "dogs"]}, 1e6 * zoo.unit("cats") + zoo.unit("dogs")),
    ):
        assert_answers(zoo.index.search(**options), brute_force(zoo.chunks, total, 10))


@pytest.mark.parametrize(
    ("name", "left_out"),
    [("dogs", ["dogs"]), ("cats", ["cats"]), ("cats#1", ["cats#1"]), ("cats#0", ["cats#0"]), ("cats#x", ["cats#x"])],
)
def test_like_finds_what_is_near_to_a_document_or_chunk_and_not_that_itself(zoo, name, left_out):
    """A document of this id goes before the chunk of another."""
    zoo.encoder.encoded.clear()
    wanted = zoo.unit(pieces(TEXTS["cats"])[1]) if name == "cats#1" else zoo.mean(TEXTS[name])
    hits = zoo.index.search(like=name)
    assert_answers(hits, brute_force(zoo.without(*left_out), wanted, 10))
    assert zoo.encoder.encoded == [], "what is indexed has its vector"


def test_the_first_chunk_of_a_document_is_named_with_its_ordinal(tmp_path, encoder):
    index = Index.create(tmp_path / "index", model=encoder, chunk_tokens=CHUNK_WORDS)
    index.add([Document("cats", TEXTS["cats"])])
    assert [hit.chunk_id for hit in index.search(like="cats#0")] == ["cats#1"]
    assert index.search(like=["cats#0", "cats#1"]) == index.search(like="cats") == []


def test_several_examples_add_up_and_none_of_them_is_found(zoo):
    total = zoo.unit("sleep") + zoo.mean(TEXTS["cats"]) + 0.25 * zoo.mean(TEXTS["fish"]) - zoo.mean(TEXTS["dogs"])
    hits = zoo.index.search(
        "sleep",
        mode="dense",
        like=["cats", Example(id="fish", weight=0.25)],
        minus=Example(id="dogs"),
    )
    assert_answers(hits, brute_force(zoo.without("cats", "fish", "dogs"), total, 10))


def test_vectors_add_up_by_their_direction(zoo):
    north = np.arange(32, dtype=np.float64)
    for given in (north, north.astype(np.float32) * 1e6, (north * 100).astype(np.int64)):
        total = zoo.unit("cats") + unit(north)
        assert_answers(zoo.index.search("cats", mode="dense", plus=given), brute_force(zoo.chunks, total, 10))
        assert_answers(zoo.index.search(minus=Example(vector=given)), brute_force(zoo.chunks, -unit(north), 10))
    both = zoo.index.search(plus=np.stack([north, np.ones(32)]))
    assert_answers(both, brute_force(zoo.chunks, unit(north) + unit(np.ones(32)), 10))
    by_vector = zoo.index.search(zoo.encoder.vector("cats"), plus=north)
    assert by_vector == zoo.index.search("cats", mode="dense", plus=north)


def test_examples_are_added_to_each_of_many_queries(zoo):
    options = {"like": "fish", "minus": ["sing"], "mode": "hybrid"}
    queries = ["cats purr", "dogs", "night"]
    assert zoo.index.search(queries, **options) == [zoo.index.search(query, **options) for query in queries]
    vectors = np.stack([zoo.encoder.vector(query) for query in queries])
    assert zoo.index.search(vectors, like="fish") == [zoo.index.search(vector, like="fish") for vector in vectors]
    assert zoo.index.search([], like="fish") == []


@pytest.mark.parametrize("mode", ["hybrid", "lexical"])
def test_with_a_text_its_words_count_and_the_sum_is_what_is_near(zoo, mode):
    rows = [row for name, text in TEXTS.items() for row in rows_of(name, text, None, zoo.encoder)]
    vector = (zoo.unit("at night") + zoo.mean(TEXTS["fish"]) - 0.5 * zoo.unit("dogs")).astype(np.float32)
    case = SearchCase(text="at night", vector=vector, mode=mode)
    answers = expected(rows, case, [row for row in rows if row.document_id != "fish"])
    hits = zoo.index.search("at night", mode=mode, like="fish", minus=Example(text="dogs", weight=0.5))
    assert [hit.chunk_id for hit in hits] == [answer.chunk_id for answer in answers]
    np.testing.assert_allclose([hit.score for hit in hits], [answer.score for answer in answers], atol=1e-6)
    assert_exactly(
        zoo.index.search("at night", mode=mode),
        expected(rows, SearchCase(text="at night", vector=zoo.encoder.vector("at night"), mode=mode)),
    )


def test_a_condition_is_for_what_is_found_and_not_for_the_example(zoo):
    legged = {place: vector for place, vector in zoo.chunks.items() if place[0] == "birds"}
    assert_answers(zoo.index.search(like="fish", where="legs = 2"), brute_force(legged, zoo.mean(TEXTS["fish"]), 10))
    assert zoo.index.search(like="birds", where="legs = 2") == []
    assert len(zoo.index.search("birds", where="legs = 2")) == 1, "what was left out of one search is there in the next"


def test_what_is_deleted_is_no_example_but_in_the_version_that_has_it(zoo):
    with pytest.raises(InvalidQuery, match=r"'gone' is neither a document or chunk of .* nor a file"):
        zoo.index.search(like="gone")
    past = Index.open(zoo.index.path, model=zoo.encoder, version="old")
    assert [hit.document_id for hit in past.search(like="gone", k=1)] != ["gone"]
    [old] = past.search(like="gone", where="document_id = 'dogs'")
    assert old.text == "replaced by another text"
    [new] = zoo.index.search(like="fish", where="document_id = 'dogs'")
    assert new.text == TEXTS["dogs"]


@pytest.fixture
def notes(tmp_path, folder, encoder):
    """An index of files, beside it."""
    for name in ("cats", "dogs", "fish"):
        write(folder / f"{name}.md", TEXTS[name])
    index = Index.create(tmp_path / "index", model=encoder, chunk_tokens=CHUNK_WORDS)
    index.sync(folder)
    return index


def test_an_indexed_file_is_named_by_its_id_or_its_path(notes, folder, encoder, monkeypatch):
    encoder.encoded.clear()
    expected_hits = notes.search(like="notes/cats.md")
    assert {hit.document_id for hit in expected_hits} == {"notes/dogs.md", "notes/fish.md"}
    monkeypatch.chdir(folder)
    for name in (folder / "cats.md", "cats.md", Path("..") / "notes" / "cats.md"):
        assert notes.search(like=str(name)) == expected_hits
    assert encoder.encoded == []


def test_the_records_of_an_indexed_file_are_what_it_is_and_not_found(notes, folder, encoder):
    records = write_records(folder / "more.jsonl", {"one": "dogs bark", "two": "fish swim"})
    notes.sync(folder)
    encoder.encoded.clear()
    total = unit(encoder.vector("dogs bark")) + unit(encoder.vector("fish swim"))
    chunks = {("one", 0): encoder.vector("dogs bark"), **chunks_of_notes(encoder)}
    assert_answers(notes.search(like=str(records)), brute_force(chunks_of_notes(encoder), total, 10))
    assert_answers(notes.search(like="two"), brute_force(chunks, encoder.vector("fish swim"), 10))
    assert encoder.encoded == []


def chunks_of_notes(encoder):
    return {
        (f"notes/{name}.md", ordinal): encoder.vector(piece)
        for name in ("cats", "dogs", "fish")
        for ordinal, piece in enumerate(pieces(TEXTS[name]))
    }


def test_a_file_outside_of_the_index_is_read_as_it_would_be_indexed(notes, folder, tmp_path, encoder):
    outside = write(tmp_path / "elsewhere" / "more.md", TEXTS["cats"])
    total = unit(np.mean([unit(encoder.vector(piece)) for piece in pieces(TEXTS["cats"])], axis=0))
    chunks = chunks_of_notes(encoder)
    before = len(notes)
    assert_answers(notes.search(like=str(outside)), brute_force(chunks, total, 10))
    records = write_records(tmp_path / "elsewhere" / "more.jsonl", {"one": "dogs bark", "two": "fish swim"})
    total = unit(unit(encoder.vector("dogs bark")) + unit(encoder.vector("fish swim")))
    assert_answers(notes.search(like=str(records)), brute_force(chunks, total, 10))
    assert len(notes) == before


def test_a_file_that_holds_nothing_to_search_by_is_refused_in_one_line(notes, tmp_path):
    for name, content, said in (
        ("empty.md", "", "cannot be searched by: empty file"),
        ("blank.md", " \n\n", "cannot be searched by: no text in it"),
        ("binary.bin", b"\0\1\2\3" * 50, "cannot be searched by: binary file"),
        ("broken.jsonl", "{", "cannot be searched by: not valid JSON"),
        ("nothing.jsonl", "\n", "cannot be searched by: no records in it"),
    ):
        path = write(tmp_path / "elsewhere" / name, content)
        with pytest.raises(InvalidQuery, match=said) as refused:
            notes.search(like=str(path))
        assert name in str(refused.value)
        assert "\n" not in str(refused.value)


def test_an_empty_index_has_nothing_to_be_like_and_answers_sums_with_nothing(tmp_path, encoder):
    index = Index.create(tmp_path / "index", model=encoder)
    assert index.search(plus="cats", minus="dogs") == []
    with pytest.raises(InvalidQuery, match="neither a document"):
        index.search(like="cats")


def test_words_are_added_and_taken_away_by_a_real_model(tmp_path):
    try:
        find_model("wordllama")
    except ModelNotFound as error:
        pytest.skip(str(error))
    words = "king queen man woman prince princess uncle aunt Paris France Berlin Germany bread river walked walking"
    index = Index.create(tmp_path / "index", model="wordllama")
    index.add(Document(word, word) for word in words.split())
    hits = index.search(like=["king", "woman"], minus=Example(id="man"), k=3)
    assert hits[0].document_id == "queen"
    assert not {"king", "man", "woman"} & {hit.document_id for hit in hits}
    assert "queen" in [hit.text for hit in index.search(plus=["king", "woman"], minus="man", k=3)]
