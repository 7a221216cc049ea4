"""The page in a real browser: drawn, read, searched, selected, moved, and deaf to what documents would like to run.

Runs where Playwright is installed and a Chromium is found: by $VECSEARCH_CHROMIUM, on the path, or Playwright's own.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.drawings import HOSTILE
from vecsearch.analysis.mapping.drawing import Drawing, Entry, Label, QueryPoint
from vecsearch.analysis.mapping.page import write_page
from vecsearch.analysis.sampling import SampledChunk

playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
pytestmark = pytest.mark.slow
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    found = os.environ.get("VECSEARCH_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    with playwright.sync_playwright() as driver:
        own = driver.chromium.executable_path
        if not (found or Path(own).exists()):
            pytest.skip("no Chromium is found: playwright install chromium, or name one in $VECSEARCH_CHROMIUM")
        opened = driver.chromium.launch(executable_path=found or own, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A window in which every error, and everything that is loaded, is an error of the test."""
    window = browser.new_page(viewport={"width": 1000, "height": 800})
    said: list[str] = []
    window.on("pageerror", lambda error: said.append(str(error)))
    window.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    window.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    yield window
    window.close()
    assert said == []


def opened(page: Any, place: Path, drawn: Drawing) -> Any:
    """The window with the map of a drawing."""
    stream = io.BytesIO()
    write_page(stream, drawn)
    (place / "map.html").write_bytes(stream.getvalue())
    page.goto((place / "map.html").as_uri())
    page.wait_for_selector("#canvas[data-ms]")
    return page


def corners(texts: list[str]) -> Drawing:
    """Points at the corners of a square, the first two red, the others blue; a query in the middle."""
    positions = np.array([(-1, 1), (1, 1), (1, -1), (-1, -1)], np.float64)
    return Drawing(
        title=texts[0],
        note="a note",
        positions=positions,
        chunks=[SampledChunk(f"d{i}#0", f"d{i}", None, 1, "", text) for i, text in enumerate(texts)],
        metadata=[{"year": 2020 + i, "tags": ["a", "b"]} for i in range(4)],
        neighbours=np.array([[1], [2], [3], [0]]),
        kinds=np.array([0, 0, 1, 1]),
        entries=[Entry("red", "#ff0000", 2), Entry(texts[1], "#0000ff", 2)],
        queries=[QueryPoint("a question", 0, 0)],
    )


def pixel(page: Any, x: int, y: int) -> list[int]:
    """The colour of the canvas, which is as large as the window but for the panel on its right."""
    found: list[int] = page.evaluate(
        "([x, y]) => [...document.getElementById('canvas').getContext('2d').getImageData(x, y, 1, 1).data]", [x, y]
    )
    return found[:3]


def settle(page: Any) -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


# 0.46 of the shorter side, 624: the corners lie 287 pixels from the middle, (312, 400)
LEFT, RIGHT, TOP, BOTTOM = 25, 599, 113, 687
TEXTS = ["alpha one", "beta two", "gamma three", "delta four"]


def test_points_are_drawn_where_they_lie_in_their_colours(page: Any, tmp_path: Path) -> None:
    opened(page, tmp_path, corners(TEXTS))
    for x, y, strong in ((LEFT, TOP, 0), (RIGHT, TOP, 0), (RIGHT, BOTTOM, 2), (LEFT, BOTTOM, 2)):
        colour = pixel(page, x, y)
        assert colour[strong] > 200 > 100 > colour[2 - strong], (x, y, colour)
    assert pixel(page, 300, 300) == [255, 255, 255]
    assert sum(pixel(page, 312, 400)) < 130  # the query's star
    assert page.title() == page.inner_text("h1") == "alpha one"
    assert page.inner_text("#note") == "a note"
    shot = page.screenshot()
    assert shot.startswith(b"\x89PNG")
    assert len(shot) > 4_000


def test_pointing_at_a_passage_shows_it_and_a_click_shows_all_of_it(page: Any, tmp_path: Path) -> None:
    opened(page, tmp_path, corners(TEXTS))
    page.mouse.move(RIGHT - 3, BOTTOM - 3)
    assert page.inner_text("#text") == "gamma three"
    assert page.inner_text("#source") == "d2\nbeta two"
    page.mouse.move(300, 300)
    assert not page.is_visible("#tip")
    page.mouse.click(LEFT, BOTTOM)
    assert page.inner_text("#whole-text") == "delta four"
    assert page.inner_text("#place") == "d3\nbeta two"
    assert page.inner_text("#metadata").split() == ["id", "d3#0", "year", "2023", "tags", '["a","b"]']
    page.mouse.click(300, 300)
    assert not page.is_visible("#record")


def test_the_nearest_passages_are_shown_and_more_like_one(page: Any, tmp_path: Path) -> None:
    opened(page, tmp_path, corners(TEXTS))
    page.mouse.click(LEFT, TOP)
    near = page.locator("#nearest button")
    assert [text.split("\n")[0] for text in near.all_inner_texts()] == ["beta two"]
    near.first.click()
    assert page.inner_text("#whole-text") == "beta two"
    page.click("#whole")
    page.click("#similar")
    settle(page)
    assert page.inner_text("#matches") == "3 passages like it"
    assert [text.split("\n")[0] for text in page.locator("#results button").all_inner_texts()] == [
        "gamma three",
        "delta four",
    ]
    grey = pixel(page, LEFT, TOP)
    assert max(grey) - min(grey) < 3  # not among them


def test_a_search_counts_and_shows_what_has_the_words(page: Any, tmp_path: Path) -> None:
    opened(page, tmp_path, corners(TEXTS))
    page.fill("#search", " GAMMA ")
    settle(page)
    assert page.inner_text("#matches") == "1 of 4 match"
    assert pixel(page, RIGHT, BOTTOM)[2] > 200 > 100 > pixel(page, RIGHT, BOTTOM)[0]
    grey = pixel(page, LEFT, BOTTOM)
    assert max(grey) - min(grey) < 3
    page.mouse.move(LEFT, BOTTOM)
    assert not page.is_visible("#tip")  # what is not found is not shown
    page.fill("#search", "")
    settle(page)
    assert page.inner_text("#matches") == ""
    assert pixel(page, LEFT, BOTTOM)[2] > 200 > 100 > pixel(page, LEFT, BOTTOM)[0]


def test_a_colour_is_hidden_and_shown_by_its_line_in_the_legend(page: Any, tmp_path: Path) -> None:
    opened(page, tmp_path, corners(TEXTS))
    entry = page.locator("#legend button").nth(1)
    assert entry.inner_text().split("\n") == ["beta two", "2"]
    entry.click()
    settle(page)
    assert pixel(page, LEFT, BOTTOM) == [255, 255, 255]
    assert pixel(page, LEFT, TOP) != [255, 255, 255]
    entry.click()
    settle(page)
    assert pixel(page, LEFT, BOTTOM) != [255, 255, 255]


def test_the_wheel_zooms_around_the_pointer_dragging_moves_and_a_button_shows_all(page: Any, tmp_path: Path) -> None:
    opened(page, tmp_path, corners(TEXTS))
    page.mouse.move(RIGHT, BOTTOM)
    page.mouse.wheel(0, -800)
    settle(page)
    assert pixel(page, RIGHT, BOTTOM) != [255, 255, 255]  # what is under the pointer stays there
    assert pixel(page, LEFT, BOTTOM) == [255, 255, 255]
    page.mouse.down()
    page.mouse.move(RIGHT - 200, BOTTOM - 300, steps=4)
    page.mouse.up()
    settle(page)
    assert pixel(page, RIGHT - 200, BOTTOM - 300) != [255, 255, 255]
    page.click("#whole")
    settle(page)
    assert pixel(page, LEFT, BOTTOM) != [255, 255, 255]
    page.click("#closer")
    settle(page)
    assert pixel(page, LEFT, BOTTOM) == [255, 255, 255]
    page.click("#farther")
    settle(page)
    assert pixel(page, LEFT, BOTTOM) != [255, 255, 255]


RANKED = ["the recat tree", "catalogue of cats", "a cat and a dog", "dogs"]


def test_whole_words_come_before_beginnings_of_words_and_parts_of_words(page: Any, tmp_path: Path) -> None:
    opened(page, tmp_path, corners(RANKED))
    page.fill("#search", "cat")
    results = page.locator("#results button span:first-child, #results mark")
    assert page.locator("#results button").evaluate_all("all => all.map(b => b.firstChild.parentNode.innerText)") == [
        f"{text}\nd{number}" for text, number in ((RANKED[2], 2), (RANKED[1], 1), (RANKED[0], 0))
    ]
    assert set(results.filter(has_text="cat").all_inner_texts()) >= {"cat"}
    page.fill("#search", "dog cat")
    assert page.inner_text("#matches") == "1 of 4 match"
    page.fill("#search", "c++ (x")  # no pattern
    assert page.inner_text("#matches") == "0 of 4 match"


def test_a_lasso_makes_a_list_that_is_copied(page: Any, tmp_path: Path) -> None:
    opened(page, tmp_path, corners(TEXTS))
    page.evaluate("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
    page.click("#lasso")
    page.mouse.move(LEFT - 20, TOP - 20)
    page.mouse.down()
    for x, y in ((RIGHT + 10, TOP - 20), (RIGHT + 10, TOP + 40), (LEFT - 20, TOP + 40)):
        page.mouse.move(x, y, steps=3)
    page.mouse.up()
    settle(page)
    assert page.inner_text("#selected") == "2 selected"
    page.click("#copy-ids")
    assert sorted(page.evaluate("window.copied").split("\n")) == ["d0#0", "d1#0"]
    page.click("#copy-texts")
    assert sorted(page.evaluate("window.copied").split("\n")) == ["alpha one", "beta two"]
    grey = pixel(page, LEFT, BOTTOM)
    assert max(grey) - min(grey) < 3
    page.keyboard.press("Escape")
    settle(page)
    assert not page.is_visible("#selection")
    assert pixel(page, LEFT, BOTTOM)[2] > 200


def test_names_of_topics_are_on_the_map_at_the_zoom_they_belong_to(page: Any, tmp_path: Path) -> None:
    labels = [Label("large", 0, 0.5, 0, 4), Label("small", 0.5, 0.5, 1, 2), Label("below it", 0, 0.5, 0, 1)]
    opened(page, tmp_path, replace(corners(TEXTS), labels=labels))
    drawn = "document.getElementById('canvas').dataset.labels"
    assert page.evaluate(drawn) == "1"  # the last would lie on the first
    page.evaluate("Object.assign(view, { x: 0.25, y: 0.5, zoom: 2.2 }), repaint()")
    settle(page)
    assert page.evaluate(drawn) == "2"
    page.evaluate("Object.assign(view, { zoom: 9 }), repaint()")
    settle(page)
    assert page.evaluate(drawn) == "0"  # out of sight, or of a level that has ended


@pytest.mark.parametrize(("wide", "high"), [(1000, 800), (390, 800), (700, 400)])
def test_the_legend_and_the_panel_hide_nothing_of_the_map(page: Any, tmp_path: Path, wide: int, high: int) -> None:
    page.set_viewport_size({"width": wide, "height": high})
    opened(page, tmp_path, corners(TEXTS))
    main, bar, panel = (page.locator(name).bounding_box() for name in ("main", "nav", "#panel"))
    for other in (bar, panel):
        assert other["x"] >= main["x"] + main["width"] or other["y"] >= main["y"] + main["height"]
    assert panel["x"] + panel["width"] <= wide
    assert panel["y"] + panel["height"] <= high
    page.click("#fold")
    assert not page.is_visible("#panel")
    main, bar = (page.locator(name).bounding_box() for name in ("main", "nav"))
    assert main["width"] * main["height"] + bar["width"] * bar["height"] == wide * high


def test_in_a_dark_room_the_map_is_dark(browser: Any, tmp_path: Path) -> None:
    window = browser.new_page(viewport={"width": 1000, "height": 800}, color_scheme="dark")
    opened(window, tmp_path, corners(TEXTS))
    background, point = pixel(window, 300, 300), pixel(window, LEFT, TOP)
    window.close()
    assert max(background) < 60
    assert point[0] > 150


def test_where_most_points_lie_is_shaded_until_one_zooms_in(page: Any, tmp_path: Path) -> None:
    n = 2_000
    positions = np.concatenate([np.random.default_rng(0).normal(0, 0.02, (n - 2, 2)), [(-1, -1), (1, 1)]])
    chunks = [SampledChunk(f"d{i}#0", f"d{i}", None, 1, "", "text") for i in range(n)]
    entries = [Entry("all", "#ff0000", n)]
    drawn = Drawing("many", "", positions, chunks, [{}] * n, np.zeros(n, np.int64), entries, [])
    opened(page, tmp_path, drawn)
    assert pixel(page, 312 + 18, 400 + 18) != [255, 255, 255]
    page.evaluate("Object.assign(view, { zoom: 5 }), repaint()")
    settle(page)
    assert pixel(page, 312 + 200, 400 + 200) == [255, 255, 255]


@pytest.mark.parametrize("first", range(len(HOSTILE) - 1))
def test_what_strangers_write_is_shown_and_never_run(page: Any, tmp_path: Path, first: int) -> None:
    texts = (HOSTILE * 2)[first : first + 4]
    opened(page, tmp_path, corners(texts))
    page.mouse.click(RIGHT, BOTTOM)
    assert page.text_content("#whole-text") == texts[2].replace("\ud800", "?")
    page.fill("#search", texts[2][:9])
    assert page.evaluate("document.scripts.length") == 2
    assert page.evaluate("document.images.length") == 0
    assert page.evaluate("document.title") != "owned"


def test_a_script_that_gets_into_the_page_does_not_run(browser: Any, tmp_path: Path) -> None:
    window = browser.new_page()
    refused: list[str] = []
    window.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    opened(window, tmp_path, corners(TEXTS))
    window.evaluate(
        """() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'owned'";
        document.body.append(script);
    }"""
    )
    title = window.title()
    window.close()
    assert title == "alpha one"
    assert len(refused) == 1
    assert "Content Security Policy" in refused[0]
