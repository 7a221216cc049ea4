"""Files of vectors: what numpy, pyarrow and json read is what was written, bit by bit, and no file is ever torn."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.helpers.examples import examples
from vecsearch.documents.texts import NamedText
from vecsearch.errors import InvalidOption, PathNotFound
from vecsearch.ingest.vector_files import check_output, writing_vectors
from vecsearch.types import FloatArray

KINDS = (".npy", ".parquet", ".jsonl")
MADE_WITH = {"model": {"name": "m"}, "role": "query"}
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)
ARRAYS = hnp.arrays(np.float32, st.tuples(st.integers(0, 5), st.just(3)), elements=NUMBERS)
ANY_TEXT = st.text(st.characters())  # lone surrogates too


def rows_of(texts: list[str]) -> list[NamedText]:
    return [NamedText(f"id {i}", text, 0) for i, text in enumerate(texts)]


def write(out: Path | BytesIO, pieces: list[FloatArray], texts: list[str] | None = None) -> None:
    """Writes the pieces one after the other, with texts where there are some."""
    rows = iter(rows_of(texts or [""] * sum(map(len, pieces))))
    with writing_vectors(out, pieces[0].shape[1], MADE_WITH, with_text=texts is not None) as put:
        for piece in pieces:
            put([next(rows) for _ in piece], piece)


def begin_and_raise(path: Path, failure: type[BaseException]) -> None:
    with writing_vectors(path, 4, MADE_WITH, with_text=False) as put:
        put(rows_of(["x"] * 3), some(3))
        raise failure


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a .parquet or .jsonl file."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def vectors_of(path: Path, dim: int) -> FloatArray:
    if path.suffix == ".npy":
        return np.load(path)
    return np.array([row["vector"] for row in read(path)], np.float64).astype(np.float32).reshape(-1, dim)


def some(n: int, dim: int = 4) -> FloatArray:
    return np.random.default_rng(n).standard_normal((n, dim)).astype(np.float32)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(ARRAYS, min_size=1, max_size=3), st.sampled_from(KINDS))
def test_every_number_is_read_back_bit_for_bit(pieces: list[FloatArray], kind: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, f"out{kind}")
        write(path, pieces)
        found, expected = vectors_of(path, 3), np.concatenate(pieces)
        assert (found.shape, found.dtype) == (expected.shape, np.float32)
        np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(ANY_TEXT, max_size=5), st.sampled_from([".parquet", ".jsonl"]))
def test_any_ids_and_texts_are_read_back_except_lone_surrogates(texts: list[str], kind: str) -> None:
    expected = ["".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in text) for text in texts]
    with TemporaryDirectory() as folder:
        path = Path(folder, f"out{kind}")
        with writing_vectors(path, 2, MADE_WITH, with_text=True) as put:
            put([NamedText(text, text, 0) for text in texts], some(len(texts), 2))
        kept = [(row["id"], row["text"]) for row in read(path)]
    assert kept == [(text, text) for text in expected]


def test_numpy_maps_its_file_whose_header_has_one_length_for_any_number_of_rows(tmp_path: Path) -> None:
    sizes = [0, 1, 1000]
    for n in sizes:
        write(tmp_path / f"{n}.npy", [some(n)])
        mapped = np.load(tmp_path / f"{n}.npy", mmap_mode="r", allow_pickle=False)
        np.testing.assert_array_equal(mapped, some(n))
    assert [(tmp_path / f"{n}.npy").stat().st_size - n * 16 for n in sizes] == [128] * 3


def test_numpy_writes_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "ours.npy", [some(3), some(2)])
    np.save(tmp_path / "theirs.npy", np.concatenate([some(3), some(2)]))
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()


def test_a_parquet_file_has_a_vector_column_and_says_what_made_it(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [some(2), some(3)])
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert [str(field.type) for field in file.schema_arrow] == ["string", "fixed_size_list<element: float>[4]"]
    assert json.loads(file.schema_arrow.metadata[b"vecsearch"]) == MADE_WITH
    assert file.num_row_groups == 2  # one for each piece: written as they came


def test_json_has_the_fewest_digits_that_give_the_number_again() -> None:
    out = BytesIO()
    write(out, [np.array([[0.1, 1, -0.0, 1e-45, 3e38, 0.018364934]], np.float32)], ["a text"])
    line = '{"id": "id 0", "text": "a text", "vector": [0.1, 1.0, -0.0, 1e-45, 3e+38, 0.018364934]}\n'
    assert out.getvalue().decode() == line


def test_a_stream_has_its_lines_as_they_come() -> None:
    out = BytesIO()
    with writing_vectors(out, 4, MADE_WITH, with_text=False) as put:
        for n in (1, 2):
            put(rows_of(["x"] * n), some(n))
            assert out.getvalue().count(b"\n") == (1 if n == 1 else 3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_the_old_file_stays_when_writing_fails(tmp_path: Path, kind: str, failure: type[BaseException]) -> None:
    path = tmp_path / f"a{kind}"
    write(path, [some(2)])
    before = path.read_bytes()
    with pytest.raises(failure):
        begin_and_raise(path, failure)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a.txt", "a", "a.csv", ".npy"])
def test_another_kind_of_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidOption, match=r"name a file that ends in \.npy, \.parquet or \.jsonl"):
        check_output(tmp_path / name, [], with_text=False)


def test_texts_are_refused_for_a_file_of_vectors_only(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=r"for texts name a file that ends in \.parquet or \.jsonl"):
        check_output(tmp_path / "a.npy", [], with_text=True)
    check_output(tmp_path / "A.PARQUET", [], with_text=True)
    check_output(BytesIO(), [], with_text=True)


def test_the_folder_must_exist_and_the_file_must_not_be_one(tmp_path: Path) -> None:
    (tmp_path / "folder.npy").mkdir()
    for path in (tmp_path / "absent" / "a.npy", tmp_path / "folder.npy"):
        with pytest.raises(PathNotFound, match="cannot be written"):
            check_output(path, [], with_text=False)


def test_a_file_that_is_read_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text('"x"\n')
    with pytest.raises(InvalidOption, match="is also read and would be replaced"):
        check_output(Path("a.jsonl"), [tmp_path / "a.jsonl"], with_text=False)
