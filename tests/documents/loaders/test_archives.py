"""Archives and compressed files: what is in them, what it is called, and how much of it there may be."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import made_files as made
from tests.helpers.samples import NEEDLE, tar, zstd
from vecsearch.documents import Skip
from vecsearch.reports import Failure
from vecsearch.types import Document

ReadHere = Callable[..., list[Document | Failure]]


def told(found: list[Document | Failure], archive: Path) -> dict[str, str]:
    """For each source inside the archive its text, or the reason why there is none."""
    return {
        (one.source or "").removeprefix(f"{archive}!"): one.text if isinstance(one, Document) else one.reason
        for one in found
    }


FILES = {"notes.md": b"# One", "in/page.html": b"<p>two", "in/empty.txt": b"", "a.png": b"\x89PNG\r\n\x1a\n\0"}
TOLD = {"notes.md": "# One", "in/page.html": "two", "in/empty.txt": "empty file", "a.png": "binary file (PNG)"}


def test_a_folder_that_was_packed_from_inside_has_plain_names(read_here: ReadHere, tmp_path: Path) -> None:
    found = read_here("a.tar", tar({"./in/notes.md": b"x", "./.hidden": b"no"}))
    assert told(found, tmp_path / "a.tar") == {"in/notes.md": "x"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", made.zipped(FILES)),
        ("a.tar", tar(FILES)),
        ("a.tgz", tar(FILES, "w:gz")),
        ("a.tar.bz2", tar(FILES, "w:bz2")),
        ("a.tar.xz", tar(FILES, "w:xz")),
        ("a.tar.zst", zstd(tar(FILES))),
    ],
)
def test_each_file_inside_is_named_by_its_path_behind_that_of_the_archive(
    read_here: ReadHere, tmp_path: Path, name: str, data: bytes
) -> None:
    found = read_here(name, data)
    assert told(found, tmp_path / name) == TOLD
    ids = [one.id for one in found if isinstance(one, Document)]
    assert ids == ["the-id!notes.md", "the-id!in/page.html"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes.md.gz", gzip.compress(b"# One", mtime=0)),
        ("notes.md.bz2", bz2.compress(b"# One")),
        ("notes.md.XZ", lzma.compress(b"# One")),
        ("notes.md.zst", zstd(b"# One")),
        ("notes.md.gz", gzip.compress(b"# ", mtime=0) + gzip.compress(b"One", mtime=0)),
        ("notes.md.zst", zstd(b"# ") + zstd(b"One")),
    ],
)
def test_a_compressed_file_is_read_as_what_it_is_without_that(
    read_here: ReadHere, tmp_path: Path, name: str, data: bytes
) -> None:
    (document,) = read_here(name, data)
    assert isinstance(document, Document)
    assert document.source == f"{tmp_path / name}!notes.md"
    assert (document.text, document.outline.headings[0].title) == ("# One", "One")


def test_records_in_archives_are_records_and_other_tables_text(read_here: ReadHere, tmp_path: Path) -> None:
    records = '{"id": 1, "text": "x", "year": 2024}\n{"id": 2, "text": "y"}\n{"id": 3}\n'
    found = read_here("a.zip", made.zipped({"a.jsonl": records, "b.csv": "item,n\npen,3\n"}))
    assert [one.id for one in found if isinstance(one, Document)] == ["1", "2", "the-id!b.csv"]
    assert told(found, tmp_path / "a.zip") == {
        "a.jsonl": "y",
        "a.jsonl:3": "no text in its field 'text'",
        "b.csv": "item: pen | n: 3",
    }


def test_archives_in_archives_have_all_names_in_a_row_and_end(read_here: ReadHere, tmp_path: Path) -> None:
    data = NEEDLE.encode()
    for depth in range(4):
        data = made.zipped({f"{depth}.zip" if depth else "a.txt": data})
    (document,) = read_here("a.zip", data)
    assert isinstance(document, Document)
    assert document.source == f"{tmp_path / 'a.zip'}!3.zip!2.zip!1.zip!a.txt"
    for depth in range(4):
        data = made.zipped({f"more {depth}.zip": data})
    (failure,) = read_here("a.zip", data)
    assert isinstance(failure, Failure)
    assert failure.reason == "inside more than 5 other files: unpack the outermost and index the folder"


@pytest.mark.parametrize("inside", ["../../etc/passwd", "/etc/passwd", "C:\\Windows\\a.txt", "a/../../b.txt"])
def test_a_name_is_only_a_name(
    read_here: ReadHere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    before = made.zipped({inside: "x"})
    folder = tmp_path / "deep" / "deeper"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    for name, data in (("a.zip", before), ("a.tar", tar({inside: b"x"}))):
        (document,) = read_here(name, data)
        assert isinstance(document, Document)
        assert document.source == f"{tmp_path / name}!" + inside.replace("\\", "/")
    assert {path.name for path in tmp_path.rglob("*")} == {"a.zip", "a.tar", "deep", "deeper"}


def test_hidden_files_are_passed_over_as_in_a_folder(read_here: ReadHere, tmp_path: Path) -> None:
    files = {
        ".env": b"secret",
        ".git/config": b"no",
        "__MACOSX/._a.txt": b"no",
        "a.txt": b"yes",
        "b/.hidden/c.txt": b"no",
    }
    assert told(read_here("a.zip", made.zipped(files)), tmp_path / "a.zip") == {"a.txt": "yes"}
    assert told(read_here("a.tar", tar(files)), tmp_path / "a.tar") == {"a.txt": "yes"}


def test_an_archive_of_nothing_is_skipped(read_here: ReadHere, tmp_path: Path) -> None:
    for name, data in (("a.zip", made.zipped({".hidden": b"x"})), ("a.tar", tar({}))):
        (skip,) = read_here(name, data)
        assert isinstance(skip, Skip)
        assert skip.source == str(tmp_path / name)
        assert skip.reason in ("nothing in it to index", "binary file")


def test_two_files_of_one_name_are_two_documents(read_here: ReadHere) -> None:
    found = read_here("a.tar", tar({"a.txt": b"one"})[:1024] + tar({"a.txt": b"two"}))
    assert [one.id for one in found if isinstance(one, Document)] == ["the-id!a.txt", "the-id!a (2).txt"]


def test_links_and_devices_in_an_archive_lead_nowhere(read_here: ReadHere, tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    (skip,) = read_here("a.tar", out.getvalue())
    assert skip == Skip(str(tmp_path / "a.tar"), "nothing in it to index")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", made.zipped({"a.txt": b"a" * 3_000_000})),
        ("a.txt.gz", gzip.compress(b"a" * 3_000_000)),
        ("a.tar.gz", tar({"a.bin": bytes(1_500_000), ".b": bytes(1_500_000)}, "w:gz")),
        ("a.txt.zst", zstd(b"a" * 3_000_000)),
        ("a.zip", made.zipped({f"{n}.zip": made.zipped({"a.txt": b"a" * 700_000}) for n in range(5)})),
        ("a.docx", made.docx(made.paragraph("a" * 3_000_000))),
        ("a.epub", made.epub(["a" * 3_000_000])),
    ],
)
def test_what_unpacks_to_too_much_is_given_up(read_here: ReadHere, name: str, data: bytes) -> None:
    found = read_here(name, data, always=1_000_000, ratio=10)
    reasons = [one.reason for one in found if isinstance(one, Failure)]
    assert reasons
    assert set(reasons) == {"unpacks to more than 1,000,000 bytes: unpack it and index the folder"}


def test_more_may_be_unpacked_from_a_larger_file(read_here: ReadHere) -> None:
    data = made.zipped({"a.txt": b"a" * 3_000_000})
    (document,) = read_here("a.zip", data, always=1, ratio=2_000)
    assert isinstance(document, Document)


@pytest.mark.parametrize(("name", "pack"), [("a.zip", made.zipped), ("a.tar", tar)])
def test_an_archive_of_too_many_files_is_given_up(read_here: ReadHere, name: str, pack: Callable[..., bytes]) -> None:
    *_, failure = read_here(name, pack({f"{n}.txt": b"x" for n in range(5)}), members=4)
    assert isinstance(failure, Failure)
    assert failure.reason == "contains more than 4 files: unpack it and index the folder"


def test_a_locked_archive_fails_with_that_reason(read_here: ReadHere) -> None:
    data = bytearray(made.zipped({"a.txt": b"x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag of an encrypted member
    data[6] |= 1
    (failure,) = read_here("a.zip", bytes(data))
    assert isinstance(failure, Failure)
    assert failure.reason == "encrypted: remove the password to index it"


def test_a_member_packed_in_an_unknown_way_fails_alone(read_here: ReadHere, tmp_path: Path) -> None:
    data = bytearray(made.zipped({"a.txt": b"x", "b.txt": b"y"}))
    data[data.index(b"PK\x01\x02") + 10] = 99
    data[8] = 99
    assert told(read_here("a.zip", bytes(data)), tmp_path / "a.zip") == {
        "a.txt": "That compression method is not supported",
        "b.txt": "y",
    }


@pytest.mark.parametrize("name", ["lib.jar", "model.npz", "app.apk"])
def test_a_zip_file_that_nobody_calls_an_archive_is_skipped(read_here: ReadHere, tmp_path: Path, name: str) -> None:
    found = read_here(name, made.zipped({"a.txt": b"\xff text"}))
    assert found == [Skip(str(tmp_path / name), "binary file (ZIP or Office)")]


def test_old_office_without_a_loader_is_skipped(read_here: ReadHere, tmp_path: Path) -> None:
    found = read_here("a.doc", made.compound({"WordDocument": b"\xff"}))
    assert found == [Skip(str(tmp_path / "a.doc"), "binary file (old Office)")]
