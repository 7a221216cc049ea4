"""Where the real files are, and short ways to write and to load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vecsearch.documents import RecordFields, load
from vecsearch.types import Document, Failure

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """The path of a real file or folder; skips the test where there is none."""

    def find(name: str) -> Path:
        if not (SHARED / name).exists():
            pytest.skip(f"no real data here: ../shared/data/{name}")
        return SHARED / name

    return find


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Document | Failure]]:
    """What `load` yields for a file of that name and content."""

    def read(name: str, content: str | bytes, **fields: str) -> list[Document | Failure]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(load(path, "the-id", RecordFields(**fields)))

    return read
