"""What every loader of a foreign format owes: text with places, the same each time, and a reason for what is wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.checking import check_document, place_of
from tests.helpers.samples import NEEDLE, SAMPLES, Sample
from vecsearch.documents import Reader, Skip, load
from vecsearch.reports import Failure
from vecsearch.types import Document

ReadHere = Callable[..., list[Document | Failure]]


def loaded(path: Path, reader: Reader) -> list[Document | Failure]:
    return list(load(path, "the-id", None, reader))


def check_outcomes(found: list[Document | Failure]) -> None:
    """Documents in order, or reasons in one line; never nothing."""
    assert found
    for outcome in found:
        if isinstance(outcome, Document):
            check_document(outcome)
        else:
            assert outcome.reason
            assert "\n" not in outcome.reason


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
class TestForeignFormats:
    """Each sample is a small file that is as it should be."""

    def test_its_words_are_found_at_their_place(self, sample: Sample, reader: Reader, tmp_path: Path) -> None:
        path = tmp_path / sample.name
        path.write_bytes(sample.data)
        found = loaded(path, reader)
        check_outcomes(found)
        (document,) = (one for one in found if isinstance(one, Document) and NEEDLE in one.text)
        assert place_of(document, NEEDLE) == sample.place
        assert document.metadata["type"] == sample.type
        assert document.source is not None
        assert document.source.startswith(str(path))
        assert document.id == "the-id" + document.source.removeprefix(str(path))

    def test_it_gives_the_same_each_time_whatever_it_is_called(
        self, sample: Sample, read_here: ReadHere, tmp_path: Path
    ) -> None:
        first = read_here(sample.name, sample.data)
        assert read_here(sample.name, sample.data) == first
        assert read_here(sample.name.upper(), sample.data)[0].source != ""
        check_outcomes(first)

    def test_cut_off_anywhere_it_gives_a_document_or_a_reason(
        self, sample: Sample, reader: Reader, tmp_path: Path
    ) -> None:
        path = tmp_path / sample.name
        for tenth in range(1, 10):
            path.write_bytes(sample.data[: len(sample.data) * tenth // 10])
            check_outcomes(loaded(path, reader))

    def test_an_empty_file_is_skipped(self, sample: Sample, reader: Reader, tmp_path: Path) -> None:
        path = tmp_path / sample.name
        path.write_bytes(b"")
        (skip,) = loaded(path, reader)
        assert skip == Skip(str(path), "empty file")

    def test_bytes_of_nothing_give_a_reason(self, sample: Sample, reader: Reader, tmp_path: Path) -> None:
        path = tmp_path / sample.name
        path.write_bytes(random.Random(1).randbytes(2000))
        (failure,) = loaded(path, reader)
        assert isinstance(failure, Failure)

    def test_damaged_in_the_middle_it_gives_a_document_or_a_reason(
        self, sample: Sample, reader: Reader, tmp_path: Path
    ) -> None:
        path = tmp_path / sample.name
        dice = random.Random(2)
        for _ in range(20):
            data = bytearray(sample.data)
            for _ in range(dice.randint(1, 8)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            path.write_bytes(data)
            check_outcomes(loaded(path, reader))

    def test_a_name_that_lies_changes_nothing(self, sample: Sample, read_here: ReadHere) -> None:
        if sample.name.endswith((".rss", ".eml", ".mbox", ".zip")):
            pytest.skip("text, or an archive that may be anything, is what its name says")
        right, lying = read_here(sample.name, sample.data), read_here("notes.txt", sample.data)
        assert [one.text for one in right if isinstance(one, Document)] == [
            one.text for one in lying if isinstance(one, Document)
        ]
