"""Drawings for tests of what writes them: a few points, hostile texts, two queries; and what a written page holds."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any

import numpy as np

from vecsearch.analysis.mapping.drawing import Drawing, Entry, QueryPoint
from vecsearch.analysis.sampling import SampledChunk

HOSTILE = [
    "</script><script>document.title = 'owned'</script>",
    "<img src=x onerror=\"document.title = 'owned'\">",
    "<!--<script>",
    "'; alert(1); //",
    "]]><svg onload=alert(1)>&lt;b&gt;",
    "line one\u2028line two \u202e\x00\x1b[31m \ud800 @map@ @script@",
]


def drawing(texts: list[str] = HOSTILE, queries: tuple[str, ...] = ("</text><script>", "$x_{$ 東京")) -> Drawing:
    """A point for each text, two colours, whose names, sources and title are texts of strangers too."""
    n = len(texts)
    return Drawing(
        title=texts[0],
        note=texts[-1],
        positions=np.random.default_rng(0).normal(3, 10, (n, 2)),
        chunks=[
            SampledChunk(f"d{i}#0", f"d{i}", texts[i] if i % 2 else None, i + 1, "page 2" if i == 1 else "", texts[i])
            for i in range(n)
        ],
        metadata=[{"key": i, "word": "a"} if i else {} for i in range(n)],
        kinds=np.arange(n) % 2,
        entries=[Entry(texts[0], "#4e79a7", n - n // 2), Entry("$x_{ plain", "#f28e2b", n // 2)],
        queries=[QueryPoint(text, 5.0 * i, 40.0) for i, text in enumerate(queries)],
    )


def page_data(page: str) -> Any:
    """What the page gives to its script."""
    [block] = re.findall(r'<script type="application/octet-stream" id="map">([\w+/=]*)</script>', page)
    return json.loads(gzip.decompress(base64.b64decode(block, validate=True)))
