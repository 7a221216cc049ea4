"""Notebooks: cells, outputs that are kept short, and JSON that is no notebook."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.helpers.checking import place_of
from vecsearch.reports import Failure
from vecsearch.types import Document

DocumentIn = Callable[[str, str], Document]


def notebook(*cells: Any, **metadata: Any) -> str:
    return json.dumps({"cells": cells, "metadata": metadata})


def code(source: str, *outputs: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "outputs": outputs}


def test_cells_are_places(document_in: DocumentIn) -> None:
    document = document_in("a.ipynb", notebook({"cell_type": "markdown", "source": "# One"}, code(""), code("x = 1")))
    assert document.text == "# One\n\nx = 1"
    assert (place_of(document, "One"), place_of(document, "x")) == ("cell 1", "cell 3")


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ({"output_type": "stream", "text": ["a\n", "b\n"]}, "a\nb"),
        ({"data": {"text/plain": "42", "text/html": "<b>42</b>"}}, "42"),
        ({"data": {"image/png": "iVBOR"}}, None),
        ({"ename": "KeyError", "evalue": "'x'", "traceback": ["long"]}, "KeyError: 'x'"),
        ({"text": "y" * 10_000}, "y" * 2_000),
        ({"text": {"odd": 1}}, None),
        ("odd", None),
    ],
)
def test_what_code_printed_is_kept_short(document_in: DocumentIn, output: Any, text: str | None) -> None:
    document = document_in("a.ipynb", notebook(code("x", output)))
    assert document.text == ("x" if text is None else f"x\n\n{text}")


@pytest.mark.parametrize("cell", [None, 1, "x", {}, {"cell_type": "code"}, {"cell_type": "raw"}, {"source": 7}])
def test_a_cell_without_a_text_is_passed_over(document_in: DocumentIn, cell: Any) -> None:
    assert document_in("a.ipynb", notebook(cell, code("x"))).text == "x"


def test_raw_cells_are_text_and_a_lone_surrogate_is_replaced(document_in: DocumentIn) -> None:
    raw = '{"cells": [{"cell_type": "raw", "source": "a\\ud800b\\u0000c"}]}'
    assert document_in("a.ipynb", raw).text == "a\ufffdbc"


def test_notebooks_of_the_third_version_are_read(document_in: DocumentIn) -> None:
    old = [{"cell_type": "heading", "level": 2, "source": ["Two"]}, {"cell_type": "code", "input": ["x"]}]
    document = document_in("a.ipynb", json.dumps({"worksheets": [{"cells": old}]}))
    assert (document.text, document.outline.headings[0].level) == ("Two\n\nx", 2)


def test_title_and_authors_are_metadata(document_in: DocumentIn) -> None:
    metadata = {"title": "A title", "authors": [{"name": "Ada"}, {"name": "Bob"}, {"no": 1}, 7]}
    assert document_in("a.ipynb", notebook(code("x"), **metadata)).metadata == {
        "type": "notebook",
        "title": "A title",
        "author": "Ada; Bob",
    }
    odd = json.dumps({"cells": [code("x")], "metadata": [1]})
    assert document_in("a.ipynb", odd).metadata == {"type": "notebook"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "not a notebook: Expecting property name"),
        ("[" * 100_000, "not a notebook: maximum recursion depth exceeded"),
        ("[]", "not a notebook: no list of cells in it"),
        ('{"cells": {}}', "not a notebook: no list of cells in it"),
        ("x", "not a notebook: Expecting value"),
    ],
)
def test_other_json_fails_with_the_reason(
    read_here: Callable[..., list[Document | Failure]], content: str, reason: str
) -> None:
    (failure,) = read_here("a.ipynb", content)
    assert type(failure) is Failure
    assert failure.reason.startswith(reason)
