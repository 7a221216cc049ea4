"""An index -> pairs out of its own headings, titles and sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Document, Index, InvalidOption
from vecsearch.training import TrainingPair, mine_pairs

GUIDE = """# Guide

Read this guide before the device is used for the first time.

## Reset

Hold the button for ten seconds. The lamp blinks twice when the device was reset.
"""


@pytest.fixture
def index(tmp_path: Path) -> Index:
    write(tmp_path / "notes" / "guide.md", GUIDE)
    made = Index.create(tmp_path / "index", model=CountingEncoder(), chunk_tokens=30)
    made.sync(tmp_path / "notes")
    return made


def test_a_heading_stands_for_a_query_and_is_not_in_its_passage(index: Index) -> None:
    by_query = {pair.query: pair.passage for pair in mine_pairs(index)}
    assert by_query["Reset"].startswith("Hold the button for ten seconds.")
    assert "Reset" not in by_query["Reset"]


def test_a_title_stands_for_a_query_of_the_first_chunk(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    index.add([{"id": "1", "title": "About cats", "text": "they purr and sleep and eat and play all day long"}])
    assert mine_pairs(index) == [
        TrainingPair("About cats", "they purr and sleep and eat and play all day long"),
        *mine_pairs(index)[1:],
    ]


def test_a_sentence_stands_for_a_query_and_mostly_not_in_its_passage(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    body = "The first cat number {0} purrs loudly. The second dog number {0} barks at night. Birds number {0} sing too."
    index.add(Document(str(number), body.format(number)) for number in range(200))
    pairs = mine_pairs(index)
    kept = [pair.query in pair.passage for pair in pairs]
    assert len(pairs) == 200
    assert 5 < sum(kept) < 40, "one in ten stays"
    for pair, stays in zip(pairs, kept, strict=True):
        number = pair.query.split("number ")[1].split()[0]
        assert pair.passage.count(f"number {number}") == (3 if stays else 2)


def test_pairs_are_equal_for_equal_seeds_and_no_more_chunks_are_used_than_wanted(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    index.add(
        Document(str(n), f"One cat {n} sleeps in the small house. Two dogs {n} play all day in the garden.")
        for n in range(50)
    )
    assert mine_pairs(index, seed=3) == mine_pairs(index, seed=3)
    assert mine_pairs(index, seed=3) != mine_pairs(index, seed=4)
    assert len(mine_pairs(index, most=7)) <= 7


def test_deleted_documents_give_no_pairs(index: Index, tmp_path: Path) -> None:
    index.add(
        [Document("kept", "One cat sleeps in the small warm house today. Two dogs play all day in the garden at home.")]
    )
    index.delete(index.document_ids()[1:])
    assert all("dogs" in pair.query + pair.passage for pair in mine_pairs(index))


def test_an_empty_index_and_one_without_anything_to_ask_are_refused(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    with pytest.raises(InvalidOption, match="is empty: index documents"):
        mine_pairs(index)
    index.add(["too short"])
    with pytest.raises(InvalidOption, match="has no chunk with a heading, a title or sentences"):
        mine_pairs(index)
    with pytest.raises(InvalidOption, match="most is 0"):
        mine_pairs(index, most=0)
