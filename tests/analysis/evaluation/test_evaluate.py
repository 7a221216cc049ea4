"""evaluate(): the scores of real searches against a brute force of its own, and what is counted or refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.examples import examples
from tests.helpers.writing import write, write_records
from vecsearch import Index, InvalidDocument, InvalidOption, InvalidQuery, Mode, evaluate
from vecsearch.analysis import Evaluation
from vecsearch.analysis.evaluation.measures import scores_of
from vecsearch.models.cache import Cache
from vecsearch.types import FloatArray, Role

pytest.importorskip("pytrec_eval", reason="the extra eval: pip install 'vecsearch[eval]'")

WORDS = ["red", "green", "blue", "house", "tree", "river", "cloud", "stone", "bread", "water", "fire", "salt", "gold"]
PETS = {"cats": "Cats purr and sleep.", "dogs": "Dogs bark at night.", "birds": "Birds sing in the morning."}
QUERIES = {"q1": "what purrs", "q2": "dogs that bark", "q3": "birds sing"}
JUDGED = {"q1": {"cats": 1}, "q2": {"dogs": 1}, "q3": {"birds": 1}}


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add({"id": name, "text": text} for name, text in PETS.items())
    return index


def random_text(rng: np.random.Generator, words: int) -> str:
    return " ".join(rng.choice(WORDS, words))


def test_scores_are_those_of_documents_ranked_by_their_best_chunk(tmp_path: Path, encoder: CountingEncoder) -> None:
    rng = np.random.default_rng(0)
    index = Index.create(tmp_path / "index", model=encoder, chunk_tokens=12)
    index.add({"id": f"d{number}", "text": random_text(rng, int(rng.integers(5, 80)))} for number in range(150))
    queries = {f"q{number}": random_text(rng, 3) for number in range(20)}
    judged = {q: {f"d{d}": int(rng.integers(0, 3)) for d in rng.choice(150, 6, replace=False)} for q in queries}
    judged = {query: documents for query, documents in judged.items() if any(documents.values())}
    found = evaluate(index, queries, judged, modes=["dense"], k=5)
    chunks = [(hit.document_id, encoder.vector(hit.text)) for hit in index.search(np.ones(32, np.float32), k=10_000)]
    assert len(chunks) > 300
    rankings = {}
    for query in judged:
        wanted = encoder.vector(queries[query])
        best: dict[str, float] = {}
        for name, vector in chunks:
            cosine = float(vector @ wanted / np.linalg.norm(vector) / np.linalg.norm(wanted))
            best[name] = max(cosine, best.get(name, -1.0))
        rankings[query] = sorted(best, key=lambda name: (-round(best[name], 5), name))
    relevant = {query: {name: value for name, value in judged[query].items() if value} for query in judged}
    [mode] = found.modes
    expected = scores_of(relevant, rankings, 5, 100)
    assert (mode.mode, found.k, found.depth, found.queries) == ("dense", 5, 100, len(judged))
    for query, scores in expected.items():
        assert mode.per_query[query] == pytest.approx(scores)
    for measure in found.measures:
        assert mode.scores[measure] == pytest.approx(np.mean([scores[measure] for scores in expected.values()]))


def test_an_evaluation_says_what_was_asked_of_which_index(index: Index) -> None:
    found = evaluate(index, QUERIES, JUDGED, modes=[Mode.DENSE])
    assert (found.model, found.documents, found.chunks, found.queries) == ("counting", 3, 3, 3)
    assert (found.unjudged, found.textless, found.unanswerable, found.absent) == (0, 0, 0, 0)
    assert found.measures == ["nDCG@10", "recall@10", "recall@100", "MRR@10", "MAP@100", "precision@10"]
    assert list(found.modes[0].scores) == found.measures
    assert found.modes[0].scores["recall@10"] == 1.0
    latency = found.modes[0].latency
    assert 0 < latency.p50_ms <= latency.p95_ms <= latency.p99_ms
    assert found.comparisons() == ()


def test_every_mode_is_asked_unless_some_are_named_each_once(index: Index) -> None:
    assert [mode.mode for mode in evaluate(index, QUERIES, JUDGED).modes] == [mode.value for mode in Mode]
    for modes in ("dense", Mode.DENSE, ["dense"], [Mode.DENSE, "dense"]):
        assert [mode.mode for mode in evaluate(index, QUERIES, JUDGED, modes=modes).modes] == ["dense"]


def test_each_mode_is_scored_by_its_own_searches(tmp_path: Path, encoder: CountingEncoder) -> None:
    rng = np.random.default_rng(1)
    index = Index.create(tmp_path / "index", model=encoder, chunk_tokens=12)
    index.add({"id": f"d{number}", "text": random_text(rng, int(rng.integers(5, 60)))} for number in range(80))
    queries = {f"q{number}": random_text(rng, 3) for number in range(12)}
    judged = {query: {f"d{d}": 1 for d in rng.choice(80, 4, replace=False)} for query in queries}
    found = evaluate(index, queries, judged)
    for mode in found.modes:
        answers = {q: index.search(text, 100, mode=mode.mode, per_document=1) for q, text in queries.items()}
        rankings = {query: [hit.document_id for hit in hits] for query, hits in answers.items()}
        assert mode.per_query == scores_of(judged, rankings, 10, 100)
    assert len({tuple(mode.scores.items()) for mode in found.modes}) == 3
    compared = {(each.mode, each.against) for each in found.comparisons()}
    assert compared == {("dense", "hybrid"), ("lexical", "hybrid")}


def test_each_query_is_encoded_once(index: Index, encoder: CountingEncoder) -> None:
    encoder.encoded.clear()
    evaluate(index, {**QUERIES, "again": QUERIES["q1"]}, {**JUDGED, "again": {"cats": 1}})
    assert sorted(encoder.encoded) == sorted(QUERIES.values())


def test_more_queries_than_are_asked_at_once_keep_their_own_answers(index: Index) -> None:
    queries = {f"{name} {number}": f"{text} {number}" for number in range(100) for name, text in QUERIES.items()}
    judged = {query: JUDGED[query.split()[0]] for query in queries}
    scores = evaluate(index, queries, judged).modes[0].per_query
    assert list(scores) == list(queries)
    assert {scores[query]["MRR@10"] for query in queries if query.startswith("q2")} == {1.0}


def test_queries_that_cannot_be_scored_are_counted_by_the_reason(index: Index) -> None:
    queries = {
        **QUERIES,
        "nobody judged": "fish swim",
        "blank": " \n",
        "no answer": "fish fly",
        "negative": "fish sink",
    }
    judged = {**JUDGED, "blank": {"cats": 1}, "gone": {"cats": 1}, "no answer": {"cats": 0}, "negative": {"cats": -2}}
    found = evaluate(index, queries, {**judged, "nobody judged": {}})
    assert (found.queries, found.unjudged, found.textless, found.unanswerable) == (3, 1, 2, 2)
    assert found.modes[0].per_query.keys() == QUERIES.keys()


def test_documents_that_are_not_in_the_index_count_as_not_found(index: Index) -> None:
    judged = {**JUDGED, "q1": {"cats": 1, "lions": 1, "\udc80": 1, "a\0b": 1}}
    found = evaluate(index, QUERIES, judged)
    assert found.absent == 3
    assert found.modes[0].per_query["q1"]["recall@100"] == 1 / 4


def test_a_document_that_was_deleted_is_not_in_the_index(index: Index) -> None:
    index.delete(["cats"])
    found = evaluate(index, QUERIES, JUDGED)
    assert (found.absent, found.modes[0].per_query["q1"]["recall@100"]) == (1, 0.0)


def test_a_version_of_the_past_is_scored_by_what_it_held(index: Index, encoder: CountingEncoder) -> None:
    version = index.info().version
    index.delete(["cats"])
    past = Index.open(index.path, model=encoder, version=version)
    assert evaluate(past, QUERIES, JUDGED).absent == 0


class Interrupting(CountingEncoder):
    """An encoder during whose next encoding another writer deletes documents and drops the versions before."""

    def __init__(self) -> None:
        super().__init__()
        self.interruption: Callable[[], object] | None = None

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        if self.interruption is not None:
            act, self.interruption = self.interruption, None
            act()
        return super().encode(texts, role)


def test_one_version_is_scored_whatever_is_written_meanwhile(tmp_path: Path) -> None:
    encoder = Interrupting()
    made = Index.create(tmp_path / "index", model=encoder, keep_versions=1)
    made.add({"id": name, "text": text} for name, text in PETS.items())
    expected = evaluate(made, QUERIES, JUDGED)
    index = Index.open(made.path, model=encoder, refresh=True, cache=Cache(size=0))

    def delete() -> None:
        made.delete(["cats"])
        made.compact()

    encoder.interruption = delete
    found = evaluate(index, QUERIES, JUDGED)
    assert encoder.interruption is None
    assert (found.documents, found.absent) == (3, 0)
    assert [mode.per_query for mode in found.modes] == [mode.per_query for mode in expected.modes]
    assert evaluate(index, QUERIES, JUDGED).absent == 1


def test_when_no_judged_document_is_in_the_index_it_is_said_how_to_name_them(index: Index) -> None:
    with pytest.raises(
        InvalidDocument, match=r"index holds none of the 2 relevant documents, such as 'Cat': name each"
    ):
        evaluate(index, QUERIES, {"q1": {"Cat": 1, "Dog": 1}})


@pytest.fixture
def notes(folder: Path, tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch) -> Index:
    """An index of files, and of one that holds two records; the working folder lies beside it."""
    monkeypatch.chdir(tmp_path)
    write(folder / "cats.md", PETS["cats"])
    write(folder / "dogs.md", PETS["dogs"])
    write_records(folder / "more.jsonl", {"birds": PETS["birds"], "fish": "Fish swim."})
    index = Index.create(tmp_path / "elsewhere" / "index", model=encoder)
    index.sync(folder)
    return index


def test_a_document_is_named_by_its_id_or_by_the_path_of_its_file(notes: Index, folder: Path) -> None:
    hit = notes.search("cats purr", k=1)[0]
    for name in (hit.document_id, "notes/cats.md", folder / "cats.md", folder / ".." / "notes" / "cats.md"):
        found = evaluate(notes, {"q1": "cats purr"}, {"q1": {str(name): 1}})
        assert (found.absent, found.modes[0].per_query["q1"]["MRR@10"]) == (0, 1.0)


def test_two_names_of_one_document_are_one_with_the_higher_relevance(notes: Index, folder: Path) -> None:
    ranking = [hit.document_id for hit in notes.search("cats purr", per_document=1)]
    cats, dogs = "../notes/cats.md", "../notes/dogs.md"
    for first, second in ((1, 3), (3, 1)):
        judged = {"q1": {cats: first, str(folder / "cats.md"): second, "notes/dogs.md": 1}}
        scores = evaluate(notes, {"q1": "cats purr"}, judged).modes[0].per_query["q1"]
        assert scores == scores_of({"q1": {cats: 3, dogs: 1}}, {"q1": ranking}, 10, 100)["q1"]
        assert scores["recall@10"] == 1.0


def test_a_file_of_several_documents_is_not_one(notes: Index) -> None:
    with pytest.raises(InvalidDocument, match=r"notes/more.jsonl holds 2 documents, such as 'birds': name one of them"):
        evaluate(notes, QUERIES, {"q3": {"notes/more.jsonl": 1}})
    assert evaluate(notes, QUERIES, {"q3": {"birds": 1}}).modes[0].scores["MRR@10"] == 1.0


@pytest.mark.parametrize(
    ("queries", "judged", "how", "error", "said"),
    [
        ({}, {}, {}, InvalidQuery, "no query can be scored: 0 have a text, 0 have qrels, 0 have both"),
        ({"1": "cats"}, {"01": {"cats": 1}}, {}, InvalidQuery, "1 have a text, 1 have qrels, 0 have both"),
        ({"1": "cats"}, {"1": {"cats": 0}}, {}, InvalidQuery, "no document is relevant to any of these"),
        ({"1": 7}, {"1": {"cats": 1}}, {}, InvalidQuery, "the query '1' is int, expected str"),
        ({"1": "cats"}, {"1": {"cats": 0.5}}, {}, InvalidOption, "the relevance of 'cats' for the query '1' is 0.5"),
        ({"1": "cats"}, {"1": {"cats": "1"}}, {}, InvalidOption, "for the query '1' is '1', expected a whole number"),
        ({"1": "cats"}, {"1": {"cats": 2**40}}, {}, InvalidOption, "is 1099511627776, expected a whole number"),
        (QUERIES, JUDGED, {"k": 0}, InvalidOption, "k is 0, expected a whole number of at least 1"),
        (QUERIES, JUDGED, {"k": 2.5}, InvalidOption, "k is 2.5, expected a whole number of at least 1"),
        (QUERIES, JUDGED, {"modes": []}, InvalidOption, "modes is empty; name at least one of: hybrid, dense, lexical"),
        (QUERIES, JUDGED, {"modes": ["magic"]}, InvalidOption, "mode is 'magic'; one of: hybrid, dense, lexical"),
        ({"1": "\udc80 cats"}, {"1": {"cats": 1}}, {}, InvalidQuery, "lone surrogate"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_in_one_line(
    index: Index, queries: Any, judged: Any, how: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as raised:
        evaluate(index, queries, judged, **how)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_digest_of_qrels_changes_with_what_decides_the_scores_and_with_nothing_else(index: Index) -> None:
    def digest(queries: dict[str, str], judged: dict[str, dict[str, int]]) -> str:
        return evaluate(index, queries, judged).judgements

    usual = digest(QUERIES, JUDGED)
    backwards = {query: JUDGED[query] for query in reversed(JUDGED)}
    assert digest(dict(reversed(QUERIES.items())), backwards) == usual
    assert digest({**QUERIES, "other": "fish"}, {**JUDGED, "gone": {"cats": 1}}) == usual
    assert digest(QUERIES, {**JUDGED, "q1": {"cats": 1, "dogs": 0}}) == usual
    assert digest(QUERIES, {**JUDGED, "q1": {"cats": 2}}) != usual
    assert digest(QUERIES, {**JUDGED, "q1": {"cats": 1, "dogs": 1}}) != usual
    assert digest({name: QUERIES[name] for name in ("q1", "q2")}, JUDGED) != usual


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(20), deadline=None)
@given(st.data())
def test_a_score_lies_between_nothing_and_all_whatever_is_judged(index: Index, data: st.DataObject) -> None:
    names = st.sampled_from([*PETS, "lions"])
    judgement = st.dictionaries(names, st.integers(-2, 3), max_size=4)
    judged = data.draw(st.dictionaries(st.sampled_from([*QUERIES, "gone"]), judgement))
    try:
        found: Evaluation = evaluate(index, QUERIES, judged, k=data.draw(st.integers(1, 120)))
    except (InvalidQuery, InvalidDocument):
        held = {name for q in QUERIES for name, value in judged.get(q, {}).items() if value > 0} & PETS.keys()
        assert not held
        return
    assert found.queries + found.unjudged + found.unanswerable == len(QUERIES)
    for scores in found.modes[0].per_query.values():
        assert list(scores) == found.measures
        assert all(0 <= score <= 1 for score in scores.values())
