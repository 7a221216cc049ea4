"""What colours stand for: values, ranges of numbers, clusters; and what is said of a name that no chunk has."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.topics import topic_index
from vecsearch import Document, Index, InvalidOption
from vecsearch.analysis.mapping.colouring import Colouring, colour
from vecsearch.analysis.sampling import sample


def coloured(place: Path, values: list[Any], color: str | None = "key") -> Colouring:
    """The colouring of chunks with these values; None: without the key."""
    made = Index.create(place / "index", model=CountingEncoder())
    made.add([Document(f"d{i:03}", f"text {i}", {} if v is None else {"key": v}) for i, v in enumerate(values)])
    return colour(sample(made.session()), color)


def shown(found: Colouring) -> list[str]:
    """The name of each chunk's colour."""
    return [found.entries[kind].name for kind in found.kinds]


def test_each_value_has_a_colour_the_most_frequent_first_and_missing_ones_are_last(tmp_path: Path) -> None:
    found = coloured(tmp_path, ["b", "a", None, "b", "c", "b", "a"])
    assert [(entry.name, entry.count) for entry in found.entries] == [("b", 3), ("a", 2), ("c", 1), ("none", 1)]
    assert shown(found) == ["b", "a", "none", "b", "c", "b", "a"]
    assert len({entry.colour for entry in found.entries}) == 4


def test_a_value_none_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    found = coloured(tmp_path, ["none", "other", None])
    assert sum(entry.count for entry in found.entries) == 3
    assert Counter(shown(found)) == {"none": 2, "other": 1}


def test_of_many_values_the_rarest_share_a_colour(tmp_path: Path) -> None:
    values = [f"v{i:02}" for i in range(25) for _ in range(2 if i < 20 else 1)]
    found = coloured(tmp_path, values)
    assert [entry.name for entry in found.entries] == [*(f"v{i:02}" for i in range(20)), "other"]
    assert found.entries[-1].count == 5


def test_many_numbers_go_into_ranges_in_order_with_as_many_points_each(tmp_path: Path) -> None:
    found = coloured(tmp_path, [*range(80), None])
    assert len(found.entries) == 9
    assert [entry.count for entry in found.entries] == [10] * 8 + [1]
    assert found.entries[-1].name == "none"
    assert found.kinds.tolist() == sorted(found.kinds.tolist())
    assert found.entries[0].name.startswith("0 to ")


def test_many_equal_numbers_make_fewer_ranges(tmp_path: Path) -> None:
    found = coloured(tmp_path, [*[0.5] * 60, *range(1, 25)])
    assert sum(entry.count for entry in found.entries) == 84
    assert found.entries[0].count >= 60


@pytest.mark.parametrize(
    ("value", "name"),
    [(True, "True"), (3, "3"), (["a", "b"], "a, b"), (date(2020, 1, 2), "2020-01-02"), ("x" * 99, "x" * 59 + "…")],
)
def test_values_of_every_type_have_a_name(tmp_path: Path, value: Any, name: str) -> None:
    assert shown(coloured(tmp_path, [value])) == [name]


def test_numbers_beyond_all_measure_are_values_like_others(tmp_path: Path) -> None:
    found = coloured(tmp_path, [*range(30), 2**2000, float("inf")])
    assert found.entries[-1].name == "other"
    assert sum(entry.count for entry in found.entries) == 32


def test_a_name_is_one_line(tmp_path: Path) -> None:
    assert shown(coloured(tmp_path, ["two\nlines\t and  blanks"])) == ["two lines and blanks"]


def test_without_a_field_all_have_one_colour(tmp_path: Path) -> None:
    assert [(entry.name, entry.count) for entry in coloured(tmp_path, [1, 2], None).entries] == [("passages", 2)]


@pytest.mark.parametrize(("color", "names"), [("document_id", {"d000", "d001"}), ("key", {"1", "2"})])
def test_what_every_chunk_has_is_a_field_too(tmp_path: Path, color: str, names: set[str]) -> None:
    assert set(shown(coloured(tmp_path, [1, 2], color))) == names


def test_path_and_heading_come_from_files(tmp_path: Path, folder: Path, encoder: CountingEncoder) -> None:
    (folder / "a.md").write_text("# Cats\n\nthey purr all day and night\n\n# Dogs\n\nthey bark all day and night\n")
    made = Index.create(tmp_path / "index", model=encoder, chunk_tokens=8)
    made.sync(folder)
    assert set(shown(colour(sample(made.session()), "path"))) == {"notes/a.md"}
    assert set(shown(colour(sample(made.session()), "heading"))) == {"Cats", "Dogs"}


def test_cluster_finds_clusters_unless_metadata_has_that_name(tmp_path: Path, encoder: CountingEncoder) -> None:
    made = topic_index(tmp_path / "index", encoder)
    found = colour(sample(made.session()), "cluster")
    assert [entry.count for entry in found.entries] == [12, 12, 12]
    assert [entry.name[:2] for entry in found.entries] == ["1 ", "2 ", "3 "]
    made.add([Document("own", "a text", {"cluster": "mine"})])
    assert Counter(shown(colour(sample(made.session()), "cluster"))) == {"mine": 1, "none": 36}


def test_a_field_that_no_chunk_has_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption) as error:
        coloured(tmp_path, [1, 2], "kye")
    assert str(error.value) == (
        "color is 'kye', which no chunk has: did you mean key? use document_id, path, heading, page, cluster "
        "or a metadata key: key"
    )
    with pytest.raises(InvalidOption, match="metadata key: no chunk has any"):
        coloured(tmp_path / "bare", [None], "zzz")
