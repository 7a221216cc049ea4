"""Files and collections -> training pairs, and what goes wrong in one line that names the place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.helpers.beir_folder import write_beir
from tests.helpers.writing import write
from vecsearch import InvalidDocument, PathNotFound
from vecsearch.training import TrainingPair, read_training_pairs


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_json_lines_hold_pairs_with_one_negative_several_or_none(tmp_path: Path) -> None:
    file = write(
        tmp_path / "pairs.jsonl",
        lines(
            {"query": "q1", "passage": "p1"},
            {"query": "q2", "passage": "p2", "negative": "n"},
            {"query": "q3", "passage": "p3", "negative": ["n1", "n2"], "more": 1},
            {"query": "q4", "passage": "p4", "negative": None},
        ),
    )
    assert read_training_pairs(file) == [
        TrainingPair("q1", "p1"),
        TrainingPair("q2", "p2", ("n",)),
        TrainingPair("q3", "p3", ("n1", "n2")),
        TrainingPair("q4", "p4"),
    ]


@pytest.mark.parametrize("name", ["pairs.csv", "PAIRS.TSV"])
def test_tables_hold_pairs_whose_empty_cells_are_no_negatives(tmp_path: Path, name: str) -> None:
    cut = "," if name.endswith("csv") else "\t"
    rows = [["query", "passage", "negative"], ["q1", "p1", ""], ["q2", "p2", "n"]]
    file = write(tmp_path / name, "".join(cut.join(row) + "\n" for row in rows))
    assert read_training_pairs(file) == [TrainingPair("q1", "p1"), TrainingPair("q2", "p2", ("n",))]


def test_a_collection_gives_a_pair_for_each_relevant_document_that_has_a_text(tmp_path: Path) -> None:
    folder = write_beir(
        tmp_path / "beir",
        {"d1": ("Cats", "Cats purr."), "d2": ("", "Dogs bark.")},
        {"q1": "who purrs", "q2": "who barks", "q3": " "},
        [("q1", "d1", 1), ("q1", "d2", 0), ("q2", "d2", 2), ("q2", "gone", 1), ("q3", "d1", 1)],
        split="train",
    )
    assert read_training_pairs(folder) == [
        TrainingPair("who purrs", "Cats Cats purr."),
        TrainingPair("who barks", "Dogs bark."),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "pairs.jsonl holds no pairs: expected lines with query and passage"),
        ("{", "pairs.jsonl:1: not valid JSON"),
        (lines({"query": "q"}), "pairs.jsonl:1: no field 'passage', found query"),
        (lines({"passage": "p"}), "no field 'query', found passage"),
        (lines({}), "no field 'query', found no fields"),
        (lines({"query": "q", "passage": "p"}, {"query": " ", "passage": "p"}), "pairs.jsonl:2: field 'query'"),
        (lines({"query": "q", "passage": 7}), "field 'passage' holds int, expected a text"),
        (lines({"query": "q", "passage": None}), "field 'passage' holds nothing"),
        (lines({"query": "q", "passage": "p", "negative": [3]}), "field 'negative' holds int"),
        (lines({"query": "q", "passage": "p", "negative": {"a": 1}}), "field 'negative' holds dict"),
        (lines({"query": "\ud800", "passage": "p"}), "a lone surrogate, which is not a character"),
        ("\0\1\2\0", "pairs.jsonl"),
    ],
)
def test_what_is_no_pair_is_named_with_its_place(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(InvalidDocument, match=re.escape(said)) as raised:
        read_training_pairs(write(tmp_path / "pairs.jsonl", content))
    assert "\n" not in str(raised.value)


def test_a_file_of_another_kind_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match=r"pairs are read from \.jsonl, .* with columns query, passage"):
        read_training_pairs(write(tmp_path / "pairs.txt", "q\tp\n"))
    with pytest.raises(PathNotFound, match="does not exist"):
        read_training_pairs(tmp_path / "gone.jsonl")


def test_a_folder_that_is_no_collection_and_a_split_without_pairs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PathNotFound, match="not a collection in BEIR form"):
        read_training_pairs(tmp_path)
    folder = write_beir(tmp_path / "beir", {"d1": ("", "Cats")}, {"q1": "cats"}, [("q1", "gone", 1)], split="train")
    with pytest.raises(PathNotFound, match="no split 'dev'"):
        read_training_pairs(folder, "dev")
    with pytest.raises(InvalidDocument, match="no query of the split 'train' has a relevant document"):
        read_training_pairs(folder)
