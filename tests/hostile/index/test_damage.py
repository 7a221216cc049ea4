"""Damage in any file of an index: found by verify, no crash, and never in a new version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.damage_trials import make_index, run
from vecsearch import Document, Index, IndexDamaged, verify_index


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_index(tmp_path_factory.mktemp("start"))


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_cannot_end_the_process_or_get_into_a_new_version_by_damage(start: Path, tmp_path: Path, seed: int) -> None:
    trials = 12 if seed == 1 else 100
    seen = run(start, tmp_path / "trials", seed, trials)
    assert seen.keys() <= {"found", "unchanged"}
    assert seen.total() == trials
    assert seen["found"] > trials // 2


COPIES: dict[str, Callable[[Index, Path], object]] = {
    "merge": lambda index, _: index.add([Document("new", "a heron")]),
    "compact": lambda index, _: index.compact(),
    "export": lambda index, place: index.export(place / "out.parquet"),
    "metadata": lambda index, _: index.update_metadata(["a"], {"n": 2}),
}


def flipped(path: Path) -> bytes:
    """Change a number in a text, a word's posting or a vector; return what the file was."""
    whole = path.read_bytes()
    content = bytearray(whole)
    at = content.index(b"a 1000") if path.name == "rows.arrow" else len(content) - 8
    content[at + 2] ^= 4
    path.write_bytes(content)
    return whole


@pytest.mark.parametrize(
    ("copy", "file"),
    [
        *(
            (copy, file)
            for copy in ("merge", "compact", "metadata")
            for file in ("rows.arrow", "vectors.faiss", "postings.bin")
        ),
        *(("export", file) for file in ("rows.arrow", "vectors.faiss")),
    ],
)
def test_cannot_carry_a_flipped_bit_into_what_is_copied_from_it(tmp_path: Path, copy: str, file: str) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    index.add(Document(name, f"heron {name} 1000", {"n": 1000}) for name in ("a", "b"))
    index.delete(["b"])  # so that there is something to compact
    [path] = index.path.glob(f"segments/*/{file}")
    flipped(path)
    opened = Index.open(index.path, model=CountingEncoder())
    with pytest.raises(IndexDamaged, match=rf"{file} does not match its checksum: run vecsearch verify --repair"):
        COPIES[copy](opened, tmp_path)
    assert not (tmp_path / "out.parquet").exists()
    assert Index.open(index.path).info().version == index.info().version


def test_cannot_carry_damage_that_it_has_open_after_the_file_was_repaired(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    index.add([Document("a", "heron a 1000")])
    [path] = index.path.glob("segments/*/rows.arrow")
    whole = flipped(path)
    opened = Index.open(index.path, model=CountingEncoder())
    assert opened.search("heron")[0].text == "heron a 5000"
    path.unlink()
    path.write_bytes(whole)  # another file: what is mapped stays as it was
    with pytest.raises(IndexDamaged, match=r"rows\.arrow does not match its checksum"):
        opened.export(tmp_path / "out.parquet")
    opened.add([Document("b", "another")])
    assert {document.text for document in Index.open(index.path, model=CountingEncoder())} == {
        "heron a 1000",
        "another",
    }


def test_cannot_change_its_record_by_a_copy_that_is_derived(tmp_path: Path) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder())
    index.add([Document("a", "the number is 1000 herons", {"n": 1000})])
    [path] = index.path.glob("segments/*/rows.arrow")
    path.write_bytes(path.read_bytes().replace(b"is 1000 herons", b"is 5096 herons"))
    other = Index.open(index.path, model=CountingEncoder())
    with pytest.raises(IndexDamaged, match=r"rows\.arrow"):
        other.add([Document("b", "another")])
    assert verify_index(index.path, repair=True).repaired
    Index.open(index.path, model=CountingEncoder()).add([Document("b", "another")])
    texts = [
        text
        for path in index.path.glob("segments/*/chunks.parquet")
        for text in pq.read_table(path)["text"].to_pylist()
    ]
    assert "the number is 1000 herons" in texts
    assert not [text for text in texts if "5096" in text]


def _damage_column(index: Index, column: str) -> None:
    """Change one value of a column in the copy that is derived, so that it stays valid."""
    [path] = index.path.glob("segments/*/rows.arrow")
    rows = pa.ipc.open_file(path.read_bytes()).read_all().column(column).combine_chunks()
    content, at = bytearray(path.read_bytes()), rows.buffers()[-1].to_pybytes()
    place = content.index(at) + (4 if column == "ordinal" else 0)  # the second chunk, or the first text
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("column", "write"),
    [
        ("document_id", lambda index: index.add([Document("aaaaaaaa", "new text")])),
        ("document_id", lambda index: index.delete(["aaaaaaaa", "c"])),
        ("ordinal", lambda index: index.delete(["aaaaaaaa"])),
        ("ordinal", lambda index: index.add([Document("c", "other")])),
        ("metadata.name", lambda index: index.delete(where="name = 'oo'")),
    ],
)
def test_cannot_decide_by_damaged_rows_what_is_written(
    tmp_path: Path, column: str, write: Callable[[Index], object]
) -> None:
    index = Index.create(tmp_path / "index", model=CountingEncoder(), chunk_tokens=8)
    index.add(
        [
            Document("aaaaaaaa", "one two three four five six seven eight. " * 3, {"name": "no"}),
            Document("c", "short", {"name": "oo"}),
            *(Document(f"more {number}", "x y z") for number in range(20)),  # so that nothing is merged
        ]
    )
    _damage_column(index, column)
    opened = Index.open(index.path, model=CountingEncoder())
    with pytest.raises(IndexDamaged, match=r"rows\.arrow does not match its checksum: run vecsearch verify --repair"):
        write(opened)
    assert verify_index(index.path, repair=True).ok
    assert Index.open(index.path).info().version == index.info().version
    write(Index.open(index.path, model=CountingEncoder()))
    assert verify_index(index.path).ok
