"""Readers are never disturbed by a writer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.reading import Read, check, digest, read_while_writing
from tests.helpers.rounds import documents, fault_of
from vecsearch import Index


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the processes of this test are started by forking")
def test_every_answer_is_that_of_one_version_while_a_writer_commits(tmp_path: Path) -> None:
    seen = read_while_writing(tmp_path, steps=100, readers=[True, True, True, False], seed=5)
    for reader in seen:
        assert len(reader.answers) > 20
        assert (len(set(reader.answers)) > 10) == reader.refresh


@pytest.mark.parametrize(
    ("refresh", "answers"),
    [(True, [1, 3, 2, 3]), (True, [0, 3]), (True, [1, 2]), (False, [1, 3]), (True, [1, 9, 3])],
    ids=["backwards", "too old", "not to the end", "moved on", "of no version"],
)
def test_an_answer_of_no_version_or_an_older_one_is_found(refresh: bool, answers: list[int]) -> None:
    held = [{"a": str(number)} for number in range(4)]
    check(Read(True, [digest(held[number]) for number in (1, 1, 2, 3)]), held, 1)
    reader = Read(refresh, [digest({"a": str(number)}) for number in answers])
    with pytest.raises(AssertionError):
        check(reader, held, 1)


def test_an_answer_of_two_versions_would_be_found(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    index.add([*documents(0, 1, equal=True)[:6], *documents(0, 2, equal=True)[6:]])
    assert fault_of("heron", index.search("heron", k=100, mode="lexical"))
    index.add(documents(0, 1, equal=True))
    hits = index.search("heron", k=100, mode="lexical")
    assert fault_of("heron", hits) is None
    assert fault_of("heron", hits[1:])
    assert fault_of("zebra", hits)
