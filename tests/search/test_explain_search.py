"""Explanations of hits agree with each retriever on its own, and with the words in the text."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import Stemmer

import vecsearch.search.options
import vecsearch.search.retrievers.hybrid
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index
from vecsearch.types import Span

WORDS = ["house", "houses", "walk", "walking", "walked", "river", "rivers", "the", "and", "stone", "cloud", "Clouds"]
QUERIES = ["walks", "the house", "stones and rivers", "clouded", "the and", "unheard", "house house walk"]
MODES = ["hybrid", "dense", "lexical"]
DEPTH = 12  # of each retriever


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Random texts in several segments, some of them deleted, some the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(vecsearch.storage.merge_policy, "to_rewrite", lambda sizes, added: [])
        chooser = random.Random(5)
        made = Index.create(tmp_path_factory.mktemp("explained") / "index", model=CountingEncoder(), language="en")
        for batch in range(3):
            texts = [", ".join(chooser.choices(WORDS, k=chooser.randint(1, 6))) for _ in range(30)]
            made.add(Document(f"{batch}-{number:02}", text, {"n": number}) for number, text in enumerate(texts))
        made.delete(f"1-{number:02}" for number in range(10))
        return made


@pytest.fixture(autouse=True)
def few_are_brought(monkeypatch):
    monkeypatch.setattr(vecsearch.search.options, "DEPTH", DEPTH)
    monkeypatch.setattr(vecsearch.search.retrievers.hybrid, "DEPTH", DEPTH)


def scores_in(index: Index, query: str, mode: str, **options) -> dict[str, float]:
    return {hit.chunk_id: hit.score for hit in index.search(query, k=1000, mode=mode, **options)}


def rank(scores: dict[str, float], chunk_id: str, depth: int) -> int | None:
    """How many score higher, and one; None for what a retriever has not or not so far up."""
    place = 1 + sum(other > scores[chunk_id] for other in scores.values()) if chunk_id in scores else depth + 1
    return place if place <= depth else None


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    ("options", "depth"), [({}, 8), ({"where": "n < 20"}, 8), ({"per_document": 1, "diversity": 0.6}, 100)], ids=str
)
def test_ranks_and_scores_are_those_of_each_retriever_on_its_own(index, query, options, depth):
    near = scores_in(index, query, "dense", where=options.get("where"))
    worded = scores_in(index, query, "lexical", where=options.get("where"))
    for mode in MODES:
        for hit in index.search(query, k=8, mode=mode, explain=True, **options):
            told = hit.explanation
            brought = max(depth, DEPTH) if mode == "hybrid" else depth
            assert told.dense_score == hit.similarity == (None if mode == "lexical" else near[hit.chunk_id])
            assert told.dense_rank == (None if mode == "lexical" else rank(near, hit.chunk_id, brought))
            assert told.lexical_rank == (None if mode == "dense" else rank(worded, hit.chunk_id, brought))
            assert told.lexical_score == (None if mode == "dense" else worded.get(hit.chunk_id, 0.0))
            assert told.reranked is None
            assert mode != "hybrid" or told.dense_rank or told.lexical_rank


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("given", [None, 0.0, 0.3, 1.0])
def test_the_weight_that_is_told_makes_the_score_of_what_each_leg_says(index, query, given, monkeypatch):
    monkeypatch.setattr(vecsearch.search.retrievers.hybrid, "DEPTH", 1000)  # so that all candidates make the scale
    hits = index.search(query, k=1000, dense_weight=given, explain=True)  # all candidates
    (weight,) = {hit.explanation.dense_weight for hit in hits}
    close, said = (
        [getattr(hit.explanation, f"{retriever}_score") for hit in hits] for retriever in ("dense", "lexical")
    )
    assert weight == (1.0 if query == "unheard" else given) or (given is None and 0 < weight < 1)
    for hit, near, worded in zip(hits, close, said, strict=True):
        meaning = (near - min(close)) / (max(close) - min(close))
        assert hit.score == pytest.approx(weight * meaning + (1 - weight) * worded / (max(said) or 1.0), abs=1e-12)


def test_where_one_leg_is_asked_no_weight_is_told(index):
    for mode in ("dense", "lexical"):
        told = {hit.explanation.dense_weight for hit in index.search("walk", mode=mode, dense_weight=0.3, explain=True)}
        assert told == {None}


def test_equal_scores_have_equal_ranks(tmp_path, encoder):
    index = Index.create(tmp_path / "index", model=encoder)
    index.add(Document(name, text) for name, text in {"a": "one", "b": "one", "c": "two", "d": "one two"}.items())
    told = {hit.document_id: hit.explanation for hit in index.search("one", explain=True)}
    assert [told[name].dense_rank for name in "abdc"] == [1, 1, 3, 4]
    assert [told[name].lexical_rank for name in "abdc"] == [1, 1, 3, None]


@pytest.mark.parametrize("query", QUERIES)
def test_words_are_those_of_the_text_that_have_a_stem_of_the_query(index, query):
    stem = Stemmer.Stemmer("english", 0).stemWord
    asked = {word for word in query.lower().split() if word not in ("the", "and")} or set(query.lower().split())
    stems = {stem(word) for word in asked}
    found = 0
    for hit in index.search(query, k=60, explain=True):
        spans = [Span(*match.span()) for match in re.finditer(r"\w+", hit.text) if stem(match[0].lower()) in stems]
        assert list(hit.explanation.words) == spans
        assert bool(spans) == (hit.explanation.lexical_score > 0)
        found += len(spans)
    assert (found > 0) == (query != "unheard")


def test_a_heading_makes_a_hit_of_which_no_word_stands_in_the_text(tmp_path, encoder, folder):
    (folder / "guide.md").write_text("# Zebras\n\nthey have stripes and hooves\n\n## Food\n\nmostly grass and leaves\n")
    index = Index.create(tmp_path / "index", model=encoder, chunk_tokens=8)
    index.sync(folder)
    titled, headed = index.search("zebra", mode="lexical", explain=True)
    assert (titled.heading, headed.heading) == ("Zebras", "Zebras > Food")
    assert [titled.text[slice(*span)] for span in titled.explanation.words] == ["Zebras"]
    assert headed.explanation.lexical_score > 0
    assert headed.explanation.words == ()


def test_nothing_is_explained_unless_asked(index):
    for options in ({}, {"explain": False}):
        assert [hit.explanation for hit in index.search("walk", k=3, **options)] == [None] * 3
    explained = index.search("walk", k=3, explain=True)
    assert [hit.chunk_id for hit in explained] == [hit.chunk_id for hit in index.search("walk", k=3)]


def test_what_is_no_text_has_no_words_and_needs_no_model_to_be_explained(index):
    vector = CountingEncoder().vector("walk")
    unopened = Index.open(index.path)  # its model's name leads nowhere
    for hits in (unopened.search(vector, k=5, explain=True), unopened.search(like="0-00", k=5, explain=True)):
        told = [hit.explanation for hit in hits]
        assert [explanation.dense_rank for explanation in told] == sorted(each.dense_rank for each in told)
        assert {(each.lexical_rank, each.lexical_score, each.words, each.tokens) for each in told} == {
            (None, None, (), ())
        }


def test_words_that_mean_alike_are_told_where_the_model_shows_tokens(tmp_path):
    lines = ["cat 1 0 0", "feline .9 .1 0", "dog 0 1 0", "sleeps 0 0 1"]
    model = Path(tmp_path / "words.txt")
    model.write_text("\n".join(lines))
    index = Index.create(tmp_path / "index", model=str(model))
    index.add([Document("a", "a feline sleeps"), Document("b", "the dog sleeps")])
    first, second = index.search("my cat", explain=True)
    assert (first.document_id, first.explanation.words) == ("a", ())
    [match] = first.explanation.tokens
    assert ("my cat"[slice(*match.query)], first.text[slice(*match.text)]) == ("cat", "feline")
    assert match.similarity == pytest.approx(0.9 / 0.82**0.5, abs=1e-6)
    [match] = second.explanation.tokens
    assert match.similarity == pytest.approx(0, abs=1e-6)
