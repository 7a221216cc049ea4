"""Many small commits leave neither many files nor much more than one large commit would."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.states import answers
from vecsearch import Document, Index
from vecsearch.storage.merge_policy import LARGE_SEGMENT, SEGMENT_CHUNKS, Size, to_rewrite

MANY = 1_500  # benchmarks/reliability.py does the same with 5,000


def document(number: int) -> Document:
    return Document(f"d{number}", " ".join(f"word{(number * step) % 997}" for step in range(1, 30)), {"n": number})


def files_in(path: Path) -> list[int]:
    return [file.stat().st_size for file in path.rglob("*") if file.is_file()]


@pytest.mark.slow
def test_many_single_additions_take_few_segments_and_little_more_than_one_large_one(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    fresh = Index.create(tmp_path / "fresh", model=encoder)
    fresh.add(document(number) for number in range(MANY))
    index = Index.create(tmp_path / "grown", model=encoder)
    segments, files = 0, 0
    for number in range(MANY):
        index.add([document(number)])
        segments = max(segments, index.info().segments)
        files = max(files, len(files_in(index.path)))
    assert 1 < segments <= math.log2(MANY) + 2 <= 16
    assert files <= 60
    assert index.info().bytes == sum(files_in(index.path)) <= 2 * sum(files_in(fresh.path))
    assert answers(index) == answers(fresh)
    assert index.verify().ok
    index.compact()
    index.keep_versions(1)
    info = index.info()
    assert (info.segments, info.deleted, info.documents) == (1, 0, MANY)
    assert answers(index) == answers(fresh)
    assert len(files_in(index.path)) == 6, "a manifest, four files of a segment, the lock"


@pytest.mark.slow
def test_rewriting_one_document_again_and_again_takes_no_space(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    index.add(document(number) for number in range(20))
    sizes = []
    for number in range(300):
        index.add([Document("d7", f"now it says {number:04}")])
        info = index.info()
        assert info.deleted <= info.chunks
        sizes.append((info.bytes, len(files_in(index.path))))
    early, late = max(sizes[:50]), max(sizes[50:])
    assert late[0] <= 1.02 * early[0]
    assert late[1] <= early[1]
    assert index.search("now it says 0299", k=1)[0].text == "now it says 0299"
    assert index.info().documents == 20


def test_deleting_row_after_row_never_leaves_more_dead_than_living_ones_in_a_segment(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder(), keep_versions=1)
    index.add(document(number) for number in range(60))
    for number in range(59):
        index.delete([f"d{number}"])
        assert all(part.live * 2 >= part.segment.entry.rows for part in index.session().parts)
    assert [part.segment.entry.rows for part in index.session().parts] == [2]
    index.delete(["d59"])
    assert index.session().parts == ()
    assert not list((index.path / "tombstones").iterdir())


class Simulated:
    """Segments as numbers: what a commit does to them, by the rule under test."""

    def __init__(self) -> None:
        self.segments: list[Size] = []
        self.added = self.deleted = self.rewritten = self.most = 0

    def commit(self, added: int, dead: list[float]) -> None:
        """Adds so many rows and deletes of each segment a share of the living ones."""
        left = []
        for number, (rows, live) in enumerate(self.segments):
            gone = int(live * dead[number % len(dead)]) if dead else 0
            self.deleted += gone
            left.append(Size(rows, live - gone))
        chosen = to_rewrite(left, added)
        together = added + sum(left[number].live for number in chosen)
        self.rewritten += together - added
        self.added += added
        kept = [size for number, size in enumerate(left) if number not in chosen and size.live]
        self.segments = kept + ([Size(together, together)] if together else [])
        self.most = max(self.most, sum(size.live for size in self.segments))


COMMITS = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 3), st.integers(0, 500), st.integers(0, 2 * SEGMENT_CHUNKS)),
        st.lists(st.sampled_from([0.0, 0.0, 0.01, 0.3, 0.49, 0.51, 1.0]), max_size=4),
        st.integers(1, 60),  # times
    ),
    max_size=20,
)


@given(commits=COMMITS)
def test_whatever_is_committed_segments_stay_few_and_rows_are_seldom_rewritten(
    commits: list[tuple[int, list[float], int]],
) -> None:
    simulated = Simulated()
    for added, dead, times in commits:
        for _ in range(times):
            simulated.commit(added, dead)
            live = sum(size.live for size in simulated.segments)
            assert len(simulated.segments) <= math.log2(live + 1) + 2 * live / SEGMENT_CHUNKS + 2
            assert all(2 * size.live >= size.rows for size in simulated.segments)
    changed = simulated.added + simulated.deleted
    assert simulated.rewritten <= changed * (math.log(simulated.most + 1, 1.5) + 1)


@pytest.mark.parametrize("added", [1, 7, 100])
def test_without_deletions_segments_are_as_many_as_the_digits_and_the_full_ones(added: int) -> None:
    simulated = Simulated()
    for _ in range(20_000 // added):
        simulated.commit(added, [])
        live = sum(size.live for size in simulated.segments)
        assert len(simulated.segments) <= math.log2(live) + live / SEGMENT_CHUNKS + 2
    assert simulated.rewritten <= simulated.added * math.log2(simulated.added)


def test_a_commit_without_additions_and_deletions_rewrites_nothing() -> None:
    assert to_rewrite([Size(10, 10), Size(10, 10)], 0) == []
    assert to_rewrite([Size(10, 5), Size(10, 0)], 0) == []
    assert to_rewrite([Size(10, 4), Size(10, 10), Size(10, 0)], 0) == [0]
    assert to_rewrite([Size(SEGMENT_CHUNKS, SEGMENT_CHUNKS), Size(1, 1)], 1) == [1]


def test_what_is_deleted_is_gone_from_a_compacted_index_and_from_the_disk(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder(), keep_versions=1)
    index.add([Document("secret", "the password is swordfish"), *(document(number) for number in range(9))])
    index.delete(["secret"])
    assert index.compact()
    assert not index.compact()
    found = [file for file in index.path.rglob("*") if file.is_file() and b"swordfish" in file.read_bytes()]
    assert found == []


def test_a_few_full_segments_become_a_large_one_which_stays() -> None:
    full, large = Size(SEGMENT_CHUNKS, SEGMENT_CHUNKS), Size(LARGE_SEGMENT, LARGE_SEGMENT)
    assert to_rewrite([full] * 6, SEGMENT_CHUNKS) == []
    assert to_rewrite([large, *[full] * 7], SEGMENT_CHUNKS) == [1, 2, 3, 4, 5, 6, 7]
    assert to_rewrite([*[full] * 3, large, Size(100, 100), *[full] * 4], SEGMENT_CHUNKS) == [0, 1, 2, 4, 5, 6, 7, 8]
    assert to_rewrite([full] * 7, 1) == []
    assert to_rewrite([Size(LARGE_SEGMENT, LARGE_SEGMENT - 5), full], 10) == []


def test_a_million_rows_that_come_in_full_commits_are_few_segments_and_are_rewritten_once() -> None:
    sizes: list[Size] = []
    rewritten = 0
    for _ in range(61):
        chosen = to_rewrite(sizes, SEGMENT_CHUNKS)
        rewritten += sum(sizes[i].live for i in chosen)
        together = SEGMENT_CHUNKS + sum(sizes[i].live for i in chosen)
        sizes = [size for i, size in enumerate(sizes) if i not in chosen] + [Size(together, together)]
    rows = 61 * SEGMENT_CHUNKS
    assert sum(size.live for size in sizes) == rows
    assert len(sizes) <= rows / LARGE_SEGMENT + LARGE_SEGMENT / SEGMENT_CHUNKS
    assert rewritten < rows
