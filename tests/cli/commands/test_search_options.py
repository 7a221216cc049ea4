"""`vecsearch search` with every way to ask: each flag does what the library's option does, and wrong ones are said."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.tiny_cross import write_tiny_cross
from tests.helpers.writing import write, write_records
from vecsearch import Example, Index

TEXTS = {
    "cats": "cats purr and sleep all day",
    "more cats": "cats sleep and purr all day",
    "dogs": "dogs bark at night",
    "birds": "birds sing in the morning",
    "a^b": "foxes bark at night and sleep all day",
    "king": "king man crown",
    "queen": "queen woman crown",
}


@pytest.fixture(autouse=True)
def pets(place, vecsearch_command: Command) -> Path:
    lines = [json.dumps({"id": name, "text": text, "n": len(text)}) for name, text in TEXTS.items()]
    assert vecsearch_command("index", write_records(place / "pets.jsonl", lines)).status == 0
    return place


@pytest.fixture
def library(place, encoder, vecsearch_command: Command) -> Index:
    return Index.open(place / ".vecsearch", model=encoder)


def found(outcome) -> list[tuple[str, float, float]]:
    assert (outcome.status, outcome.err) == (0, "")
    return [(hit["chunk_id"], hit["score"], hit["similarity"]) for hit in outcome.json["hits"]]


def expected(hits) -> list[tuple[str, float, float]]:
    return [(hit.chunk_id, hit.score, hit.similarity) for hit in hits]


@pytest.mark.parametrize(
    ("flags", "how"),
    [
        ("", {}),
        ("--mode hybrid", {"mode": "hybrid"}),
        ("--mode lexical", {"mode": "lexical"}),
        ("--mode dense --metric dot", {"mode": "dense", "metric": "dot"}),
        ("-k 2 --dense-weight 0.9", {"k": 2, "dense_weight": 0.9}),
        ("--where n>20 --min-similarity 0.1", {"where": "n > 20", "min_similarity": 0.1}),
        ("--collapse 0.95 --per-document 1", {"collapse": 0.95, "per_document": 1}),
        ("--diversity 0.7 -k 4", {"diversity": 0.7, "k": 4}),
        ("--exact --mode dense", {"exact": True, "mode": "dense"}),
        ("--like dogs", {"like": "dogs"}),
        ("--like dogs#0 --like birds^0.5", {"like": ["dogs#0", Example(id="birds", weight=0.5)]}),
        ("--like a^b^2", {"like": Example(id="a^b", weight=2)}),
        ("--plus night^2.5 --minus day", {"plus": Example(text="night", weight=2.5), "minus": "day"}),
    ],
)
def test_a_flag_does_what_the_option_of_its_name_does(vecsearch_command: Command, library, flags, how):
    assert found(vecsearch_command("search", "bark all day", "--json", *flags.split())) == expected(
        library.search("bark all day", **how)
    )


def test_the_flags_that_choose_make_a_difference(vecsearch_command: Command):
    def ids(*flags: str) -> list[str]:
        return [chunk for chunk, *_ in found(vecsearch_command("search", "cats sleep", "--json", "-k", "3", *flags))]

    plain = ids()
    assert plain[:2] == ["cats#0", "more cats#0"]
    assert "more cats#0" not in ids("--collapse", "0.95")
    assert ids("--diversity", "0.9") != plain
    assert ids("--mode", "lexical") == ["cats#0", "more cats#0", "a^b#0"]
    assert "cats#0" not in ids("--like", "cats")


def test_a_search_by_words_shows_no_similarity_unless_one_is_asked_for(vecsearch_command: Command, encoder):
    def first(*flags: str) -> str:
        return vecsearch_command("search", "cats sleep", "--mode", "lexical", "-k", "1", *flags).out

    encoder.encoded.clear()
    assert re.match(r" 1\. pets\S+ .*  BM25 [\d.]+\n", first())
    assert "not ranked" in first("--explain")
    assert json.loads(first("--json"))["hits"][0]["similarity"] is None
    assert encoder.encoded == []
    assert json.loads(first("--json", "--min-similarity", "-1"))["hits"][0]["similarity"] > 0
    assert re.match(r" 1\. pets\S+ .*  similarity [\d.]+\n", first("--min-similarity", "-1"))


def test_a_query_may_be_left_out_where_something_else_is_asked(vecsearch_command: Command, library):
    arithmetic = ("--plus", "king^2", "--minus", "man", "--plus", "woman")
    outcome = vecsearch_command("search", *arithmetic, "--json")
    plus = [Example(text="king", weight=2), "woman"]
    assert found(outcome) == expected(library.search(plus=plus, minus="man"))
    assert outcome.json["query"] == "+king +woman -man"
    liked = vecsearch_command("search", "--like", "cats", "-k", "1")
    assert (liked.status, liked.err) == (0, "")
    assert "cats sleep and purr all day" in liked.out
    assert vecsearch_command("search", "--like", "cats", "--json").json["query"] == "like cats"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (["--plus", "tigers"], "… by day"),
        (["--plus", "tigers^2", "--plus", "fur", "--minus", "hunters"], "… by day"),
        (["--plus", "fur", "--minus", "hunters", "--minus", "tigers"], "cats"),
        (["--like", "x1", "--plus", "fur", "--minus", "tigers"], "cats"),
        (["--like", "x1"], "cats"),
    ],
)
def test_of_examples_a_hit_shows_the_lines_with_words_that_are_added(
    vecsearch_command: Command, place, asked: list[str], shown: str
):
    """Neither those taken away nor the "like" of the caption nor words of an id."""
    lines = ["cats", "purr", "and", "sleep", "by day", "tigers", "do", "not", "they", "like hunters long"]
    vecsearch_command("index", write(place / "long.py", "\n".join(lines)), "-i", "long")
    vecsearch_command("index", write_records(place / "cats.jsonl", {"x1": "cats"}), "-i", "long")
    done = vecsearch_command("search", *asked, "-i", "long", "-k", "5")
    assert (done.status, done.err) == (0, "")
    lines = [line.strip() for line in done.out.splitlines()]
    assert lines[next(place for place, line in enumerate(lines) if "long.py" in line) + 1] == shown


def test_a_file_is_an_example_by_its_path(vecsearch_command: Command, place, library):
    path = write(place / "elsewhere.md", "cats purr")
    assert found(vecsearch_command("search", "--like", path, "--json")) == expected(library.search(like=str(path)))


def test_examples_go_with_each_query_of_standard_input(vecsearch_command: Command, library):
    outcome = vecsearch_command("search", "-", "--like", "dogs", "--json", stdin="cats\nbirds\n")
    answers = [json.loads(line) for line in outcome.out.splitlines()]
    assert [[hit["chunk_id"] for hit in answer["hits"]] for answer in answers] == [
        [hit.chunk_id for hit in hits] for hits in library.search(["cats", "birds"], like="dogs")
    ]


def test_a_hit_shows_one_number_and_all_of_them_when_asked(vecsearch_command: Command):
    [first, *_] = vecsearch_command("search", "cats sleep", "-n", "1").out.splitlines()
    assert re.fullmatch(r" 1\. pets\.jsonl:1 · cats  similarity 0\.\d\d", first)
    [first, scores, *_] = vecsearch_command("search", "cats sleep", "-n", "1", "-v").out.splitlines()
    assert re.fullmatch(
        r"    score 1\.0000, words and meaning, at most 1; similarity 0\.\d{4}, of -1 to 1; 100% of the query's words",
        scores,
    )
    [first, scores, *_] = vecsearch_command("search", "cats", "-n", "1", "-v", "--mode", "lexical").out.splitlines()
    assert re.fullmatch(r" 1\. pets\.jsonl:\d · .*cats  BM25 \d\.\d\d", first)
    assert re.fullmatch(r"    score \d\.\d{4}, BM25; 100% of the query's words", scores)
    hit = vecsearch_command("search", "cats sleep", "-n", "1", "--scores", "--json").json["hits"][0]
    assert (hit["share"], hit["strength"]) == (1.0, None)  # of a model that was not measured nothing is known


def test_why_a_hit_was_found_is_told_as_json_and_as_text(vecsearch_command: Command, library):
    [hit] = vecsearch_command("search", "cats purr", "-k", "1", "--explain", "--json").json["hits"]
    told = library.search("cats purr", k=1, explain=True)[0].explanation
    assert list(hit)[-1] == "explanation"
    assert hit["explanation"] == {
        "dense_rank": 1,
        "dense_score": told.dense_score,
        "lexical_rank": 1,
        "lexical_score": told.lexical_score,
        "words": [[0, 4], [5, 9]],
        "tokens": [],
        "reranked": None,
        "dense_weight": told.dense_weight,
    }
    assert [hit["text"][slice(*span)] for span in hit["explanation"]["words"]] == ["cats", "purr"]
    lines = vecsearch_command("search", "cats purr", "-k", "1", "--explain").out.splitlines()
    assert lines[1].strip() == f"meaning  rank 1, similarity {told.dense_score:.4f}, weight {told.dense_weight:.0%}"
    assert lines[2].strip() == f"words    rank 1, BM25 {told.lexical_score:.3f}, weight {1 - told.dense_weight:.0%}"
    assert lines[3].strip() == "cats purr and sleep all day"
    unasked = vecsearch_command("search", "cats purr", "-k", "1")
    assert "BM25" not in unasked.out
    assert "explanation" not in vecsearch_command("search", "cats purr", "--json").json["hits"][0]


def test_a_cross_encoder_orders_the_best_candidates(vecsearch_command: Command, place, library, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    write_tiny_cross(place / "cross")
    flags = ("--rerank", place / "cross", "--rerank-depth", "4", "-k", "3")
    hits = library.search("cats sleep", k=3, rerank=str(place / "cross"), rerank_depth=4)
    assert found(vecsearch_command("search", "cats sleep", "--json", *flags)) == expected(hits)
    shown = vecsearch_command("search", "cats sleep", "--explain", *flags).out
    assert f"reranked {hits[0].score:.4f}" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--minus", "cats"],
        ["--json"],
        ["cats", "--mode", "magic"],
        ["cats", "--metric", "euclid"],
        ["cats", "-k", "many"],
        ["cats", "--diversity", "half"],
        ["cats", "--rerank-depth", "2.5"],
        ["cats", "--plus", "dogs^"],
        ["cats", "--minus", "dogs^heavy"],
        ["--like", "a^b"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(vecsearch_command: Command, encoder, arguments):
    encoder.encoded.clear()
    done = vecsearch_command("search", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Usage: vecsearch search")
    assert encoder.encoded == []


def test_a_weight_that_is_none_is_named(vecsearch_command: Command):
    said = vecsearch_command("search", "--plus", "dogs^heavy").err
    assert "'dogs^heavy' ends in ^heavy, expected a number, as in woman^0.5" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cats", "--plus", "dogs^0"], "plus holds an Example of weight 0.0, expected a number from"),
        (["cats", "--minus", "dogs^-1"], "minus holds an Example of weight -1.0"),
        (["cats", "--like", "dogs^nan"], "like holds an Example of weight nan"),
        (["cats", "--like", "dogs^inf"], "like holds an Example of weight inf"),
        (["--plus", "^2"], "the query is empty"),
        (["--like", "absent"], "'absent' is neither a document or chunk of "),
        (["--plus", "cats", "--minus", "cats"], "cancel out, which leaves no direction"),
        (["--like", "cats", "--mode", "lexical"], "mode lexical searches by words: give the query as a text"),
        (["--like", "cats", "--rerank", "model"], "rerank reads texts: give the query as a text"),
        (["cats", "--diversity", "1.5"], "diversity is 1.5, expected a finite number from 0 to 1"),
        (["cats", "--collapse", "nan"], "collapse is nan, expected a finite number from -1 to 1"),
        (["cats", "--dense-weight", "-0.1"], "dense_weight is -0.1"),
        (["cats", "--per-document", "0"], "per_document is 0, expected a whole number of at least 1"),
        (
            ["cats", "--rerank", "model", "--rerank-depth", "0"],
            "rerank_depth is 0, expected a whole number of at least 1",
        ),
        (["cats", "--rerank", "./absent"], "no model './absent'"),
        (["cats", "--min-similarity", "inf"], "min_similarity is inf"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(vecsearch_command: Command, monkeypatch, arguments, said):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = vecsearch_command("search", *arguments)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert said in done.err
