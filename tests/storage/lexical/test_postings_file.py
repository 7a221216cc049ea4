from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vecsearch.errors import FormatTooNew, IndexDamaged
from vecsearch.storage.lexical import Bm25, LivePostings, build_postings, merge_postings, open_postings, write_postings
from vecsearch.storage.lexical.postings_file import _HEADER
from vecsearch.storage.lexical.terms import rules

TEXTS = ["The quick brown fox", "", "кот и 東京", "fox " * 300]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_postings(tmp_path / "postings.bin", build_postings(TEXTS, "auto"))
    return tmp_path / "postings.bin"


@given(st.lists(st.text(max_size=20), max_size=6))
def test_postings_come_back_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("postings") / "p"
    postings = build_postings(texts, "auto")
    write_postings(path, postings)
    opened = open_postings(path)
    opened.check()
    for name in ("terms", "starts", "rows", "counts", "lengths"):
        written, read = getattr(postings, name), getattr(opened, name)
        assert read.dtype == written.dtype
        np.testing.assert_array_equal(read, written)
    assert (opened.total, opened.rules, opened.name) == (postings.total, rules(), str(path))
    assert opened.is_current


def test_the_same_texts_give_the_same_bytes_on_any_way(tmp_path: Path, path: Path) -> None:
    parts = [
        (build_postings(TEXTS[:1], "auto"), None),
        (build_postings(["gone", *TEXTS[1:]], "auto"), np.arange(4) > 0),
    ]
    write_postings(tmp_path / "merged", merge_postings(parts))
    assert (tmp_path / "merged").read_bytes() == path.read_bytes()
    write_postings(tmp_path / "again", open_postings(path))
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_the_arrays_are_mapped_and_read_only(path: Path) -> None:
    opened = open_postings(path)
    for array in (opened.terms, opened.starts, opened.rows, opened.counts, opened.lengths):
        assert not array.flags.owndata
        assert not array.flags.writeable


def test_the_header_is_as_it_is_described(path: Path) -> None:
    postings, content = build_postings(TEXTS, "auto"), path.read_bytes()
    m, p = len(postings.terms), len(postings.rows)
    assert struct.unpack("<8sHH20sQQQQ", content[:64]) == (
        b"VECPOST\0", 1, 2, rules().encode().ljust(20, b"\0"), 4, m, p, postings.total
    )  # fmt: skip
    assert len(content) == 64 + 8 * m + 8 * (m + 1) + 4 * p + 4 * 4 + 2 * p


@pytest.mark.parametrize("content", [b"", b"VECPOST", b"\0" * 200, b"PAR1" * 30])
def test_a_file_of_something_else_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p").write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"p (is not a file of postings|cannot be read: .*): run vecsearch verify$"):
        open_postings(tmp_path / "p")


def test_a_file_that_is_not_there_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match=r"nowhere cannot be read: .*: run vecsearch verify$"):
        open_postings(tmp_path / "nowhere")


def test_a_file_cut_anywhere_is_damaged(path: Path) -> None:
    content = path.read_bytes()
    for size in range(len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(IndexDamaged, match=r"run vecsearch verify$"):
            open_postings(path)
    path.write_bytes(content + b"\0")
    with pytest.raises(IndexDamaged, match=rf"has {len(content) + 1} bytes, expected {len(content)} for its 4 rows"):
        open_postings(path)


def rewritten(path: Path, **changed: int) -> None:
    """The file with other numbers in its header."""
    names = ("magic", "format", "width", "rules", "n", "m", "p", "total")
    content = path.read_bytes()
    header = {**dict(zip(names, _HEADER.unpack(content[:64]), strict=True)), **changed}
    path.write_bytes(_HEADER.pack(*header.values()) + content[64:])


def test_a_file_of_a_later_format_says_so(path: Path) -> None:
    rewritten(path, format=2)
    with pytest.raises(FormatTooNew, match="has format 2, this vecsearch reads up to 1: pip install --upgrade"):
        open_postings(path)


@pytest.mark.parametrize(
    "changed", [{"format": 0}, {"width": 0}, {"width": 8}, {"n": 2**63}, {"m": 0}, {"p": 2**64 - 1}]
)
def test_a_header_that_does_not_fit_the_file_is_damaged(path: Path, changed: dict[str, int]) -> None:
    rewritten(path, **changed)
    with pytest.raises(IndexDamaged, match=r"run vecsearch verify$"):
        open_postings(path)


def test_a_header_whose_sums_cannot_be_is_damaged(path: Path) -> None:
    rewritten(path, total=3)
    with pytest.raises(IndexDamaged, match=r"counts \d+ terms, \d+ postings and 3 words in all: run vecsearch verify$"):
        open_postings(path)


@pytest.mark.slow
def test_whatever_bit_is_flipped_a_search_answers_or_says_that_the_file_is_damaged(path: Path) -> None:
    content = path.read_bytes()
    refused, bits = 0, range(0, 8 * len(content), 3)
    for bit in bits:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.with_name("flipped").write_bytes(flipped)
        try:
            opened = open_postings(path.with_name("flipped"))
            for alive in (None, np.array([True, True, False, True])):
                (found,) = Bm25([LivePostings(opened, alive)]).search("the fox 東京", 3)
                assert np.isfinite(found.scores).all()
                assert set(found.rows.tolist()) <= {0, 1, 2, 3}
            opened.check()
        except (IndexDamaged, FormatTooNew):
            refused += 1
    assert refused > len(bits) / 2
