"""Shorter vectors of an index, measured: against brute force, and on indexes that hold next to nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import content_of
from vecsearch import Document, Index, InvalidDocument, InvalidOption, Qrels, evaluate
from vecsearch.analysis import measure_dims
from vecsearch.models.encoders.shortened import Shortened


def texts(n: int) -> list[str]:
    rng = np.random.default_rng(2)
    words = [f"w{number}" for number in range(80)]
    return [" ".join(rng.choice(words, 8)) for _ in range(n)]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    made = Index.create(tmp_path / "index", model=CountingEncoder(), language="none")
    made.add(Document(f"d{number}", text) for number, text in enumerate(texts(120)))
    made.delete([f"d{number}" for number in range(0, 120, 9)])
    return made


@pytest.fixture
def qrels() -> Qrels:
    queries = {f"q{number}": " ".join(text.split()[:3]) for number, text in enumerate(texts(120)) if number % 9}
    return Qrels(queries=queries, relevance={query: {f"d{query[1:]}": 1} for query in queries})


def test_full_vectors_come_first_and_lose_nothing(index: Index) -> None:
    report = measure_dims(index, [32, 8], n=50)
    assert [(each.method, each.dim) for each in report.measures] == [
        ("full", 32),
        ("truncated", 8),
        ("truncated", 32),
        ("pca", 8),
        ("pca", 32),
    ]
    by_kind = {(each.method, each.dim): each for each in report.measures}
    for kind in (("full", 32), ("truncated", 32), ("pca", 32)):
        assert by_kind[kind].overlap == pytest.approx(1, abs=0.01)
    assert by_kind["truncated", 8].overlap < 0.9
    assert [each.bytes_per_vector for each in report.measures] == [128, 32, 128, 32, 128]
    assert all(each.p50_ms > 0 and each.ndcg is None for each in report.measures)
    assert (report.chunks, report.dim, report.queries, report.judged) == (106, 32, 50, False)


def test_ndcg_is_that_of_an_index_whose_model_gives_such_vectors(index: Index, qrels: Qrels, tmp_path: Path) -> None:
    pytest.importorskip("pytrec_eval", reason="the extra eval")
    report = measure_dims(index, [12], qrels=qrels)
    found = {each.method: each.ndcg for each in report.measures}
    full = evaluate(index, qrels.queries, qrels.relevance, modes=["dense"])
    assert found["full"] == pytest.approx(full.modes[0].scores["nDCG@10"])
    other = Index.create(tmp_path / "short", model=Shortened(UnitEncoder(), 12), language="none")
    other.add(Document(f"d{number}", text) for number, text in enumerate(texts(120)) if number % 9)
    short = evaluate(other, qrels.queries, qrels.relevance, modes=["dense"])
    assert found["truncated"] == pytest.approx(short.modes[0].scores["nDCG@10"])
    assert found["truncated"] < found["full"]
    assert report.judged
    assert report.queries == len(qrels.queries)


class UnitEncoder(CountingEncoder):
    """Vectors of length 1, as an index has them."""

    def vector(self, text: str) -> np.ndarray:
        raw = super().vector(text)
        return (raw / np.linalg.norm(raw)).astype(np.float32)


def test_a_document_of_many_chunks_counts_once(tmp_path: Path) -> None:
    pytest.importorskip("pytrec_eval", reason="the extra eval")
    index = Index.create(tmp_path / "index", model=CountingEncoder(), chunk_tokens=8)
    index.add([Document("long", "cats purr here now. " * 60), Document("short", "cats bark")])
    qrels = Qrels(queries={"q": "cats purr"}, relevance={"q": {"short": 1}})
    [full, *_] = measure_dims(index, [8], qrels=qrels).measures
    assert full.ndcg == pytest.approx(1 / np.log2(3)), "the second document"


def test_nothing_is_written_to_the_index_and_the_same_seed_asks_the_same(index: Index) -> None:
    before = content_of(index.path)
    found = [measure_dims(index, [4], n=20, seed=seed) for seed in (1, 1, 2)]
    timeless = [[replace(each, p50_ms=0) for each in report.measures] for report in found]
    assert timeless[0] == timeless[1] != timeless[2]
    assert content_of(index.path) == before


@pytest.mark.parametrize("documents", [["one text"], ["the same text"] * 5])
def test_one_point_and_points_that_are_all_equal_can_be_measured(tmp_path: Path, documents: list[str]) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    index.add(Document(str(number), text) for number, text in enumerate(documents))
    for each in measure_dims(index, [1, 16], n=5).measures:
        assert each.overlap == 1


def test_what_cannot_be_measured_is_refused(index: Index, tmp_path: Path) -> None:
    for dims in ([0], [33], [8, -1]):
        with pytest.raises(InvalidOption, match="but the vectors of the index have 32 numbers: name 1 to 32"):
            measure_dims(index, dims)
    with pytest.raises(InvalidOption, match="dims is empty: name dimensions from 1 to 32"):
        measure_dims(index, [])
    for given in ({"k": 0}, {"n": 0}):
        with pytest.raises(InvalidOption, match="is 0, expected a whole number of at least 1"):
            measure_dims(index, [8], **given)
    with pytest.raises(InvalidOption, match="is empty: index something first"):
        measure_dims(Index.create(tmp_path / "empty", model=CountingEncoder()), [8])


def test_qrels_of_unknown_documents_are_refused(index: Index) -> None:
    pytest.importorskip("pytrec_eval", reason="the extra eval")
    qrels = Qrels(queries={"q": "w1"}, relevance={"q": {"gone": 1}})
    with pytest.raises(InvalidDocument, match="holds none of the 1 relevant documents"):
        measure_dims(index, [8], qrels=qrels)
