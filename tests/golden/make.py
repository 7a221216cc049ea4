"""Writes the golden index of the current format: `python -m tests.golden.make`, once for each format that is released.

Makes `tests/golden/format-N/`, with the index and the files that it was made from, and refuses when it is there: what
a released version wrote is never written again. `tests/test_golden.py` opens each of them with the code of today; what
they were made of, and the encoder, are in that file.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

HERE = Path(__file__).parent
os.environ["VECSEARCH_CACHE"] = tempfile.mkdtemp()  # the vectors are this encoder's, whatever a cache may hold

from tests.test_golden import DOCUMENTS, FILES, GoldenEncoder  # noqa: E402
from vecsearch import Index  # noqa: E402
from vecsearch.storage.manifest import FORMAT  # noqa: E402

_COLUMNS = 6  # fewer than there are keys, so that some are in the column of the rest


def main() -> None:
    """Version 2 holds the documents and has a tag, 3 the files besides, in a segment of their own; 4 lacks one."""
    target = HERE / f"format-{FORMAT}"
    if target.exists():
        sys.exit(f"{target} is there already: a golden index is never written again")
    (target / "notes").mkdir(parents=True)
    for name, text in FILES.items():
        (target / "notes" / name).write_text(text, encoding="utf-8", newline="\n")
        os.utime(target / "notes" / name, (1_600_000_000.25, 1_600_000_000.25))
    index = Index.create(target / "index", model=GoldenEncoder(), chunk_tokens=8, overlap=2, keep_versions=2)
    with patch("vecsearch.storage.columns.MOST_COLUMNS", _COLUMNS):
        index.add(DOCUMENTS)
        index.tag("first")
        index.sync(target / "notes")
        index.delete(["ships"])
    (target / "index" / "writer.lock").unlink()
    print(index.info(), index.verify(), sep="\n")


if __name__ == "__main__":
    main()
