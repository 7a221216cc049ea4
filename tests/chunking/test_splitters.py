"""How an index is cut is kept with it, and nothing unchanged is encoded twice, whatever the splitter."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, ExtraMissing, Index, InvalidOption, InvalidVector
from vecsearch.types import Heading, Outline, Splitter

TEXT = "".join(
    f"{topic} and {topic} are what sentence {n} of it is told of. " * 3
    for topic in ("ships", "bread", "stars")
    for n in range(9)
)
DOCUMENTS = [
    Document("one", TEXT, {"title": "Of everything"}),
    Document("two", "Short.\n\n" + TEXT[::-1], outline=Outline((Heading(0, 1, "Backwards"),))),
]


@pytest.fixture(params=list(Splitter))
def splitter(request: pytest.FixtureRequest) -> Splitter:
    if request.param is Splitter.SEMANTIC:
        pytest.importorskip("chonkie_core")
    return request.param


@pytest.fixture
def wide() -> CountingEncoder:
    return CountingEncoder(max_tokens=254)


@pytest.fixture
def index(tmp_path: Path, wide: CountingEncoder, splitter: Splitter) -> Index:
    return Index.create(tmp_path / "index", model=wide, splitter=splitter.value, context=True)


def test_an_index_says_how_it_is_cut_and_still_does_when_it_is_opened(index, splitter, wide):
    for seen in (index, Index.open(index.path)):
        info = seen.info()
        assert (info.splitter, info.context, info.overlap) == (splitter.value, True, 0)
    size = 32 if splitter is Splitter.SENTENCES else 128
    assert info.chunk_tokens == size


def test_nothing_is_encoded_twice(index, wide, tmp_path, splitter):
    index.add(DOCUMENTS)
    assert wide.encoded
    wide.encoded.clear()
    again = Index.create(tmp_path / "again", model=wide, splitter=splitter, context=True)
    report = again.add(DOCUMENTS)
    assert (wide.encoded, report.encoded) == ([], 0)
    assert report.cached == report.chunks == len(index)


def test_hits_show_the_chunk_and_not_what_is_read_around_it(index):
    index.add(DOCUMENTS)
    texts = {document.id: document.text for document in DOCUMENTS}
    hits = index.search("ships and bread", k=100)
    assert len(hits) == len(index)
    assert all(texts[hit.document_id][hit.start : hit.end] == hit.text for hit in hits)


def test_what_is_encoded_is_what_the_model_reads(index, wide):
    index.add(DOCUMENTS[:1])
    later = [hit.text for hit in index.search("stars", k=50) if hit.start]
    assert later
    for text in later:
        assert any(text in seen and seen.startswith("Of everything\n") for seen in wide.encoded)


def test_a_dry_run_counts_what_a_run_then_does(index, folder, wide):
    (folder / "a.md").write_text("# Title\n\n" + TEXT, encoding="utf-8")
    foreseen = index.sync(folder, dry_run=True)
    assert len(index) == 0
    report = index.sync(folder)
    assert (foreseen.chunks, foreseen.added) == (report.chunks, report.added) == (len(index), 1)


def test_a_file_is_an_example_cut_as_the_index_is(index, tmp_path, wide):
    index.add(DOCUMENTS)
    (tmp_path / "like.md").write_text("# Of everything\n\n" + TEXT, encoding="utf-8")
    [first, *_] = index.search(like=str(tmp_path / "like.md"), mode="dense")
    assert first.document_id == "one"


def test_an_export_is_imported_with_how_it_was_cut(index, tmp_path, wide):
    index.add(DOCUMENTS)
    index.export(tmp_path / "index.parquet")
    imported = Index.from_export(tmp_path / "index.parquet", tmp_path / "imported")
    kinds = [(info.chunk_tokens, info.splitter, info.context) for info in (index.info(), imported.info())]
    assert kinds[0] == kinds[1]


def test_a_sentence_whose_vector_cannot_be_is_named(tmp_path):
    pytest.importorskip("chonkie_core")

    class Broken(CountingEncoder):
        def vector(self, text: str) -> np.ndarray:
            return super().vector(text) * np.float32("nan")

    index = Index.create(tmp_path / "index", model=Broken(max_tokens=254), splitter="semantic")
    with pytest.raises(InvalidVector, match=r"the vector of sentence \d+ holds NaN"):
        index.add(DOCUMENTS[:1])
    assert len(index) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"splitter": "words"}, "splitter is 'words'; one of: structure, sentences, semantic"),
        ({"context": "yes"}, "context is 'yes'"),
        ({"context": True, "chunk_tokens": 254}, "context needs 16 tokens beyond the 254 of a chunk.*at most 238"),
        ({"splitter": "sentences", "chunk_tokens": 254}, "splitter sentences needs 36 tokens beyond.*at most 218"),
    ],
)
def test_a_splitter_that_cannot_be_is_refused_and_no_index_made(tmp_path, wide, options, said):
    with pytest.raises(InvalidOption, match=said):
        Index.create(tmp_path / "index", model=wide, **options)
    assert not (tmp_path / "index").exists()


def test_without_its_package_no_semantic_index_is_made(tmp_path, wide, monkeypatch):
    monkeypatch.setitem(sys.modules, "chonkie_core", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'vecsearch\[semantic\]'"):
        Index.create(tmp_path / "index", model=wide, splitter="semantic")
    assert not (tmp_path / "index").exists()
