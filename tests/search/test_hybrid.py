"""What a search by words, by meaning or by both promises: the answer of brute force, however the index came to be."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import vecsearch.search.options
import vecsearch.search.retrievers.dense
import vecsearch.search.retrievers.hybrid
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from tests.helpers.examples import examples
from tests.helpers.search_oracle import (
    CHUNK_WORDS,
    VOCABULARY,
    Row,
    SearchCase,
    assert_answers,
    expected,
    rows_of,
    similarity,
)
from vecsearch import Document, Index
from vecsearch.models.encoder import Fertility

MODES = ["hybrid", "dense", "lexical"]
DEPTH = 9  # of each retriever, so that few rows are many
YEARS = (None, 2019, 2020, 2021)
WHERES = {
    None: lambda row: True,
    "year >= 2020": lambda row: row.year is not None and row.year >= 2020,
    "year = 2019": lambda row: row.year == 2019,
    "year > 2030": lambda row: False,
    "year IS NULL OR year = 2021": lambda row: row.year in (None, 2021),
}


class Shelf:
    """An index of random documents in many segments, some of one row, some deleted, and the rows that are there."""

    def __init__(self, path: Path, encoder: CountingEncoder, seed: int) -> None:
        chooser = random.Random(seed)
        self.encoder = encoder
        self.index = Index.create(path, model=encoder, chunk_tokens=CHUNK_WORDS, language="none", keep_versions=1)
        words = VOCABULARY[:14]
        twins = [" ".join(chooser.choices(words, k=4)) for _ in range(3)]
        self.rows: list[Row] = []
        for batch, size in enumerate((40, 1, 30, 25, 1, 12)):
            texts = [self._text(chooser, words, twins) for _ in range(size)]
            documents = [
                Document(f"{chooser.randrange(10**6):06}-{batch}", text, {"year": year} if year else {})
                for text, year in zip(texts, chooser.choices(YEARS, k=size), strict=True)
            ]
            self.index.add(documents)
            for document in documents:
                self.rows += rows_of(document.id, document.text, document.metadata.get("year"), encoder)
        gone = set(chooser.sample(sorted({row.document_id for row in self.rows}), 30))
        assert self.index.delete(gone) == 30
        self.rows = [row for row in self.rows if row.document_id not in gone]

    @staticmethod
    def _text(chooser: random.Random, words: list[str], twins: list[str]) -> str:
        if chooser.random() < 0.3:
            return chooser.choice(twins)
        return " ".join(chooser.choices(words, k=chooser.choice((1, 5, 8, 16, 24))))

    def allowed(self, where: str | None) -> list[Row]:
        return [row for row in self.rows if WHERES[where](row)]


class Fluent(CountingEncoder):
    """The same vectors, from an encoder that says how well it reads: texts of many words less, and word by word."""

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        return [Fertility(6.0 / len(text.split()), contextual=len(text.split()) % 2 == 0) for text in texts]


@pytest.fixture(scope="module", autouse=True)
def small_sizes() -> Iterator[None]:
    """Few rows are many: legs bring few, and segments are asked as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vecsearch.search.options, "DEPTH", DEPTH)
        patch.setattr(vecsearch.search.retrievers.hybrid, "DEPTH", DEPTH)
        patch.setattr(vecsearch.search.retrievers.dense, "_FEW", 3)
        patch.setattr(vecsearch.search.retrievers.dense, "_SCAN_SHARE", 3)
        patch.setattr(vecsearch.storage.merge_policy, "to_rewrite", lambda sizes, added: [])  # each commit is a segment
        yield


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        return Shelf(tmp_path_factory.mktemp("shelf") / "index", CountingEncoder(), seed=1)


def test_the_shelf_is_what_the_tests_below_need(shelf):
    info = shelf.index.info()
    assert (info.chunks, info.segments) == (len(shelf.rows), 6)
    assert info.deleted > 30
    assert len({row.text for row in shelf.rows}) < len(shelf.rows) - 15
    assert len(shelf.rows) > 8 * DEPTH
    assert [len(shelf.allowed(where)) > 3 for where in WHERES] == [True, True, True, False, True]


texts = st.lists(st.sampled_from([*VOCABULARY[:16], "unheard"]), min_size=1, max_size=5).map(" ".join)
options = st.fixed_dictionaries(
    {
        "k": st.sampled_from([1, 2, 5, 13, 40, 1000]),
        "mode": st.sampled_from(MODES),
        "metric": st.sampled_from(["cosine", "dot"]),
    },
    optional={
        "per_document": st.integers(1, 3),
        "min_similarity": st.floats(-0.5, 1),
        "collapse": st.sampled_from([0.3, 0.7, 0.999, 1.0]),
        "dense_weight": st.sampled_from([0.0, 0.3, 1.0]),
    },
)


@settings(deadline=None, max_examples=examples(100))
@given(text=texts, options=options, where=st.sampled_from(list(WHERES)))
def test_the_answer_is_that_of_brute_force(shelf, text, options, where):
    case = SearchCase(text=text, vector=shelf.encoder.vector(text), **options)
    assert_answers(
        shelf.index.search(text, where=where, **options),
        expected(shelf.rows, case, shelf.allowed(where), depth=DEPTH),
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", ["green fire", "salt", "house water unheard"])
def test_where_most_of_the_best_do_not_qualify_it_is_looked_further(shelf, mode, text):
    vector = shelf.encoder.vector(text)
    scores = sorted(
        (hit.similarity for hit in shelf.index.search(text, k=1000, mode=mode, min_similarity=-1)), reverse=True
    )
    for floor in (None, scores[4], scores[len(scores) // 3], scores[-1]):
        for bounds in ({}, {"per_document": 1}, {"collapse": 0.6}):
            for k in (3, 8, 20):
                case = SearchCase(text=text, vector=vector, mode=mode, k=k, min_similarity=floor, **bounds)
                hits = shelf.index.search(text, k=k, mode=mode, min_similarity=floor, **bounds)
                assert_answers(hits, expected(shelf.rows, case, depth=DEPTH))


@settings(deadline=None, max_examples=examples(60))
@given(text=texts, options=options, where=st.sampled_from(list(WHERES)))
def test_k_hits_come_back_or_all_that_qualify_in_order_and_each_once(shelf, text, options, where):
    hits = shelf.index.search(text, where=where, **options)
    shown = {hit.chunk_id for hit in hits}
    assert len(shown) == len(hits) <= options["k"]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    if len(hits) == options["k"]:
        return
    case = SearchCase(text=text, vector=shelf.encoder.vector(text), **options)
    floor = options.get("min_similarity", -np.inf)
    qualify = [row for row in shelf.allowed(where) if similarity(row, case) >= floor]
    if case.mode == "lexical":
        qualify = [row for row in qualify if set(row.text.split()) & set(text.split())]
    of_document = Counter(row.document_id for row in qualify)
    units = np.array([row.unit for row in qualify if row.chunk_id in shown])
    assert shown <= {row.chunk_id for row in qualify}
    for row in qualify:
        alike = case.collapse is not None and (units @ np.array(row.unit)).max() >= case.collapse - 1e-6
        full = case.per_document is not None and of_document[row.document_id] > case.per_document
        assert row.chunk_id in shown or alike or full


@pytest.mark.parametrize("mode", MODES)
def test_without_bounds_the_number_of_hits_is_that_of_the_rows_that_can_be_found(shelf, mode):
    for where in WHERES:
        there = [row for row in shelf.allowed(where) if mode != "lexical" or "green" in row.text.split()]
        for k in (1, 7, 60, 10_000):
            assert len(shelf.index.search("green", k=k, mode=mode, where=where)) == min(k, len(there))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_many_queries_at_once_answer_as_one_by_one(shelf, mode, metric):
    queries = [f"{first} {second}" for first, second in zip(VOCABULARY, VOCABULARY[3:], strict=False)]
    for options in (
        {},
        {"per_document": 1},
        {"min_similarity": 0.3, "k": 100},
        {"collapse": 0.8, "k": 30},
        {"diversity": 0.5},
        {"where": "year = 2019", "explain": True},
    ):
        options = {"k": 7, "mode": mode, "metric": metric, **options}
        assert shelf.index.search(queries, **options) == [shelf.index.search(query, **options) for query in queries]


def test_a_text_is_searched_by_both_and_a_vector_by_what_is_near(shelf):
    vector = shelf.encoder.vector("green fire")
    assert shelf.index.search("green fire") == shelf.index.search("green fire", mode="hybrid")
    assert shelf.index.search(vector) == shelf.index.search(vector, mode="dense")
    assert shelf.index.search(vector) == shelf.index.search("green fire", mode="dense")
    assert shelf.index.search("green fire") != shelf.index.search("green fire", mode="dense")


@settings(deadline=None, max_examples=examples(40))
@given(asked_texts=st.lists(texts, min_size=1, max_size=3))
def test_how_well_the_model_reads_each_query_tells_what_its_vector_counts(shelf, asked_texts):
    encoder = Fluent()
    answers = Index.open(shelf.index.path, model=encoder).search(asked_texts, k=20)
    for text, hits, said in zip(asked_texts, answers, encoder.fertility(asked_texts), strict=True):
        case = SearchCase(text=text, vector=encoder.vector(text), k=20, **said._asdict())
        assert_answers(hits, expected(shelf.rows, case, depth=DEPTH))


def test_words_that_no_chunk_has_leave_the_order_to_meaning(shelf):
    both, dense = shelf.index.search("unheard", k=200), shelf.index.search("unheard", k=200, mode="dense")
    assert [hit.chunk_id for hit in both] == [hit.chunk_id for hit in dense]
    assert (both[0].score, both[DEPTH - 1].score) == (1.0, 0.0)
    assert both[-1].score < 0
    assert shelf.index.search("unheard", k=200, mode="lexical") == []


def test_all_weight_on_one_leg_gives_its_order(shelf):
    dense = shelf.index.search("green fire", k=DEPTH, mode="dense")
    lexical = shelf.index.search("green fire", k=DEPTH, mode="lexical")
    assert [h.chunk_id for h in shelf.index.search("green fire", k=DEPTH, dense_weight=1)] == [
        hit.chunk_id for hit in dense
    ]
    assert [h.chunk_id for h in shelf.index.search("green fire", k=DEPTH, dense_weight=0)] == [
        hit.chunk_id for hit in lexical
    ]


def test_a_condition_changes_no_score_of_words(shelf):
    every = {hit.chunk_id: hit.score for hit in shelf.index.search("green fire", k=1000, mode="lexical")}
    some = shelf.index.search("green fire", k=1000, mode="lexical", where="year = 2019")
    assert 0 < len(some) < len(every)
    assert {hit.chunk_id: hit.score for hit in some}.items() < every.items()


OF_LANGUAGES = ["the", "of", "die", "der", "und", "Café", "cafe", "maté", "Häuser", "getName"]
documents = st.lists(
    st.tuples(
        st.integers(0, 14),
        st.lists(st.sampled_from([*VOCABULARY[:5], *OF_LANGUAGES]), min_size=1, max_size=20).map(" ".join),
    ),
    min_size=1,
    max_size=6,
)
questions = st.lists(st.sampled_from([*VOCABULARY[:5], *OF_LANGUAGES, "unheard"]), min_size=1, max_size=5).map(" ".join)


@settings(deadline=None, max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow])
@given(
    batches=st.lists(documents, min_size=2, max_size=4),
    gone=st.sets(st.integers(0, 14), max_size=6),
    text=questions,
    options=options,
)
@example(  # "die" is a stop word of all that is left
    batches=[[(6, "die Häuser und der red tree")], [(8, "der red und die green"), (9, "the tree of the house")]],
    gone={9},
    text="die red tree",
    options={"k": 5, "mode": "hybrid"},
)
def test_many_segments_with_deletions_answer_as_one_without(tmp_path_factory, batches, gone, text, options):
    place = tmp_path_factory.mktemp("many")
    index = Index.create(place / "index", model=CountingEncoder(), chunk_tokens=CHUNK_WORDS)
    for batch in batches:
        index.add(Document(f"d{name}", words, {"year": 2015 + name}) for name, words in dict(batch).items())
    index.delete(f"d{name}" for name in gone)
    shutil.copytree(place / "index", place / "copy")
    compacted = Index.open(place / "copy", model=CountingEncoder())
    compacted.compact()
    assert (compacted.info().segments, compacted.info().deleted) == (min(1, len(index)), 0)
    for where in (None, "year > 2020") if len(index) else (None,):
        assert compacted.search(text, where=where, **options) == index.search(text, where=where, **options)


@pytest.mark.parametrize("mode", MODES)
def test_an_index_of_one_row_and_an_empty_one_answer(tmp_path, encoder, mode):
    index = Index.create(tmp_path / "index", model=encoder)
    assert index.search("green", mode=mode) == []
    assert index.search(["green", "red"], mode=mode, per_document=1, collapse=0.9, diversity=0.5) == [[], []]
    index.add([Document("only", "green fire")])
    [hit] = index.search("green", mode=mode, k=5, collapse=0.5, diversity=0.5, per_document=1)
    assert hit.chunk_id == "only#0"
    index.delete("only")
    assert index.search("green", mode=mode) == []


def test_other_endings_of_a_word_are_found_as_the_language_of_the_index_has_them(tmp_path, encoder):
    found = {}
    for language in ("auto", "en", "none"):
        index = Index.create(tmp_path / language, model=encoder, language=language)
        index.add([Document("a", "the houses are blue"), Document("b", "die Bücher sind blau")])
        answers = index.search(["house", "HOUSES", "Buch"], mode="lexical")
        found[language] = [[hit.document_id for hit in hits] for hits in answers]
    assert found["auto"] == [["a"], ["a"], ["b"]]
    assert found["en"] == [["a"], ["a"], []]
    assert found["none"] == [[], ["a"], []]
