"""`Index.show`: a chunk with the text around it is what its document says there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.counting import CountingEncoder
from tests.helpers.examples import examples
from tests.helpers.writing import write
from vecsearch import Document, Index, InvalidOption, InvalidQuery

WORDS = " ".join(f"word{i}{'.' if i % 7 == 6 else ''}" for i in range(300))


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    return Index.create(tmp_path / "index", model=encoder, chunk_tokens=16, overlap=4)


def test_before_and_after_a_chunk_is_what_its_document_has_there_once(index: Index) -> None:
    index.add([Document("other", "before"), Document("d", WORDS), Document("z", "behind")])
    chunks = index.show("d#0").chunks
    assert chunks > 10
    for ordinal in range(chunks):
        for context in (0, 1, 3, 1000):
            found = index.show(f"d#{ordinal}", context=context)
            text = found.before + found.chunk.text + found.after
            assert text in WORDS
            assert WORDS[: found.chunk.start].endswith(found.before)
            assert WORDS[found.chunk.end :].startswith(found.after)
            assert (found.before == "") is (ordinal == 0 or context == 0)
            assert (found.after == "") is (ordinal == chunks - 1 or context == 0)
    assert index.show("d#5", context=1000).before + WORDS[index.show("d#5").chunk.start :] == WORDS


@settings(max_examples=examples(30))
@given(pieces=st.lists(st.sampled_from(["cat", "dog.", "\n\n", "\n", "# Title\n", "émile", "x" * 40]), max_size=80))
def test_the_words_and_lines_are_those_of_the_document(
    pieces: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = " ".join(pieces)
    index = Index.create(tmp_path_factory.mktemp("index") / "i", model=CountingEncoder(), chunk_tokens=8, overlap=2)
    index.add([Document("d", text)])
    if not text.strip():
        assert len(index) == 0
        return
    for ordinal in range(index.show("d#0").chunks):
        found = index.show(f"d#{ordinal}", context=100)
        whole = found.before + found.chunk.text + found.after
        assert whole.split() == text.split()
        assert whole.count("\n") == text.strip().count("\n")


def test_a_passage_says_where_it_stands(index: Index, folder: Path) -> None:
    path = write(folder / "a.md", "# Cats\n\n" + "cats purr. " * 10 + "\n\n## Food\n\n" + "fish and milk. " * 10)
    index.sync(folder, metadata={"team": "cats"})
    last = index.show("notes/a.md#0").chunks - 1
    found = index.show(f"notes/a.md#{last}")
    assert (found.source, found.chunk.heading, found.metadata["team"]) == (str(path), "Cats > Food", "cats")
    assert found.chunk.line == path.read_text()[: found.chunk.start].count("\n") + 1


def test_a_file_can_be_named_by_its_path(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(folder / "a.md", "alpha")
    index.sync(folder)
    monkeypatch.chdir(folder)
    assert {index.show(name).chunk.id for name in (f"{path}#0", "a.md#0", "notes/a.md#0")} == {"notes/a.md#0"}


def test_what_a_program_gave_has_the_source_that_it_gave(index: Index) -> None:
    index.add([Document("a#b", "alpha", {"year": 2020}, source="https://example.com/a")])
    found = index.show("a#b#0")
    assert (found.source, found.metadata, found.chunk.text) == ("https://example.com/a", {"year": 2020}, "alpha")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody#0", "has no chunk 'nobody#0': use the chunk_id of a hit"),
        ("d", "'d' is a document: name one of its chunks, d#0 to d#"),
        ("one", "name one of its chunks, one#0 only"),
        ("d#999", "has no chunk 'd#999': the chunks of d are d#0 to d#"),
        ("d#" + "9" * 5000, "has no chunk"),
        ("d#-1", "has no chunk"),
        ("d#x", "has no chunk"),
        ("", "has no chunk"),
        ("\udce9#0", "has no chunk"),
    ],
)
def test_an_unknown_name_is_refused_in_one_clear_line(index: Index, name: str, words: str) -> None:
    index.add([Document("d", WORDS), Document("one", "single")])
    with pytest.raises(InvalidQuery, match=re.escape(words)) as error:
        index.show(name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("context", [-1, 1.5, True, "1"])
def test_a_context_that_is_no_number_of_chunks_is_refused(index: Index, context: object) -> None:
    index.add([Document("d", "alpha")])
    with pytest.raises(InvalidOption, match="context"):
        index.show("d#0", context=context)  # type: ignore[arg-type]


def test_a_document_that_is_deleted_or_replaced_is_not_shown(index: Index) -> None:
    index.add([Document("d", "old"), Document("e", "other")])
    index.add([Document("d", "new")])
    assert index.show("d#0").chunk.text == "new"
    index.delete(["d"])
    with pytest.raises(InvalidQuery, match="no chunk 'd#0'"):
        index.show("d#0")


def test_a_version_of_the_past_shows_what_it_held(index: Index, encoder: CountingEncoder) -> None:
    index.add([Document("d", "old")])
    version = index.info().version
    index.add([Document("d", "new")])
    assert Index.open(index.path, version=version).show("d#0").chunk.text == "old"


def test_an_index_that_refreshes_shows_what_is_current(index: Index) -> None:
    index.add([Document("d", "old")])
    reader = Index.open(index.path, refresh=True)
    assert reader.show("d#0").chunk.text == "old"
    index.add([Document("d", "new")])
    assert reader.show("d#0").chunk.text == "new"
