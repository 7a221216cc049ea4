"""A compressed file of records is read as the file in it: the same documents, the same errors."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Index, Report


def in_zip(data: bytes, name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


PACKED: dict[str, Callable[[bytes, str], bytes]] = {
    "{}.gz": lambda data, _: gzip.compress(data),
    "{}.bz2": lambda data, _: bz2.compress(data),
    "{}.xz": lambda data, _: lzma.compress(data),
    "{}.zip": in_zip,
}


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": ["p", None], "text": ["alpha", "beta"], "n": [1, 2]}), buffer)
    return buffer.getvalue()


FILES = {
    "a.jsonl": b'{"id": "a", "text": "alpha", "n": 1}\n{broken\n{"id": "b"}\n{"id": "c", "text": "beta", "v": NaN}\n',
    "b.csv": "\ufeffid,text,title\nx,gamma,T\ny,,\nz,delta,\n".encode(),
    "c.tsv": b"_id\ttext\nq\tone\n",
    "d.ndjson": b'{"id": 7, "text": "seven"}\r\n[1]\r\n',
    "e.parquet": parquet(),
    "none.jsonl": b'{"a": 1}\n{"a": 2}\n',
    "empty.csv": b"id,text\n",
}


def outcome(path: Path, name: str) -> tuple[object, ...]:
    """The documents that a file gives and what goes wrong, whatever the file is called."""
    with Index.create(None, model=CountingEncoder()) as index:
        report: Report = index.sync(path)
        documents = [(document.id, document.text, document.metadata) for document in index]

    def place(source: str) -> str:
        return source.rpartition("!")[2].rpartition("/")[2]

    failed = [(place(each.source), each.reason) for each in report.failed]
    return documents, failed, [(place(each.source), each.reason) for each in report.skipped]


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("name", FILES)
def test_it_gives_the_documents_and_errors_of_the_file_in_it(tmp_path: Path, name: str, packed: str) -> None:
    plain = tmp_path / "plain" / name
    plain.parent.mkdir()
    plain.write_bytes(FILES[name])
    path = tmp_path / packed.format(name)
    path.write_bytes(PACKED[packed](FILES[name], name))
    if packed == "{}.zip" and name == "none.jsonl":
        pytest.skip("an archive may hold tables that are no records, as a folder may")
    assert outcome(path, name) == outcome(plain, name)
