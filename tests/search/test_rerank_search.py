"""Searches whose best candidates a reranker orders: what it reads, what becomes of its scores, what is refused."""

from __future__ import annotations

import random

import numpy as np
import pytest

import vecsearch.search.options
from tests.helpers.counting import CountingEncoder
from tests.helpers.tiny_bert import WORDS as TINY_WORDS
from tests.helpers.tiny_cross import write_tiny_cross
from vecsearch import Document, Index, InvalidOption, ModelDamaged, ModelNotFound, load_reranker

WORDS = ["red", "green", "blue", "house", "tree", "river", "cloud", "stone"]
MODES = ["hybrid", "dense", "lexical"]


class CountingReranker:
    """Likes texts for their letters: deterministic, with many ties. `read` are the texts it was given."""

    name = "counting"

    def __init__(self) -> None:
        self.read: list[str] = []

    def scores(self, query, texts):
        assert query.startswith("red")
        self.read += texts
        return np.array([self.score(text) for text in texts])

    @staticmethod
    def score(text: str) -> float:
        return float(text.count("e") - text.count("o") - 7)


class Giving:
    """A reranker that gives what it is told to give."""

    name = "giving"

    def __init__(self, given) -> None:
        self.given = given

    def scores(self, query, texts):
        return self.given(len(texts))


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        chooser = random.Random(9)
        made = Index.create(tmp_path_factory.mktemp("reranked") / "index", model=CountingEncoder(), chunk_tokens=8)
        texts = [" ".join(chooser.choices(WORDS, k=chooser.choice((2, 8, 24)))) for _ in range(120)]
        made.add(Document(f"{number:03}", text, {"n": number}) for number, text in enumerate(texts))
        made.delete(f"{number:03}" for number in range(0, 120, 7))
        return made


def by_score(hits) -> list[tuple[str, float]]:
    """Chunks and what the reranker gives them, the best first, equal ones by document and place."""
    ranked = sorted(hits, key=lambda hit: (-CountingReranker.score(hit.text), hit.document_id, hit.start))
    return [(hit.chunk_id, CountingReranker.score(hit.text)) for hit in ranked]


def found(hits) -> list[tuple[str, float]]:
    return [(hit.chunk_id, hit.score) for hit in hits]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("k", "depth"), [(1, 20), (5, 20), (20, 20), (10, 90)])
def test_the_best_candidates_and_no_others_are_read_and_stand_in_the_order_of_their_scores(index, mode, k, depth):
    reranker = CountingReranker()
    hits = index.search("red tree", k=k, mode=mode, rerank=reranker, rerank_depth=depth)
    candidates = index.search("red tree", k=depth, mode=mode)
    assert sorted(reranker.read) == sorted(hit.text for hit in candidates)
    assert found(hits) == by_score(candidates)[:k]
    similarity = {hit.chunk_id: hit.similarity for hit in candidates}
    assert all(hit.similarity == similarity[hit.chunk_id] for hit in hits)


def test_fifty_are_read_unless_told(index):
    reranker = CountingReranker()
    index.search("red tree", k=3, rerank=reranker)
    assert len(reranker.read) == vecsearch.search.options.RERANK_DEPTH == 50


@pytest.mark.parametrize("mode", MODES)
def test_when_more_hits_are_wanted_than_are_to_be_read_so_many_are_read(index, mode):
    reranker = CountingReranker()
    hits = index.search("red tree", k=30, mode=mode, rerank=reranker, rerank_depth=4)
    assert len(reranker.read) == len(hits) == 30
    assert found(hits) == by_score(index.search("red tree", k=30, mode=mode))


def test_when_there_are_fewer_all_are_read(index):
    reranker = CountingReranker()
    hits = index.search("red tree", k=500, mode="dense", rerank=reranker, where="n < 20")
    assert len(hits) == len(reranker.read) == index.count("n < 20")


def test_a_document_is_shown_with_the_chunks_that_the_reranker_likes_best(index):
    candidates = index.search("red tree", k=60, mode="dense")
    kept: list[tuple[str, float]] = []
    for chunk_id, score in by_score(candidates):
        if chunk_id.partition("#")[0] not in {other.partition("#")[0] for other, _ in kept}:
            kept.append((chunk_id, score))
    hits = index.search("red tree", k=10, mode="dense", rerank=CountingReranker(), rerank_depth=60, per_document=1)
    assert found(hits) == kept[:10]
    assert found(hits) != by_score(index.search("red tree", k=60, mode="dense", per_document=1))[:10]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("options", [{"per_document": 1}, {"collapse": 0.7}, {"min_similarity": 0.2}], ids=str)
def test_k_hits_come_back_when_there_are_so_many_that_qualify(index, mode, options):
    reranker = CountingReranker()
    hits = index.search("red tree", k=40, mode=mode, rerank=reranker, rerank_depth=5, **options)
    every = index.search("red tree", k=1000, mode=mode, rerank=CountingReranker(), rerank_depth=1000, **options)
    assert len(hits) == min(40, len(every))
    assert len({hit.chunk_id for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_many_queries_at_once_answer_as_one_by_one(index):
    queries = ["red tree", "red stone", "red"]
    options = {"k": 6, "rerank": CountingReranker(), "rerank_depth": 30, "explain": True}
    together = index.search(queries, **options)
    assert together == [index.search(query, **options) for query in queries]
    assert all(hit.explanation.reranked == hit.score for hits in together for hit in hits)
    assert [hit.explanation.dense_rank for hit in together[0]] != [1, 2, 3, 4, 5, 6]


def test_a_diverse_choice_is_made_by_the_scores_of_the_reranker(index):
    hits = index.search("red tree", k=5, rerank=CountingReranker(), rerank_depth=40, diversity=0)
    assert hits == index.search("red tree", k=5, rerank=CountingReranker(), rerank_depth=40)
    other = index.search("red tree", k=5, rerank=CountingReranker(), rerank_depth=40, diversity=0.9)
    assert hits[0] == other[0]
    assert found(hits) != found(other)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda n: np.zeros(n + 1), r"giving gave scores of shape \(21,\), expected \(20,\)"),
        (lambda n: np.zeros((n, 2)), r"giving gave scores of shape \(20, 2\), expected \(20,\)"),
        (lambda n: 0.5, r"giving gave scores of shape \(\), expected \(20,\)"),
        (lambda n: [0.0] * 4 + [float("nan")] * (n - 4), "giving gave the score nan for text 4, expected a finite"),
        (lambda n: [float("-inf")] * n, "giving gave the score -inf for text 0, expected a finite number"),
    ],
)
def test_scores_that_cannot_be_are_refused(index, given, said):
    with pytest.raises(ModelDamaged, match=said):
        index.search("red tree", k=5, rerank=Giving(given), rerank_depth=20)


def test_scores_in_a_list_or_in_float32_are_taken(index):
    expected = index.search("red tree", k=5, mode="dense", rerank=Giving(lambda n: np.arange(n)), rerank_depth=20)
    for given in (lambda n: list(range(n)), lambda n: np.arange(n, dtype=np.float32)):
        assert index.search("red tree", k=5, mode="dense", rerank=Giving(given), rerank_depth=20) == expected
    assert [hit.score for hit in expected] == [19.0, 18.0, 17.0, 16.0, 15.0]


def test_without_a_text_there_is_nothing_to_read(index):
    vector = CountingEncoder().vector("red")
    for options in ({"query": vector}, {"query": vector[None]}, {"like": "001"}, {"plus": "red"}):
        with pytest.raises(InvalidOption, match=r"^rerank reads texts: give the query as a text$"):
            index.search(rerank=CountingReranker(), **options)
    assert index.search([], rerank=CountingReranker()) == []


@pytest.mark.parametrize(
    "rerank", [5, True, object(), ["a model"], {"model": "a"}], ids=["number", "bool", "object", "list", "dict"]
)
def test_what_is_no_reranker_is_refused_by_name(index, rerank):
    with pytest.raises(InvalidOption, match=r"^rerank is .*, expected a model's name or a Reranker"):
        index.search("red tree", rerank=rerank)


@pytest.fixture
def cross(tmp_path, monkeypatch):
    """The folder of a tiny cross-encoder."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_tiny_cross(tmp_path / "cross")
    return tmp_path / "cross"


def test_a_cross_encoder_is_named_by_its_folder_and_stays_open(tmp_path, encoder, cross, monkeypatch):
    words = [word for word in TINY_WORDS if word.isalpha()][:8]
    texts = [f"{first} {second}" for first in words for second in words]
    index = Index.create(tmp_path / "index", model=encoder)
    index.add(Document(f"{number:02}", text) for number, text in enumerate(texts))
    query = f"{words[0]} {words[3]}"
    hits = index.search(query, k=7, mode="dense", rerank=str(cross), rerank_depth=20)
    read = index.search(query, k=20, mode="dense")
    scores = load_reranker(str(cross)).scores(query, [hit.text for hit in read])
    expected = sorted(zip(scores.tolist(), [hit.chunk_id for hit in read], strict=True), key=lambda x: (-x[0], x[1]))
    assert [hit.chunk_id for hit in hits] == [chunk_id for _, chunk_id in expected[:7]]
    np.testing.assert_allclose([hit.score for hit in hits], [score for score, _ in expected[:7]], atol=1e-5)
    (cross / "config.json").unlink()
    assert index.search(query, k=7, mode="dense", rerank=str(cross), rerank_depth=20) == hits
    with pytest.raises(ModelNotFound):
        index.search(query, rerank=str(tmp_path / "absent"))
