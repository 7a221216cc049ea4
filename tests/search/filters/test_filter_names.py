"""What a name stands for: a column that every chunk has, or a metadata key, and never the one for the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.filter_rows import Rows, found, matches, segment_of
from vecsearch.errors import InvalidFilter
from vecsearch.storage.store import Part


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("document_id = '1'", [1]),
        ("document_id IN ('0', '2', '77')", [0, 2]),
        ("path = 'notes/a.md'", [0]),
        ("path LIKE 'notes/%'", [0]),
        ("path LIKE 'https://%'", [1]),
        ("path IS NULL", [2]),
        ("heading = 'Guide > Install'", [1]),
        ("heading = ''", [0, 2]),
        ("heading IS NULL", []),
        ("page >= 2", [1]),
        ("page <> 2.5", [1]),
        ("page IS NULL", [0, 2]),
        ("line BETWEEN 5 AND 10", [1, 2]),
        ("text LIKE '%zebra%'", [2]),
        ("chunk.text LIKE 'a %' AND chunk.line < 5", [0]),
    ],
)
def test_every_chunk_has_columns_of_its_own(tmp_path: Path, where: str, expected: list[int]) -> None:
    segment = segment_of(
        tmp_path / "s",
        [{}, {}, {}],
        path=["notes/a.md", None, None],
        source=[None, "https://example.org/b", None],
        heading=["", "Guide > Install", ""],
        page=[None, 3, None],
        line=[1, 5, 9],
        text=["a dog", "the text", "one zebra"],
    )
    assert matches([Part(segment, None, 3)], where) == expected


KEYS: Rows = [{"odd key": 1, "a.b": 1, 'say "x"': 1}, {"chunk": 2, "metadata": 2, "metadata.a": 2, "Year": 2, "c": 2}]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ('"odd key"', [0]),
        ('metadata."odd key"', [0]),
        ("a.b", [0]),
        ('"a.b"', [0]),
        ("metadata.a.b", [0]),
        ('metadata."a.b"', [0]),
        ('"say ""x"""', [0]),
        ("chunk", [1]),
        ("metadata.chunk", [1]),
        ("metadata", [1]),
        ("metadata.metadata", [1]),
        ('"metadata.a"', [1]),
        ("metadata.metadata.a", [1]),
        ("Year", [1]),
        ("metadata.c", [1]),
    ],
)
def test_a_key_is_named_in_quotes_with_dots_or_behind_metadata(name: str, expected: list[int]) -> None:
    for cuts in ((), (1,)):
        assert found(KEYS, f"{name} IS NOT NULL", cuts) == expected


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("year", r"names year, which no chunk has: did you mean \"?Year\"?\?"),
        ("metadata.year", "names metadata.year, which no chunk has: did you mean Year"),
        ("odd_key", 'did you mean "odd key"'),
        ("tekst", r"did you mean text\?"),
        ("metadata.text", "metadata.text, which no chunk has"),
        ("metadata.a", "metadata.a, which no chunk has"),
        ("zzzzzz", 'no chunk has: the metadata keys here are Year, "a.b", c, chunk'),
        ("chunk.year", "names chunk.year; the columns of a chunk are document_id, path"),
        ("chunk.text.more", "names chunk.text.more; the columns of a chunk are"),
        ("ordinal", "ordinal, which no chunk has"),
        ("norm", "norm, which no chunk has"),
        ("source", "source, which no chunk has: the source of a text is called path"),
    ],
)
def test_an_unknown_name_is_refused_with_similar_ones(name: str, said: str) -> None:
    for cuts in ((), (1,)):
        with pytest.raises(InvalidFilter, match=said):
            found(KEYS, f"{name} = 1", cuts)


def test_of_many_keys_a_message_names_some() -> None:
    with pytest.raises(InvalidFilter, match=r"here are key00, .*, key09, \.\.\.$"):
        found([{f"key{i:02}": i for i in range(50)}], "other = 1")
    with pytest.raises(InvalidFilter, match="no chunk here has metadata"):
        found([{}], "other = 1")


def test_a_name_that_could_be_both_is_refused_until_it_says_which() -> None:
    rows: Rows = [{"text": "zebra", "page": "ii"}, {"text": "okapi"}, {"line": None}]
    for cuts in ((), (1,), (1, 2)):
        with pytest.raises(
            InvalidFilter, match=r"text, a column of every chunk, but .* write chunk.text or metadata.text"
        ):
            found(rows, "text LIKE '%zebra%'", cuts)
        with pytest.raises(InvalidFilter, match=r"chunk\.page or metadata\.page"):
            found(rows, "\"page\" = 'ii'", cuts)
        assert found(rows, "metadata.text LIKE '%zebra%'", cuts) == [0]
        assert found(rows, "chunk.text LIKE '%zebra%'", cuts) == []
        assert found(rows, "chunk.text LIKE 'text %' AND metadata.page IS NULL", cuts) == [1, 2]
        assert found(rows, "line = 1", cuts) == [0, 1, 2]
        assert found(rows, "text LIKE 'text%'", cuts, deleted=[0, 1]) == [2]


def test_rows_that_are_not_there_stay_away(tmp_path: Path) -> None:
    segment = segment_of(tmp_path / "s", [{"k": i} for i in range(6)])
    alive = np.array([True, False, True, False, True, True])
    assert matches([Part(segment, alive, 4)], "k < 5") == [0, 2, 4]
    assert matches([Part(segment, alive, 4)], "NOT k < 5") == [5]
