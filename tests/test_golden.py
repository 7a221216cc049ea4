"""An index that an earlier version wrote opens, answers as it did then, is whole, and can be written to.

`tests/golden/make.py` has made the indexes of what is here. Nothing here may change once a format is released: a new
format gets documents of its own.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from datetime import date, datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.writing import content_of
from vecsearch import Document, Index, ModelMismatch
from vecsearch.types import FloatArray, IntArray, Role

GOLDEN = Path(__file__).parent / "golden"
FORMATS = sorted(path.name for path in GOLDEN.glob("format-*"))


class GoldenEncoder:
    """Words to vectors by a hash: whole numbers below 2**24, which every machine adds up to the same float32."""

    name = "golden"
    dim = 8
    max_tokens = 32
    fingerprint = hashlib.sha256(b"the golden encoder, 1").hexdigest()

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        return np.stack(
            [sum(map(self._word, re.findall(r"\w+", text.lower())), np.zeros(8, np.float32)) for text in texts]
        )

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        return [
            np.array([match.span() for match in re.finditer(r"\w+", text)], np.int64).reshape(-1, 2) for text in texts
        ]

    def _word(self, word: str) -> FloatArray:
        return np.frombuffer(hashlib.blake2b(word.encode(), digest_size=8).digest(), np.int8).astype(np.float32)


DOCUMENTS = [
    Document(
        "cats",
        "A cat purrs when it is content. A cat sleeps for most of the day, and hunts mice at night when nobody looks.",
        {"legs": 4, "wild": False, "weight": 4.5, "names": ["Tom", "Mia"], "seen": date(2024, 2, 29), "mixed": 1},
    ),
    Document(
        "dogs",
        "A dog barks at strangers. A dog runs after a ball until it is tired, and then it sleeps beside the fire.",
        {"legs": 4, "wild": False, "at": datetime(2024, 2, 29, 12, 30, 15, 250), "mixed": "two", "große": 2**70},
        source="https://example.org/dogs",
    ),
    Document(
        "birds",
        "Vögel singen am Morgen. 鳥は朝に歌う。 Birds sing in the morning 🐦 and fly south before winter.",
        {"legs": 2, "wild": True, "moment": datetime(2024, 1, 1, tzinfo=timezone.utc), "nested": {"a": [1, None, "x"]}},
    ),
    Document("ships", "A ship floats.", {"legs": 0}),
]
FILES = {
    "device.md": "# Device\n\n## Reset\n\n"
    "Hold the button for ten seconds until the lamp turns green, then let it go.\n",
    "power.txt": "The battery lasts two days.\n",
}
QUESTION = "when does a cat sleep"


@pytest.fixture(params=FORMATS)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a golden index, which may be written to."""
    shutil.copytree(GOLDEN / request.param, tmp_path / "place")
    return tmp_path / "place" / "index"


def texts(index: Index) -> dict[str, str]:
    return {hit.chunk_id: hit.text for hit in index.search(QUESTION, k=100)}


def test_there_is_an_index_of_each_format_and_all_of_it_is_small() -> None:
    assert FORMATS == ["format-1", "format-2"]
    assert sum(map(len, content_of(GOLDEN).values())) < 200_000


def test_it_says_what_it_holds(golden: Path) -> None:
    info = Index.open(golden).info()
    assert (info.documents, info.chunks, info.deleted, info.segments, info.files) == (5, 15, 1, 2, 2)
    assert (info.model, info.fingerprint, info.dim) == ("golden", GoldenEncoder.fingerprint, 8)
    assert (info.metric, info.chunk_tokens, info.overlap, info.version) == ("cosine", 8, 2, 4)
    log = Index.open(golden).log()
    assert [(version.number, version.documents, version.tags) for version in log] == [
        (4, 5, ()),
        (3, 6, ()),
        (2, 4, ("first",)),
    ]
    assert log[0].change == {"added": 0, "updated": 0, "deleted": 1}


EXPECTED: dict[str, list[tuple[str, float]]] = {
    "cosine": [
        ("dogs#2", 0.719991383),
        ("cats#0", 0.557717624),
        ("notes/power.txt#0", 0.543314956),
        ("dogs#3", 0.505841926),
        ("dogs#0", 0.436860578),
    ],
    "dot": [
        ("dogs#2", 212512.012),
        ("cats#0", 186293.003),
        ("cats#1", 155355.002),
        ("notes/power.txt#0", 121721.001),
        ("dogs#3", 109805.015),
    ],
}


@pytest.mark.parametrize("metric", EXPECTED)
def test_it_answers_with_the_ids_and_scores_of_then(golden: Path, metric: str) -> None:
    hits = Index.open(golden, model=GoldenEncoder()).search(QUESTION, k=5, mode="dense", metric=metric)
    assert [hit.chunk_id for hit in hits] == [chunk_id for chunk_id, _ in EXPECTED[metric]]
    np.testing.assert_allclose([hit.score for hit in hits], [score for _, score in EXPECTED[metric]], rtol=1e-6)


def test_hits_point_into_the_documents_and_have_their_metadata(golden: Path) -> None:
    hits = Index.open(golden, model=GoldenEncoder()).search(QUESTION, k=100)
    given = {document.id: document for document in DOCUMENTS}
    for hit in hits:
        if hit.document_id in given:
            document = given[hit.document_id]
            assert document.text[hit.start : hit.end] == hit.text
            assert (hit.metadata, hit.source) == (document.metadata, document.source)
        else:
            path = golden.parent / hit.document_id
            assert hit.source == str(path)
            assert path.read_bytes().decode()[hit.start : hit.end] == hit.text
    headings = {hit.document_id: hit.heading for hit in hits if hit.heading}
    assert headings == {"notes/device.md": "Device > Reset"}
    assert "ships" not in {hit.document_id for hit in hits}


def test_every_byte_is_as_it_was_written(golden: Path) -> None:
    found = Index.open(golden).verify()
    assert (found.problems, found.leftovers, found.versions) == ((), (), 3)


def test_a_version_of_then_is_opened_by_its_tag_and_restored(golden: Path) -> None:
    index = Index.open(golden, model=GoldenEncoder())
    first = texts(Index.open(golden, model=GoldenEncoder(), version="first"))
    assert first["ships#0"] == "A ship floats."
    index.restore("first")
    assert texts(index) == first


def test_it_is_written_to_and_what_is_there_is_known(golden: Path) -> None:
    index = Index.open(golden, model=GoldenEncoder())
    before = texts(index)
    for path in (golden.parent / "notes").iterdir():
        os.utime(path)  # so that it is read again
    report = index.sync(golden.parent / "notes")
    assert (report.unchanged, report.encoded, report.deleted) == (2, 0, 0)
    assert index.add(DOCUMENTS[:3]).unchanged == 3
    assert index.add([Document("new", "A new document.")]).added == 1
    assert index.delete(["new"]) == 1
    assert texts(index) == before
    index.compact()
    assert texts(index) == before
    assert index.verify().ok


def test_another_model_is_refused(golden: Path) -> None:
    other = GoldenEncoder()
    other.fingerprint = "another"
    with pytest.raises(ModelMismatch):
        Index.open(golden, model=other)
