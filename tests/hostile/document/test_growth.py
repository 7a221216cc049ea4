"""Documents and patterns of growing size: the time to read them grows in proportion, whatever is repeated in them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from time import process_time

import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch.chunking import Chunking, chunk_document
from vecsearch.documents import Selection, scan
from vecsearch.documents.formats import format_of
from vecsearch.documents.globs import parse_glob
from vecsearch.documents.limits import Budget, Limits
from vecsearch.documents.loading import documents_in
from vecsearch.documents.piece import Piece
from vecsearch.documents.records import RecordFields
from vecsearch.errors import InvalidOption
from vecsearch.types import Document, Heading, Outline

_SIZE = 20_000  # bytes: small, so that a hostile document shows long before it hurts
_ENOUGH = 0.05  # CPU seconds that can be compared
_TIMES = 4

# What is repeated, by the name of the file; each was slow once, or looks as if it could be.
REPEATED = {
    "a.md": [
        "# " + "a b {" * 50 + "\n",
        "# a {#b}\r",
        "# a" + " " * 800 + "b\n\n",
        "# `" + " " * 800 + "` {\n",
        "> ",
        "- ",
        "* * ",
        "`` ` ",
        "[",
        "![a](",
        "<a ",
        "a\n===\n",
        "|a|b|\n|-|-|\n",
        "**a _b ",
        "[a]: <b\n",
        "\r",
        "\\`*_",
        "1. a\n    2. b\n",
    ],
    "a.rst": [
        "*a " * 300 + "\n" + "=" * 900 + "\n\n",
        ":a" * 400 + "\n" + "=" * 900 + "\n\n",
        "`a <" * 250 + "\n" + "=" * 1000 + "\n\n",
        "``a" * 300 + "\n" + "=" * 900 + "\n\n",
        "a::\n\n",
        "a::\n b::\n  c\n",
        "== ==\n",
        "+-+\n| |\n",
        "A\n=\n\nB\n-\n\n",
        ".. code::\n\n",
    ],
    "a.adoc": [
        "= " + "*a " * 300 + "\n",
        "= " + "[[" * 400 + "\n",
        "= " + "link:" * 180 + "\n",
        "= " + "[#" * 400 + "\n",
        "= a" + " " * 900 + "b\n",
        "----\n",
        "====\n",
        ":author: " + " a" * 300 + "\n",
    ],
    "a.tex": [
        "\\section{",
        "\\section{a\n",
        "\\section[a\n",
        "\\begin{align}",
        "\\title{\\cite[",
        "\\footnote{a} % {\n",
        "\\begin{equation}\\end{equation}",
        "{",
    ],
    "a.html": [
        "<h1><div>a",
        "<pre>\n</pre>",
        "<meta charset= ",
        "<table><tr><td>",
        "<br>",
        "<p>a",
        "<!-- a -->",
        "<a b='",
        "&amp",
    ],
    "a.xml": ["<!-- a -->\n", "<?a?>", "<!DOCTYPE a>", "<!DOCTYPE a[", "<!--", " \n"],
    "a.py": ["def a():\n", "    x\n", " ", "\t", "\n", "# a\n", "(\n"],
    "a.txt": ["a ", " ", "\n", "\u0301", "a\u0301", ".\"' ", "。", "\u200d", "\U0001f1e6", "中", "'"],
    "a.eml": [
        "A: b\n",
        "From: <",
        "A: =?utf-8?q?a?= ",
        "A:\n b\n",
        "Content-Type: multipart/mixed; boundary=a\n\n--a\n",
    ],
    "a.mbox": ["From a 2024\nA: b\n\nc\n\n", "From ", ">From a\n"],
    "a.csv": ['id,text\n"a', "a,b\n", '"', '""\n', "a\0b,\n", ",", "'\n"],
    "a.jsonl": ['{"id": "a", "text": "b"}\n', "[", '{"a":', "1", '"\\u0000"\n', "{}\n"],
}
HEADS = {"a.md": "---\n", "a.html": "<html>", "a.xml": '<?xml version="1.0"?>', "a.eml": "Subject: a\n"}
CASES = [(name, part, head) for name, parts in REPEATED.items() for part in parts for head in {"", HEADS.get(name, "")}]


def _read(name: str, data: bytes) -> None:
    """Read the file as a loader does, whatever it is, and cut what came of it into chunks."""
    piece = Piece(
        id=name,
        source=name,
        name=name,
        size=len(data),
        head=data[:8192],
        opened=lambda: BytesIO(data),
        limits=Limits(),
        budget=Budget(Limits(), len(data)),
        fields=RecordFields(),
        expect_records=False,
    )
    for found in documents_in(piece):
        if isinstance(found, Document):
            chunk_document(found, CountingEncoder(), Chunking(max_tokens=64))


def _growth(work: Callable[[int], None]) -> str | None:
    """Return how the CPU time of `work` grows with its size, when it is more than in proportion; else None."""
    size = _SIZE
    before = _seconds(work, size)
    while size < 64 * _SIZE:
        now = _seconds(work, _TIMES * size)
        if now > _ENOUGH and before > _ENOUGH / 8:
            least = min(before, _seconds(work, size), _seconds(work, size))
            now = min(now, _seconds(work, _TIMES * size))
            return None if now < 10 * least else f"{least:.3f} s for {size:,}, {now:.3f} s for {_TIMES * size:,}"
        if now > _ENOUGH:
            return f"{before:.4f} s for {size:,}, {now:.3f} s for {_TIMES * size:,}"
        size, before = _TIMES * size, now
    return None


def _seconds(work: Callable[[int], None], size: int) -> float:
    started = process_time()
    work(size)
    return process_time() - started


@pytest.mark.slow
@pytest.mark.parametrize(("name", "part", "head"), CASES)
def test_cannot_take_more_time_than_its_size_deserves(name: str, part: str, head: str) -> None:
    def work(size: int) -> None:
        _read(name, (head + part * (size // len(part.encode()))).encode())

    work(100)  # what is imported on the way
    assert _growth(work) is None


@pytest.mark.parametrize("part", ["<!-- a -->\n", "<?a?>\n", "<!DOCTYPE a>", "<!-- -- ", "<?a ", " \n", "<!DOCTYPE ["])
def test_cannot_make_its_format_hard_to_tell(part: str) -> None:
    head = ('<?xml version="1.0"?>' + part * 2_000).encode()
    assert _growth(lambda size: [format_of("a.xml", head[:size]) for _ in range(20)] and None) is None


GLOBS = [
    "*a" * 40 + "b",
    "**/" * 60 + "b",
    "*" * 5_000 + "b",
    "a*" * 40 + "/b",
    "**/a*/" * 20 + "b",
    "?*" * 40 + "b",
    "[a-z]*" * 40 + "[!a]",
    "*/" * 60 + "b",
    "**/*a*a*a*a*a*a/**/*a*a*a*a*b",
    "a/**/" * 20 + "*a*a*a*a*b",
]


@pytest.mark.parametrize("glob", GLOBS, ids=range(len(GLOBS)))
@pytest.mark.parametrize("path", ["a", "a/", "aa/"])
def test_cannot_hang_a_scan_with_the_stars_of_a_gitignore(glob: str, path: str) -> None:
    parsed = parse_glob(glob)
    assert parsed is not None

    def work(size: int) -> None:
        for _ in range(20):
            parsed.matches(path * (size // 400 // len(path)) + "c")

    assert _growth(work) is None


def test_cannot_make_a_glob_that_takes_long_to_parse() -> None:
    assert parse_glob("*a" * 100_000) is None  # longer than any path
    assert parse_glob("*" * 1_000_000 + "a") is not None
    with pytest.raises(InvalidOption, match=r"matches nothing"):
        Selection(exclude=("*a" * 100_000,))


@pytest.mark.parametrize("titles", [["a" * 1_000_000], ["a" * 900] * 60, ["a", "b" * 5_000, "c"]])
def test_cannot_repeat_long_titles_in_every_chunk(titles: list[str]) -> None:
    headings = tuple(Heading(number, number + 1, title) for number, title in enumerate(titles))
    document = Document("a", "some words " * 2_000, outline=Outline(headings))
    chunks = chunk_document(document, CountingEncoder(), Chunking(max_tokens=64))
    assert max(len(chunk.heading) for chunk in chunks) <= 1_000 + 3 * len(titles)
    assert chunks[-1].heading.endswith(titles[-1][:1_000])


def test_cannot_hang_a_scan_with_its_gitignore(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*a" * 30 + "b\n" + "*" * 3_000 + "x\n")
    (tmp_path / ("a" * 200)).write_text("text")
    assert [Path(str(getattr(found, "path", ""))).name for found in scan([tmp_path])] == ["a" * 200]
