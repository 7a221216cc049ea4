"""An id that is no text any more is told as damage, whatever it is read for."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from vecsearch import Document, Index, IndexDamaged
from vecsearch.storage.store import Store

DAMAGED = r"rows\.arrow.* cannot be read: .*invalid start byte: run vecsearch verify --repair$"


def damaged(index: Index, encoder) -> Index:
    """A copy of the index in whose mapped rows ids begin with a byte that is in no text."""
    copy = index.path.with_name("damaged")
    shutil.copytree(index.path, copy)
    (rows,) = copy.glob("segments/*/rows.arrow")
    content = rows.read_bytes()
    assert b"same-0" in content
    rows.write_bytes(content.replace(b"same-0", b"\xffame-0"))
    return Index.open(copy, model=encoder)


@pytest.fixture
def alike(tmp_path, encoder) -> Index:
    """A damaged index of documents that all say the same."""
    made = Index.create(tmp_path / "index", model=encoder)
    made.add(Document(f"same-{number:02}", "a green house") for number in range(12))
    return damaged(made, encoder)


@pytest.mark.parametrize("mode", ["dense", "lexical", "hybrid"])
def test_where_it_breaks_a_tie(alike, mode):
    for ask in (alike.search, alike.rank):
        with pytest.raises(IndexDamaged, match=DAMAGED):
            ask("a green house", k=3, mode=mode)


def test_where_it_is_told_of_a_chunk_that_nothing_ties_with(tmp_path, encoder):
    made = Index.create(tmp_path / "index", model=encoder)
    made.add([Document("same-0", "a green house")])
    opened = damaged(made, encoder)
    for ask in (opened.search, opened.rank):
        with pytest.raises(IndexDamaged, match=DAMAGED):
            ask("a green house", mode="dense")


def test_where_a_single_value_is_read(alike):
    (part,) = Store(alike.path).snapshot().parts
    with pytest.raises(IndexDamaged, match=DAMAGED):
        part.segment.value("document_id", 3)
    with pytest.raises(IndexDamaged, match=DAMAGED):
        part.segment.values("document_id", np.array([11, 4]))
    assert part.segment.value("document_id", 11) == "same-11"
    assert part.segment.value("text", 3) == "a green house"
