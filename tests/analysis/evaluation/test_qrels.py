"""Collections in BEIR form and pairs of one's own: what is read, and the line that says what is wrong with a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.helpers.beir_folder import HEADER, write_beir, write_lines
from tests.helpers.writing import write
from vecsearch import InvalidDocument, InvalidQuery, PathNotFound, Qrels, read_beir, read_pairs

DOCUMENTS = {"d1": ("Cats", "Cats purr."), "d2": ("", "Dogs bark.")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A collection of two documents and three queries, two of them judged."""
    queries = {"q1": "what purrs", "q2": "what barks", "q3": "what sings"}
    return write_beir(tmp_path / "pets", DOCUMENTS, queries, [("q1", "d1", 2), ("q2", "d2", 1), ("q2", "d1", 0)])


def refused(folder: Path, split: str = "test") -> str:
    with pytest.raises((InvalidDocument, PathNotFound)) as error:
        read_beir(folder, split)
    assert "\n" not in str(error.value)
    return str(error.value)


def refused_pairs(path: Path) -> str:
    with pytest.raises((InvalidDocument, PathNotFound)) as error:
        read_pairs(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_collection_has_queries_qrels_and_a_corpus(folder: Path) -> None:
    assert read_beir(folder) == Qrels(
        queries={"q1": "what purrs", "q2": "what barks", "q3": "what sings"},
        relevance={"q1": {"d1": 2}, "q2": {"d2": 1, "d1": 0}},
        corpus=folder / "corpus.jsonl",
    )
    assert read_beir(str(folder)) == read_beir(folder)


def test_each_split_has_its_own_qrels(folder: Path) -> None:
    write(folder / "qrels" / "dev.tsv", f"{HEADER}q3\td1\t1\n")
    assert read_beir(folder, "dev").relevance == {"q3": {"d1": 1}}


def test_ids_that_are_numbers_are_texts_and_line_ends_of_windows_are_none_of_them(folder: Path) -> None:
    write_lines(folder / "queries.jsonl", [{"_id": 1, "text": "one"}, {"_id": 2.5, "text": "two"}])
    write(folder / "qrels" / "test.tsv", f"{HEADER}1\t7\t1\n2.5\t8\t1.0\n".replace("\n", "\r\n"))
    judged = read_beir(folder)
    assert (judged.queries, judged.relevance) == ({"1": "one", "2.5": "two"}, {"1": {"7": 1}, "2.5": {"8": 1}})


def test_repeated_lines_count_once(folder: Path) -> None:
    with (folder / "queries.jsonl").open("a") as lines:
        lines.write(json.dumps({"_id": "q1", "text": "what purrs"}) + "\n")
    with (folder / "qrels" / "test.tsv").open("a") as lines:
        lines.write("q1\td1\t2\n")
    assert read_beir(folder).relevance["q1"] == {"d1": 2}
    assert len(read_beir(folder).queries) == 3


def test_one_id_with_two_texts_is_named_with_its_line(folder: Path) -> None:
    with (folder / "queries.jsonl").open("a") as lines:
        lines.write(json.dumps({"_id": "q1", "text": "another"}) + "\n")
    assert refused(folder) == (
        f"{folder / 'queries.jsonl'}:4: the query 'q1' has another text in a line above: give it its own id"
    )


def test_two_qrels_that_contradict_one_another_are_named_with_their_line(folder: Path) -> None:
    with (folder / "qrels" / "test.tsv").open("a") as lines:
        lines.write("q1\td1\t1\n")
    place = f"{folder / 'qrels' / 'test.tsv'}:5"
    assert refused(folder) == f"{place}: the relevance of 'd1' for 'q1' is 1, but 2 above: keep one"


def test_the_error_for_a_folder_that_is_not_a_collection_names_what_is_missing(tmp_path: Path, folder: Path) -> None:
    missing = "no corpus.jsonl and no queries.jsonl and no qrels"
    assert refused(tmp_path).startswith(f"{tmp_path} is not a collection in BEIR form: it has {missing}; ")
    assert "no corpus.jsonl" in refused(tmp_path / "not there")
    (folder / "queries.jsonl").unlink()
    assert "it has no queries.jsonl; for pairs of your own use --pairs FILE" in refused(folder)


@pytest.mark.parametrize("split", ["dev", "../test", "", "test.tsv"])
def test_the_error_for_an_unknown_split_names_the_known_ones(folder: Path, split: str) -> None:
    assert refused(folder, split) == f"{folder / 'qrels'} has no split {split!r}: it has test"


def test_a_collection_without_splits_says_so(folder: Path) -> None:
    (folder / "qrels" / "test.tsv").unlink()
    assert refused(folder).endswith("it has none")


@pytest.mark.parametrize("content", ["", HEADER])
def test_an_empty_split_says_what_was_expected(folder: Path, content: str) -> None:
    path = write(folder / "qrels" / "test.tsv", content)
    assert refused(folder) == f"{path} holds no qrels: expected lines with query-id, corpus-id, score"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("q1\td1", "the field 'score' is None, expected a whole number"),
        ("q1\td1\tmuch", "the field 'score' is 'much', expected a whole number"),
        ("q1\td1\t0.5", "the field 'score' is '0.5', expected a whole number"),
        ("q1\td1\tinf", "the field 'score' is 'inf', expected a whole number"),
        ("q1\td1\t1\tmore", "more fields than the header has"),
        ("q1\t\t1", "the field 'corpus-id' is empty"),
        ("\td1\t1", "the field 'query-id' is empty"),
        ("q1", "the field 'corpus-id' is empty"),
        (f"q1\t{'d' * 200_000}\t1", "not valid TSV: field larger than field limit (131072)"),
    ],
)
def test_a_malformed_qrel_is_named_with_its_line(folder: Path, line: str, said: str) -> None:
    path = write(folder / "qrels" / "test.tsv", f"{HEADER}{line}\n")
    assert refused(folder) == f"{path}:2: {said}"


def test_qrels_in_another_form_name_the_columns_found(folder: Path) -> None:
    path = write(folder / "qrels" / "test.tsv", "1 0 d1 1\n2 0 d2 1\n")
    assert refused(folder) == f"{path}:2: no field 'query-id', found 1 0 d1 1"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"_id": "q1"}', "no text in the field 'text'; expected an object with _id and text"),
        ('{"_id": "q1", "text": 7}', "no text in the field 'text'; expected an object with _id and text"),
        ('{"text": "what purrs"}', "no field '_id', found text"),
        ('{"_id": null, "text": "what purrs"}', "the field '_id' is empty"),
        ("{}", "no field '_id', found none"),
        ("[]", "a JSON list; expected an object"),
        ("{", "not valid JSON: Expecting property name enclosed in double quotes at column 2"),
    ],
)
def test_a_malformed_query_is_named_with_its_line(folder: Path, line: str, said: str) -> None:
    path = write(folder / "queries.jsonl", f"{line}\n")
    assert refused(folder).startswith(f"{path}:1: {said}")


def test_a_binary_file_is_named(folder: Path) -> None:
    path = write(folder / "qrels" / "test.tsv", b"\x00\x01\x02" * 100)
    assert refused(folder) == f"{path}: binary file"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pairs.csv", 'query,document,relevance\nwhat purrs,d1,2\n"what barks, loudly",notes/dogs.md,\n'),
        ("pairs.csv", "document;note;query;relevance\nd1;;what purrs;2\nnotes/dogs.md;x;what barks, loudly;1\n"),
        ("pairs.tsv", "query\tdocument\trelevance\nwhat purrs\td1\t2\nwhat barks, loudly\tnotes/dogs.md\t1\n"),
        (
            "pairs.jsonl",
            '{"query": "what purrs", "document": "d1", "relevance": 2}\n\n'
            '{"query": "what barks, loudly", "document": "notes/dogs.md"}\n',
        ),
    ],
)
def test_pairs_are_read_from_files_of_each_kind(tmp_path: Path, name: str, content: str) -> None:
    judged = read_pairs(write(tmp_path / name, content))
    assert judged == Qrels(
        queries={"what purrs": "what purrs", "what barks, loudly": "what barks, loudly"},
        relevance={"what purrs": {"d1": 2}, "what barks, loudly": {"notes/dogs.md": 1}},
    )


def test_a_query_may_have_several_documents(tmp_path: Path) -> None:
    path = write(tmp_path / "pairs.csv", "query,document\nsame,d1\nother,d2\nsame,d3\nsame,d1\n")
    assert read_pairs(path).relevance == {"same": {"d1": 1, "d3": 1}, "other": {"d2": 1}}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pairs.csv", "", " holds no qrels: expected lines with query, document, relevance"),
        ("pairs.csv", "query,document\n", " holds no qrels: expected lines with query, document, relevance"),
        ("pairs.csv", "question,document\nwhat,d1\n", ":2: no field 'query', found question, document"),
        ("pairs.csv", "query,answer\nwhat,d1\n", ":2: no field 'document', found query, answer"),
        ("pairs.csv", "query,document\n,d1\n", ":2: the field 'query' is empty"),
        ("pairs.csv", "query,document\nwhat,d1,1\n", ":2: 3 fields; the header has 2"),
        (
            "pairs.csv",
            "query,document,relevance\nwhat,d1,1\nwhat,d1,2\n",
            ":3: the relevance of 'd1' for 'what' is 2, ",
        ),
        ("pairs.jsonl", '["what", "d1"]\n', ":1: a JSON list; expected an object"),
        ("pairs.jsonl", '{"query": "what", "document": ["d1"]}\n', ":1: the field 'document' is empty"),
        ("pairs.txt", "query,document\nwhat,d1\n", ": pairs are read from .csv, .tsv, .jsonl, .ndjson, .parquet files"),
        ("pairs.parquet", "query,document\nwhat,d1\n", ": not a readable Parquet file: "),
    ],
)
def test_a_file_that_holds_no_pairs_is_refused_in_one_line(tmp_path: Path, name: str, content: str, said: str) -> None:
    path = write(tmp_path / name, content)
    assert refused_pairs(path).startswith(f"{path}{said}")


def test_pairs_that_are_not_there_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "pairs.csv", tmp_path):
        assert refused_pairs(path) == f"{path}: file not found; check the path"


def test_a_check_tells_before_anything_is_indexed_that_no_query_can_be_scored(folder: Path) -> None:
    read_beir(folder).check()
    write(folder / "qrels" / "test.tsv", f"{HEADER}Q1\td1\t1\nq2\td2\t0\n")
    with pytest.raises(InvalidQuery, match=re.escape("3 have a text, 2 have qrels, 1 have both")):
        read_beir(folder).check()
