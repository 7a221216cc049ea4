"""embed_files(): texts of files and streams to files of vectors, in order, whole or not at all, memory bounded."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Sequence
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.examples import examples
from vecsearch import InvalidDocument, InvalidOption, PathNotFound, Progress, Role, embed, embed_files
from vecsearch.ingest import embed as module
from vecsearch.types import FloatArray

LINES = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"), max_size=20)


def lines_file(path: Path, lines: Sequence[str]) -> Path:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return path


def rows_in(path: Path) -> list[dict[str, object]] | None:
    """The rows of a file that has more than vectors."""
    match path.suffix:
        case ".parquet":
            return pq.read_table(path).to_pylist()
        case ".jsonl":
            return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
        case _:
            return None


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many texts a window has at most, so that a few texts make several."""
    monkeypatch.setattr(module, "_WINDOW_TEXTS", 4)
    return 4


class Ones(CountingEncoder):
    """An encoder that takes no time."""

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        return np.ones((len(texts), self.dim), np.float32)


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(LINES), st.sampled_from(["a.npy", "a.parquet", "a.jsonl"]))
def test_the_file_holds_what_embed_returns(lines: list[str], name: str) -> None:
    encoder = CountingEncoder()
    with TemporaryDirectory() as folder:
        texts, out = lines_file(Path(folder, "texts.txt"), lines), Path(folder, name)
        report = embed_files([texts], out, model=encoder, cache=False, with_text=not name.endswith(".npy"))
        rows = rows_in(out)
        found = np.load(out) if rows is None else [row["vector"] for row in rows]
    expected = embed(lines, model=encoder, cache=False)
    np.testing.assert_array_equal(np.asarray(found, np.float32).reshape(-1, encoder.dim), expected)
    assert (report.texts, report.encoded) == (len(lines), len(set(lines)))
    if rows is not None:
        assert [row["id"] for row in rows] == [f"{texts}:{i + 1}" for i in range(len(lines))]
        assert [row["text"] for row in rows] == lines


def test_files_follow_one_another_and_streams_are_files_too(encoder: CountingEncoder, tmp_path: Path) -> None:
    texts = lines_file(tmp_path / "a.txt", ["one", "two"])
    records = lines_file(tmp_path / "b.jsonl", ['{"key": "x", "title": "A title", "body": "and a text"}'])
    out = BytesIO()
    report = embed_files(
        [str(texts), StringIO("three\n"), records], out, text_field="body", id_field="key", model=encoder
    )
    rows = [json.loads(line) for line in out.getvalue().decode().splitlines()]
    assert [row["id"] for row in rows] == [f"{texts}:1", f"{texts}:2", "1", "x"]
    vectors = [encoder.vector(text) for text in ("one", "two", "three", "A title and a text")]
    np.testing.assert_array_equal(np.array([row["vector"] for row in rows], np.float32), vectors)
    assert (report.model, report.dim, report.texts, report.encoded) == ("counting", 32, 4, 4)


def test_a_second_run_encodes_nothing(encoder: CountingEncoder, tmp_path: Path) -> None:
    texts = lines_file(tmp_path / "a.txt", ["one", "two", "one"])
    first = embed_files(str(texts), tmp_path / "a.npy", model=encoder)
    second = embed_files([texts], tmp_path / "b.npy", model=encoder)
    assert (first.encoded, first.cached, second.encoded, second.cached) == (2, 1, 0, 3)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_texts_cut_are_counted_in_the_report_without_a_warning(tmp_path: Path) -> None:
    texts = lines_file(tmp_path / "a.txt", ["one two three", "one", "four five six"])
    assert embed_files([texts], tmp_path / "a.npy", model=CountingEncoder(max_tokens=2)).cut == 2


def test_a_parquet_file_names_the_model_of_its_vectors(encoder: CountingEncoder, tmp_path: Path) -> None:
    embed_files([StringIO("one")], tmp_path / "a.parquet", model=encoder, role="query")
    metadata = json.loads(pq.read_schema(tmp_path / "a.parquet").metadata[b"vecsearch"])
    assert metadata == {
        "model": {"name": "counting", "fingerprint": encoder.fingerprint, "dim": encoder.dim},
        "role": "query",
    }


def test_a_bad_line_leaves_the_old_file_and_keeps_paid_vectors(
    encoder: CountingEncoder, tmp_path: Path, small_windows: int
) -> None:
    records = lines_file(tmp_path / "a.jsonl", [f'"text {i}"' for i in range(small_windows)] + ["{"])
    out = tmp_path / "a.npy"
    out.write_bytes(b"before")
    with pytest.raises(InvalidDocument, match=r"a\.jsonl:5: not valid JSON"):
        embed_files([records], out, model=encoder)
    assert out.read_bytes() == b"before"
    assert sorted(tmp_path.iterdir()) == [records, out]
    encoder.encoded.clear()
    embed([f"text {i}" for i in range(small_windows)], model=encoder)
    assert encoder.encoded == []


def test_ctrl_c_leaves_no_file_and_keeps_paid_vectors(
    encoder: CountingEncoder, tmp_path: Path, small_windows: int
) -> None:
    texts = lines_file(tmp_path / "a.txt", [f"text {i}" for i in range(3 * small_windows)])

    def stop(progress: Progress) -> None:
        if progress.chunks > small_windows:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_files([texts], tmp_path / "a.parquet", model=encoder, progress=stop)
    assert list(tmp_path.iterdir()) == [texts]
    assert embed_files([texts], tmp_path / "a.parquet", model=encoder).encoded == small_windows


def test_wrong_paths_are_refused_before_the_model_is_opened(tmp_path: Path) -> None:
    texts = lines_file(tmp_path / "a.jsonl", ['"one"'])
    for files, out, error in (
        ([tmp_path / "absent"], tmp_path / "a.npy", PathNotFound),
        ([texts, tmp_path], tmp_path / "a.npy", PathNotFound),
        ([texts], tmp_path / "absent" / "a.npy", PathNotFound),
        ([texts], tmp_path / "a.xlsx", InvalidOption),
        ([texts], texts, InvalidOption),
    ):
        with pytest.raises(error):
            embed_files(files, out, model=str(tmp_path / "no model"))


def test_progress_ends_with_all_bytes_of_the_files(encoder: CountingEncoder, tmp_path: Path) -> None:
    texts = lines_file(tmp_path / "a.txt", ["one", "zwölf", ""])
    reports: list[Progress] = []
    embed_files([texts], tmp_path / "a.npy", model=encoder, progress=reports.append)
    assert reports[-1] == Progress(3, 3, 12, 12)


@pytest.mark.slow
def test_memory_is_that_of_a_window_whatever_the_number_of_texts(tmp_path: Path) -> None:
    n, dim = 30_000, 256
    texts = lines_file(tmp_path / "a.txt", [str(i) for i in range(n)])
    embed_files([texts], tmp_path / "warm.npy", model=Ones(), cache=False)
    tracemalloc.start()
    try:
        embed_files([texts], tmp_path / "a.npy", model=Ones(dim=dim), cache=False)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.load(tmp_path / "a.npy", mmap_mode="r").shape == (n, dim)
    window = 4 * dim * module._WINDOW_TEXTS
    assert peak < 4 * window < 4 * dim * n
