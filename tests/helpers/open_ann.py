"""A process that opens damaged files and says how each went: run by a test, so that it may end in any way.

python opening.py FOLDER ENTRY    the folder holds vectors.faiss and codes.faiss; variants come by standard input
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from vecsearch.errors import IndexDamaged
from vecsearch.storage.ann.approximate import Approximate
from vecsearch.storage.ann.entry import parse_ann_entry
from vecsearch.storage.ann.flat import Flat


def main() -> None:
    folder, entry = Path(sys.argv[1]), parse_ann_entry(json.loads(sys.argv[2]))
    flat, whole = Flat(folder / "vectors.faiss"), (folder / "codes.faiss").read_bytes()
    queries = np.array(flat.vectors[:4])
    for line in sys.stdin:
        place, mask, length = json.loads(line)
        content = bytearray(whole[:length])
        if place < len(content):
            content[place] ^= mask
        (folder / "damaged.faiss").write_bytes(content)
        print(outcome(folder / "damaged.faiss", flat, entry, queries), flush=True)


def outcome(path: Path, flat: Flat, entry: object, queries: np.ndarray) -> str:
    try:
        approximate = Approximate(path, flat, entry)  # type: ignore[arg-type]
    except IndexDamaged as error:
        return "damaged" if "damaged.faiss" in str(error) and "\n" not in str(error) else f"bad message: {error}"
    for fetch in (10, 100):
        for query, (rows, scores) in zip(queries, approximate.search(queries, fetch), strict=True):
            whole = len(set(rows.tolist())) == len(rows) <= fetch and ((rows >= 0) & (rows < len(flat.vectors))).all()
            if not whole or not np.allclose(scores, flat.vectors[rows] @ query, atol=1e-5):
                return f"wrong rows: {rows}"
    return "answered"


if __name__ == "__main__":
    main()
