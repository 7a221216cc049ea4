"""draw_map: the file it makes, what it says of it, and what is refused before or instead."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.drawings import page_data
from tests.helpers.topics import TOPICS, topic_documents, topic_index
from vecsearch import Document, Index, InvalidDocument, InvalidFilter, InvalidOption, InvalidQuery, PathNotFound
from vecsearch.analysis import draw_map
from vecsearch.analysis.sampling import sample
from vecsearch.storage.rows import Row
from vecsearch.types import FloatArray


def rows_and_vectors(index: Index) -> tuple[list[Row], FloatArray]:
    """The rows of the index and their vectors."""
    chunks = sample(index.session())
    return list(chunks.stored_rows()), chunks.vectors


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return topic_index(tmp_path / "index", encoder)


def test_the_table_has_a_row_for_each_chunk_with_its_place_colour_and_metadata(index: Index, tmp_path: Path) -> None:
    report = draw_map(index, tmp_path / "map.parquet", method="pca", color="topic", queries=["the cat purrs"])
    assert (report.method, report.chunks, report.points, report.queries, report.seed) == ("pca", 36, 36, 1, 0)
    assert report.legend == dict.fromkeys(sorted(TOPICS), 12)
    table = pq.read_table(tmp_path / "map.parquet")
    assert table.column_names == [
        *("id", "document_id", "source", "line", "text", "x", "y", "color"),
        *("metadata.number", "metadata.topic"),
    ]
    rows = {row["document_id"]: row for row in table.to_pylist()}
    for document in topic_documents():
        row = rows[document.id]
        assert (row["text"], row["color"], row["metadata.topic"]) == (document.text, *[document.metadata["topic"]] * 2)
        assert row["metadata.number"] == document.metadata["number"]
    told = json.loads(table.schema.metadata[b"vecsearch"])
    [query] = told["queries"]
    places = {
        topic: np.mean([(rows[f"{topic}-{i}"]["x"], rows[f"{topic}-{i}"]["y"]) for i in range(12)], axis=0)
        for topic in TOPICS
    }
    near = min(places, key=lambda topic: float(np.hypot(*(places[topic] - (query["x"], query["y"])))))
    assert (query["text"], near) == ("the cat purrs", "cats")
    assert report.share is not None
    assert told["note"] == f"36 passages, by PCA, showing {report.share:.0%} of the variance"


def test_a_map_of_one_colour_says_none_in_the_table(index: Index, tmp_path: Path) -> None:
    draw_map(index, tmp_path / "map.parquet")
    assert pq.read_table(tmp_path / "map.parquet").column("color").to_pylist() == [None] * 36


@pytest.mark.parametrize("suffix", [".html", ".svg", ".HTML"])
def test_pictures_are_written_whole(index: Index, tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"map{suffix}").write_text("what was there before")
    draw_map(index, str(tmp_path / f"map{suffix}"), color="cluster", queries=["bake bread"])
    written = (tmp_path / f"map{suffix}").read_text(encoding="utf-8")
    texts = written if suffix == ".svg" else str(page_data(written))
    assert "bake bread" in texts
    assert "before" not in written[:300]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".tmp-")] == []


def test_the_page_carries_the_names_of_topics_and_the_nearest_passages(index: Index, tmp_path: Path) -> None:
    draw_map(index, tmp_path / "map.html", method="pca")
    data = page_data((tmp_path / "map.html").read_text(encoding="utf-8"))
    vectors = {row.chunk.id: vector for row, vector in zip(*rows_and_vectors(index), strict=True)}
    for i, near in enumerate(data["near"]):
        own = vectors[data["id"][i]]
        others = sorted(-float(own @ vectors[name]) for name in vectors if name != data["id"][i])[:8]
        assert [-float(own @ vectors[data["id"][j]]) for j in near] == pytest.approx(others, abs=1e-5)
    assert {label["level"] for label in data["labels"]} == {0}
    assert sum(label["count"] for label in data["labels"]) == 36
    assert all(label["text"] for label in data["labels"])


def test_the_default_method_keeps_neighbours_where_a_library_can(index: Index, tmp_path: Path) -> None:
    pytest.importorskip("openTSNE", reason="the extra viz: pip install 'vecsearch[viz]'")
    assert draw_map(index, tmp_path / "map.html").method == "tsne"
    assert draw_map(index, tmp_path / "few.html", where="document_id IN ('cats-1', 'stars-1')").method == "pca"


def test_a_png_is_written(index: Index, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra viz: pip install 'vecsearch[viz]'")
    draw_map(index, tmp_path / "map.png", color="topic")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_a_sample_is_drawn_of_many_chunks_and_the_picture_says_so(index: Index, tmp_path: Path) -> None:
    report = draw_map(index, tmp_path / "map.html", method="pca", points=10, seed=3, where="topic <> 'stars'")
    assert (report.chunks, report.points, report.seed) == (24, 10, 3)
    note = page_data((tmp_path / "map.html").read_text(encoding="utf-8"))["note"]
    assert note.startswith("10 of 24 passages, drawn by seed 3, by PCA")


def test_a_version_of_the_past_is_drawn_as_it_was(index: Index, tmp_path: Path) -> None:
    index.delete([f"cats-{i}" for i in range(12)])
    old = Index.open(index.path, version=index.info().version - 1)
    assert (draw_map(old, tmp_path / "a.svg").points, draw_map(index, tmp_path / "b.svg").points) == (36, 24)


def test_nothing_is_encoded_but_queries(index: Index, tmp_path: Path, encoder: CountingEncoder) -> None:
    encoder.encoded.clear()
    draw_map(index, tmp_path / "map.html", color="topic", queries=["one", "two"])
    assert sorted(encoder.encoded) == ["one", "two"]


@pytest.mark.parametrize(
    ("file", "arguments", "error", "said"),
    [
        ("map.pdf", {}, InvalidOption, "map.pdf: a map cannot be written as this type: use one of .html, .svg, .png"),
        ("none/map.html", {}, PathNotFound, "cannot be written: name a file in a folder that exists"),
        ("map.html", {"method": "magic"}, InvalidOption, "method is 'magic'; one of: pca, tsne, umap"),
        ("map.html", {"color": "tpoic"}, InvalidOption, "color is 'tpoic', which no chunk has: did you mean topic?"),
        ("map.html", {"where": "topic ="}, InvalidFilter, "cannot be parsed"),
        ("map.html", {"where": "topic = 'x'"}, InvalidDocument, "no chunk matches the condition"),
        ("map.html", {"where": "document_id = 'cats-1'"}, InvalidDocument, "has 1 chunk to draw: a map needs"),
        ("map.html", {"queries": [" "]}, InvalidQuery, "the query is empty"),
        ("map.html", {"queries": "cat"}, InvalidQuery, "queries is the text 'cat', expected a list of texts"),
        ("map.html", {"points": 1}, InvalidOption, "points is 1, expected a whole number of at least 2"),
        ("map.html", {"seed": 1.5}, InvalidOption, "seed is 1.5, expected a whole number of at least 0"),
    ],
)
def test_what_cannot_be_drawn_is_one_clear_line_and_makes_no_file(
    index: Index, tmp_path: Path, file: str, arguments: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as raised:
        draw_map(index, tmp_path / file, **arguments)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
    assert not (tmp_path / file).exists()


def test_chunks_that_are_all_equal_and_an_empty_index_are_not_drawn(tmp_path: Path, encoder: CountingEncoder) -> None:
    made = Index.create(tmp_path / "equal", model=encoder)
    with pytest.raises(InvalidDocument, match="is empty: index something first"):
        draw_map(made, tmp_path / "map.html")
    made.add([Document(f"d{i}", "the same text") for i in range(3)])
    with pytest.raises(InvalidDocument, match=r"all 3 chunks in .* have the same vector: a map needs two that differ"):
        draw_map(made, tmp_path / "map.html")
