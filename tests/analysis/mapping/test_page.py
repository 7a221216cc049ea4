"""The HTML page: one file that holds all it needs, and runs nothing but its own script."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.drawings import HOSTILE, drawing, page_data
from vecsearch.analysis.mapping.drawing import Label
from vecsearch.analysis.mapping.page import write_page


class Elements(HTMLParser):
    """The elements of a page with what stands in them, as an HTML parser sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._inside = False
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))
        self._inside = True

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1][2].append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def named(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, "".join(text)) for name, attributes, text in self.found if name == tag]


def page_of(texts: list[str] = HOSTILE) -> str:
    stream = io.BytesIO()
    write_page(stream, drawing(texts))
    return stream.getvalue().decode()


def test_the_page_holds_every_text_as_it_is_and_no_element_of_theirs() -> None:
    page = page_of()
    elements = Elements(page)
    assert sorted(page_data(page)["text"]) == sorted(text.replace("\ud800", "?") for text in HOSTILE)
    assert page_data(page)["title"] == HOSTILE[0]
    assert [attributes for attributes, _ in elements.named("script")] == [
        {"type": "application/octet-stream", "id": "map"},
        {},
    ]
    assert not elements.named("img")
    assert not elements.named("svg")
    assert {name for name, _, _ in elements.found} == {name for name, _, _ in Elements(page_of(["a", "b"])).found}


@given(st.lists(st.text(min_size=1), min_size=2, max_size=5))
def test_no_text_changes_what_the_page_is_made_of(texts: list[str]) -> None:
    plain, other = Elements(page_of(["a"] * len(texts))), Elements(page_of(texts))
    assert [element[:2] for element in other.found] == [element[:2] for element in plain.found]
    assert sorted(page_data(page_of(texts))["text"]) == sorted(texts)


def test_only_the_script_and_style_that_the_policy_names_run_and_nothing_is_loaded() -> None:
    page = page_of()
    elements = Elements(page)
    [policy] = [
        attributes["content"]
        for attributes, _ in elements.named("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    for rule, tag in (("script-src", "script"), ("style-src", "style")):
        digest = hashlib.sha256(elements.named(tag)[-1][1].encode()).digest()
        assert rules[rule] == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert not re.findall(r"\b(?:src|href)=", page_of(["a", "b"]))
    assert "innerHTML" not in page
    assert "eval(" not in page


def test_points_and_queries_lie_within_the_picture() -> None:
    data = page_data(page_of())
    x, y = data["x"] + [query["x"] for query in data["queries"]], data["y"] + [query["y"] for query in data["queries"]]
    assert max(map(abs, x + y)) == pytest.approx(1, abs=1e-3)
    assert len(data["x"]) == len(data["y"]) == len(data["kind"]) == len(data["source"]) == len(HOSTILE)
    assert [query["text"] for query in data["queries"]] == ["</text><script>", "$x_{$ 東京"]


def test_rare_kinds_are_painted_last_and_each_point_has_its_source() -> None:
    texts = ["one", "two", "three"]
    data = page_data(page_of(texts))
    assert data["kind"] == [0, 0, 1]
    assert data["text"] == ["one", "three", "two"]
    assert data["source"] == ["d0", "d2", "two:2 (page 2)"]
    assert data["id"] == ["d0#0", "d2#0", "d1#0"]
    assert data["metadata"] == [{}, {"key": 2, "word": "a"}, {"key": 1, "word": "a"}]


def test_neighbours_are_named_by_their_places_in_the_page() -> None:
    stream = io.BytesIO()
    write_page(stream, replace(drawing(["one", "two", "three"]), neighbours=np.array([[1, 2], [0, 2], [1, 0]])))
    data = page_data(stream.getvalue().decode())
    near = {data["text"][i]: [data["text"][j] for j in near] for i, near in enumerate(data["near"])}
    assert near == {"one": ["two", "three"], "two": ["one", "three"], "three": ["two", "one"]}


def test_names_of_topics_move_with_the_points() -> None:
    stream, plain = io.BytesIO(), drawing(["one", "two", "three"])
    x, y = plain.positions[2].tolist()
    write_page(stream, replace(plain, labels=[Label("topic", x, y, 0, 3)]))
    data = page_data(stream.getvalue().decode())
    place = data["text"].index("three")
    [label] = data["labels"]
    assert (label["x"], label["y"]) == pytest.approx((data["x"][place], data["y"][place]), abs=1e-3)


def test_a_long_passage_is_cut() -> None:
    assert page_data(page_of(["x" * 5000, "b"]))["text"][0] == "x" * 4000 + " …"
