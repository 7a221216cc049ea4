"""What happens when an encoder or a source of documents fails: nothing half done, nothing paid twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vecsearch.ingest.run
import vecsearch.models.capabilities
import vecsearch.storage.merge_policy
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index, InvalidVector
from vecsearch.types import FloatArray, Role


def texts(index: Index) -> dict[str, str]:
    """The documents that a search can find, by id; each of one chunk."""
    return {hit.document_id: hit.text for hit in index.search(np.ones(index.info().dim, np.float32), k=10_000)}


class FailingEncoder(CountingEncoder):
    """Raises when it comes to the text "poison"."""

    broken = True

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        if self.broken and "poison" in texts:
            raise RuntimeError("the model broke")
        return super().encode(texts, role)


def test_an_encoder_that_fails_midway_leaves_the_index_and_its_rerun_encodes_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vecsearch.models.capabilities, "_PART", 4)
    encoder = FailingEncoder()
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document("kept", "kept")])
    before = sorted(path.relative_to(index.path) for path in index.path.rglob("*"))
    documents = [Document(str(i), f"a rather long text {i}") for i in range(10)] + [Document("p", "poison")]
    encoder.encoded.clear()
    with pytest.raises(RuntimeError, match="the model broke"):
        index.add(documents)
    paid = list(encoder.encoded)
    assert 4 <= len(paid) < 11
    assert texts(index) == texts(Index.open(index.path)) == {"kept": "kept"}
    assert sorted(path.relative_to(index.path) for path in index.path.rglob("*")) == before
    encoder.broken = False
    encoder.encoded.clear()
    report = index.add(documents)
    assert not set(paid) & set(encoder.encoded)
    assert (report.added, report.encoded, report.cached) == (11, 11 - len(paid), len(paid))


def test_a_source_that_fails_leaves_what_was_committed_and_no_half_document(
    tmp_path: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vecsearch.ingest.run, "_WINDOW_DOCUMENTS", 4)
    monkeypatch.setattr(vecsearch.storage.merge_policy, "SEGMENT_CHUNKS", 8)
    index = Index.create(tmp_path / "index", model=encoder)

    def stream() -> Iterator[Document]:
        for i in range(13):
            yield Document(str(i), f"text {i}")
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        index.add(stream())
    reopened = Index.open(index.path)
    assert texts(reopened) == {str(i): f"text {i}" for i in range(8)}
    assert reopened.info().documents == 8
    index.add([Document("more", "more")])
    assert len(index) == 9


class WrongEncoder(CountingEncoder):
    """Gives for "bad" what no vector is."""

    def __init__(self, wrong: Any) -> None:
        super().__init__()
        self.wrong = wrong

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        vectors = super().encode(texts, role)
        if "bad" in texts:
            vectors = self.wrong(vectors, list(texts).index("bad"))
        return vectors


def _filled(value: float) -> Any:
    def fill(vectors: FloatArray, row: int) -> FloatArray:
        vectors[row, 3] = value
        return vectors

    return fill


def _zero(vectors: FloatArray, row: int) -> FloatArray:
    vectors[row] = 0
    return vectors


@pytest.mark.parametrize("wrong", [_filled(np.nan), _filled(np.inf), _zero], ids=["nan", "infinity", "zero"])
def test_a_bad_vector_names_its_chunk_and_changes_nothing(tmp_path: Path, wrong: Any) -> None:
    index = Index.create(tmp_path / "index", model=WrongEncoder(wrong))
    with pytest.raises(InvalidVector, match="'b#0'"):
        index.add([Document("a", "good"), Document("b", "bad"), Document("c", "fine")])
    assert len(index) == len(Index.open(index.path)) == 0


@pytest.mark.parametrize("wrong", [lambda v, _: v[:-1], lambda v, _: v[:, :-1], lambda v, _: v.ravel()])
def test_vectors_of_another_shape_are_refused(tmp_path: Path, wrong: Any) -> None:
    index = Index.create(tmp_path / "index", model=WrongEncoder(wrong))
    with pytest.raises(InvalidVector, match=r"expected \(3, 32\)"):
        index.add([Document("a", "good"), Document("b", "bad"), Document("c", "fine")])
    assert len(index) == 0
