"""Is a map smooth? A page of many points in a headless Chromium: its size, opening, painting, searching.

    python benchmarks/map.py [--points 50000]

Needs pip install playwright, and a Chromium, of `playwright install chromium` or named by $VECSEARCH_CHROMIUM.
Each of 60 frames moves and zooms the map; painting is what the page's script takes for one, frames a second are what
the browser shows while the map moves for two seconds.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from machine import report
from playwright.sync_api import Page, sync_playwright

from vecsearch.analysis.mapping.drawing import Drawing, Entry, Label, QueryPoint
from vecsearch.analysis.mapping.page import write_page
from vecsearch.analysis.sampling import SampledChunk

_FRAMES = 60
_KINDS = 20
_DRAWN = "document.getElementById('canvas').dataset.ms"
_TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_MOVING = """async () => {
  const started = performance.now();
  let frames = 0;
  for (; performance.now() - started < 2000; frames++) {
    view.x += 0.001;
    repaint();
    await new Promise(requestAnimationFrame);
  }
  return frames / 2;
}"""


def main() -> None:
    """Prints one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=50_000)
    n = parser.parse_args().points
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        place = Path(folder) / "map.html"
        stream = io.BytesIO()
        write_page(stream, _drawing(n))
        place.write_bytes(stream.getvalue())
        named = os.environ.get("VECSEARCH_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        chromium = named or driver.chromium.executable_path
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        figures = _timed(browser.new_page(viewport={"width": 1400, "height": 900}), place)
        browser.close()
    columns = ["points", "MB", "open s", "paint ms, median", "paint ms, most", "search ms", "frames a second"]
    report("A map in a browser", columns, [[n, len(stream.getvalue()) / 1e6, *figures]])


def _drawing(n: int) -> Drawing:
    """Points around a centre in twenty colours, each with a chunk of some 290 characters, 50 words of 5,000."""
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    vocabulary = ["passage", *("".join(rng.choice(letters, rng.integers(2, 8))) for _ in range(5_000))]
    texts = [" ".join(vocabulary[i] for i in row) for row in rng.zipf(1.3, (n, 50)) % len(vocabulary)]
    return Drawing(
        title="many points",
        note="",
        positions=rng.normal(0, 1, (n, 2)),
        chunks=[SampledChunk(f"d{i}#0", f"d{i}", f"/docs/a{i % 50}.md", i, "", texts[i]) for i in range(n)],
        metadata=[{"year": 2000 + i % 20, "author": f"author {i % 90}"} for i in range(n)],
        kinds=rng.integers(0, _KINDS, n),
        entries=[Entry(f"kind {i}", f"#{40 + 10 * i:02x}79a7", n // _KINDS) for i in range(_KINDS)],
        queries=[QueryPoint("a query", 0, 0)],
        labels=[Label(f"topic {i} · of many", *rng.normal(0, 1, 2).tolist(), i % 3, n // 90) for i in range(90)],
        neighbours=rng.integers(0, n, (n, 8)),
    )


def _timed(page: Page, place: Path) -> list[float]:
    started = perf_counter()
    page.goto(place.as_uri())
    page.wait_for_selector("#canvas[data-ms]")
    opened = perf_counter() - started
    page.mouse.move(700, 450)
    paints = []
    for frame in range(_FRAMES):
        page.mouse.wheel(0, -60 if frame < _FRAMES / 2 else 60)
        page.evaluate(_TWO_FRAMES)
        paints.append(float(page.evaluate(_DRAWN)))
    started = perf_counter()
    page.fill("#search", "passage")
    page.evaluate(_TWO_FRAMES)
    searched = 1000 * (perf_counter() - started)
    page.fill("#search", "")
    return [opened, median(paints), max(paints), searched, float(page.evaluate(_MOVING))]


if __name__ == "__main__":
    main()
