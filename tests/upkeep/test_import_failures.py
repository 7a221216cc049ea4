"""Import of what is no export, or that is cut short, fails or is interrupted: an index is whole or not there."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import vecsearch.upkeep.importing
from tests.helpers.counting import CountingEncoder
from tests.helpers.failing import Failing
from tests.helpers.varied import QUERIES, small_sizes, varied_index
from tests.helpers.writing import content_of, write
from vecsearch import Document, Index, IndexNotFound, InvalidDocument, PathNotFound


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export that nobody changes."""
    folder = tmp_path_factory.mktemp("exported")
    (folder / "notes").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VECSEARCH_CACHE", str(folder / "cache"))
        small_sizes(patch)
        varied_index(folder / "index", folder / "notes", CountingEncoder()).export(folder / "index.parquet")
    return folder / "index.parquet"


@pytest.fixture
def exported(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the export, to be damaged and read in small pieces."""
    small_sizes(monkeypatch)
    return Path(shutil.copy(file, tmp_path))


def rewritten(path: Path, change: Callable[[pa.Table], pa.Table]) -> Path:
    """The exported file as another program might write it again."""
    pq.write_table(change(pq.read_table(path)), path)
    return path


def with_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(place), values)


def with_vectors(table: pa.Table, factor: float) -> pa.Table:
    vectors = np.array(table.column("vector").to_pylist(), np.float32) * np.float32(factor)
    kind = table.schema.field("vector").type
    return with_column(table, "vector", pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), type=kind))


def described(table: pa.Table, text: bytes) -> pa.Table:
    return table.replace_schema_metadata({b"vecsearch": text})


def with_no_text(table: pa.Table) -> pa.Table:
    """The first text holds bytes that are no UTF-8."""
    texts = [b"\xff\xfe", *(text.encode() for text in table.column("text").to_pylist()[1:])]
    return with_column(table, "text", pa.Array.from_buffers(pa.string(), len(texts), pa.array(texts).buffers()))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (with_no_text, "row 0, column text: .*Invalid UTF8"),
        (lambda t: t.replace_schema_metadata(None), "does not describe an index"),
        (lambda t: described(t, b"{"), "does not describe an index"),
        (lambda t: described(t, b"[]"), "does not describe an index"),
        (lambda t: described(t, b'{"model": {"name": "x"}}'), "does not describe an index"),
        (
            lambda t: described(t, t.schema.metadata[b"vecsearch"].replace(b"cosine", b"euclid")),
            "metric is 'euclid'",
        ),
        (lambda t: described(t, t.schema.metadata[b"vecsearch"].replace(b"32", b"16")), "expected lists of 16 floats"),
        (lambda t: t.drop_columns(["vector"]), "vector"),
        (lambda t: t.drop_columns(["ordinal"]), "expected those of chunks"),
        (lambda t: t.select(["text", "vector"]), "expected those of chunks"),
        (lambda t: t.filter(pc.not_equal(t["ordinal"], 0)), "not together"),
        (lambda t: t.filter(pc.not_equal(t["ordinal"], 1)), "not together"),
        (lambda t: pa.concat_tables([t.slice(0, 2), t.slice(3).filter(pc.greater(t.slice(3)["ordinal"], 0))]), "not"),
        (lambda t: t.take(list(range(t.num_rows))[::-1]), "not together"),
        (lambda t: pa.concat_tables([t, t]), "a document occurs twice"),
        (lambda t: with_vectors(t, 0), "zero"),
        (lambda t: with_vectors(t, np.nan), "NaN"),
        (lambda t: with_vectors(t, 2), "not a unit vector"),
    ],
)
def test_a_parquet_file_that_is_no_export_is_refused_and_leaves_nothing(
    exported: Path, tmp_path: Path, change: Callable[[pa.Table], pa.Table], reason: str
) -> None:
    rewritten(exported, change)
    with pytest.raises(InvalidDocument, match=reason) as raised:
        Index.from_export(exported, tmp_path / "imported")
    assert str(exported) in str(raised.value)
    assert not (tmp_path / "imported").exists()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not Parquet at all" * 100])
def test_what_is_no_parquet_file_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    file = write(tmp_path / "file", content)
    with pytest.raises(InvalidDocument, match="is not an index that vecsearch export wrote"):
        Index.from_export(file, tmp_path / "imported")
    assert not (tmp_path / "imported").exists()
    for absent in (tmp_path / "absent", tmp_path):
        with pytest.raises(PathNotFound, match="there is no file"):
            Index.from_export(absent, tmp_path / "imported")


def test_a_file_that_is_cut_short_or_damaged_gives_no_index(exported: Path, tmp_path: Path) -> None:
    whole = exported.read_bytes()
    for length in (4, len(whole) // 2, len(whole) - 1):
        exported.write_bytes(whole[:length])
        with pytest.raises(InvalidDocument):
            Index.from_export(exported, tmp_path / "imported")
    pages = len(whole) * 2 // 3
    exported.write_bytes(bytes(8).join([whole[:100], whole[108:pages], whole[pages + 8 :]]))
    with pytest.raises(InvalidDocument):
        Index.from_export(exported, tmp_path / "imported")
    assert not (tmp_path / "imported").exists()


def test_a_file_whose_rows_were_all_taken_out_makes_an_empty_index(exported: Path, tmp_path: Path) -> None:
    imported = Index.from_export(rewritten(exported, lambda table: table.slice(0, 0)), tmp_path / "imported")
    assert (len(imported), imported.search(QUERIES[0]), imported.verify().ok) == (0, [], True)


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_whichever_operation_fails_an_import_is_whole_or_none_is_there(
    tmp_path: Path, encoder: CountingEncoder, code: int
) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document("a", "text"), Document("b", "more text")])
    index.export(tmp_path / "file")
    for number in count():
        target = tmp_path / str(number)
        with Failing(number, code=code).installed() as failing:
            try:
                Index.from_export(tmp_path / "file", target)
                returned = True
            except OSError:
                returned = False
        try:
            found = Index.open(target)
        except IndexNotFound:
            assert not returned
            found = Index.from_export(tmp_path / "file", target)
        assert (len(found), found.verify().problems) == (2, ())
        if failing.failed is None:
            break
    assert number > 8


def test_an_import_that_is_interrupted_leaves_nothing(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = vecsearch.upkeep.importing._write_segment, []

    def interrupted(*arguments: Any) -> Any:
        seen.append(list((tmp_path / "imported" / "segments").iterdir()))
        if len(seen) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(vecsearch.upkeep.importing, "_write_segment", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Index.from_export(exported, tmp_path / "imported")
    assert len(seen[-1]) == 2
    assert not (tmp_path / "imported").exists()
    (tmp_path / "imported").mkdir()
    seen.clear()
    with pytest.raises(KeyboardInterrupt):
        Index.from_export(exported, tmp_path / "imported")
    assert list(content_of(tmp_path / "imported").values()) in ([], [b""])
    monkeypatch.undo()
    assert len(Index.from_export(exported, tmp_path / "imported")) > 0
