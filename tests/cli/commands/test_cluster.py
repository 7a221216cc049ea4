"""`vecsearch cluster`: what the index is about, on a terminal and as JSON; written back and asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.commands import Command
from tests.helpers.topics import TOPICS, topic_documents
from tests.helpers.writing import write_records


@pytest.fixture(autouse=True)
def notes(place: Path, vecsearch_command: Command) -> None:
    rows = [json.dumps({"id": d.id, "text": d.text, "topic": d.metadata["topic"]}) for d in topic_documents()]
    write_records(place / "notes.jsonl", rows)
    assert vecsearch_command("index", "notes.jsonl").status == 0


def test_each_cluster_has_a_line_with_its_words_and_its_central_passages(vecsearch_command: Command) -> None:
    done = vecsearch_command("cluster")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "36 chunks in 3 clusters by kmeans"
    titles = [line for line in lines if line.endswith(")")]
    assert [line.split()[0] for line in titles] == ["1", "2", "3"]
    assert all("(12 chunks, cohesion 0." in line for line in titles)
    assert sum(any(text in line for text in TOPICS.values()) for line in lines) >= 9


def test_a_long_passage_is_cut_and_outliers_are_shown(vecsearch_command: Command, place: Path) -> None:
    odd = "cat " + " ".join(f"quantum{i}" for i in range(20))
    write_records(place / "odd.jsonl", {"odd": odd + "\x1b[31m"})
    assert vecsearch_command("index", "odd.jsonl").status == 0
    lines = vecsearch_command("cluster", "-n", "3").out.splitlines()
    index = next(number for number, line in enumerate(lines) if "far from the centre of their cluster" in line)
    assert "quantum0" in lines[index + 1]
    assert lines[index + 1].endswith(" …")
    assert "\x1b" not in "".join(lines)


def test_json_has_everything(vecsearch_command: Command) -> None:
    found = vecsearch_command("cluster", "-n", "3", "--seed", "1", "--json").json
    assert {"method": "kmeans", "chunks": 36, "sampled": 36, "seed": 1, "written_to": None}.items() <= found.items()
    assert [cluster["size"] for cluster in found["clusters"]] == [12, 12, 12]
    assert set(found["clusters"][0]) == {"number", "words", "size", "cohesion", "central"}


def test_written_clusters_are_asked_for_and_drawn(vecsearch_command: Command) -> None:
    done = vecsearch_command("cluster", "-n", "3", "--write-to", "cluster")
    assert done.out.splitlines()[-1] == "written to version 3 as the metadata cluster and cluster_words"
    hits = vecsearch_command("search", "cat", "--where", "cluster = 1", "-k", "20", "--json").json["hits"]
    assert len(hits) == 12
    assert {hit["metadata"]["cluster"] for hit in hits} == {1}
    legend = vecsearch_command("map", "--color", "cluster", "--json").json["legend"]
    assert legend == {"1": 12, "2": 12, "3": 12}
    again = vecsearch_command("cluster", "-n", "2", "--write-to", "cluster")
    assert (again.status, again.out) == (1, "")
    assert "chunks already have metadata under cluster" in again.err
    assert vecsearch_command("cluster", "-n", "2", "--write-to", "cluster", "--overwrite").status == 0
    assert "36 clustered" in vecsearch_command("log").out


def test_a_sample_is_said(vecsearch_command: Command) -> None:
    done = vecsearch_command("cluster", "-n", "2", "--points", "9", "--where", "topic = 'cats'")
    assert done.out.startswith("9 of 12 chunks, a sample with seed 0, in 2 clusters by kmeans\n")


@pytest.mark.slow
def test_dense_places_alone_are_clusters_by_hdbscan(vecsearch_command: Command) -> None:
    pytest.importorskip("sklearn", reason="the extra viz: pip install 'vecsearch[viz]'")
    assert "36 chunks in 3 clusters by hdbscan" in vecsearch_command("cluster", "--method", "hdbscan").out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["-n", "many"], 2, "'many' is not a whole number or auto"),
        (["-n", "99"], 1, "n is 99 clusters, but 36 chunks have 36 distinct vectors: choose at most 36"),
        (["-n", "0"], 1, "n is 0, expected a whole number of at least 1"),
        (["--write-to", "text"], 1, "write_to is 'text', a built-in column"),
        (["--where", "tpoic = 'x'"], 1, "names tpoic, which no chunk has"),
        (["--where", "topic = 'x'"], 1, "no chunk matches the condition topic = 'x'"),
        (["-i", "nowhere"], 1, "no index at nowhere"),
    ],
)
def test_what_is_wrong_is_said(vecsearch_command: Command, arguments: list[str], status: int, said: str) -> None:
    done = vecsearch_command("cluster", *arguments)
    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert "Traceback" not in done.err
