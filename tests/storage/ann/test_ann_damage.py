"""A damaged file of codes is refused or answers with rows that are there: it ends no process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.ann_rows import clustered
from vecsearch.storage.ann.approximate import FEWEST, write_approximate
from vecsearch.storage.ann.flat import write_flat

_TAIL = 36  # bytes between the means and the codes, which say how the codes are laid out
_DIM = 33
HELPERS = Path(__file__).parents[2] / "helpers"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damage")


@pytest.fixture(scope="module")
def entry(folder: Path) -> str:
    rows = clustered(FEWEST + 5, _DIM, 1)
    write_flat(folder / "vectors.faiss", rows)
    entry = write_approximate(folder / "codes.faiss", rows, 0.9)
    assert entry is not None
    return json.dumps(asdict(entry))


def outcomes(folder: Path, entry: str, variants: list[tuple[int, int, int]]) -> list[str]:
    """How opening each variant went: a byte and the bits of it that are turned, and how long the file is."""
    ran = subprocess.run(
        [sys.executable, HELPERS / "open_ann.py", folder, entry],
        input="\n".join(map(json.dumps, variants)),
        capture_output=True,
        text=True,
    )
    said = ran.stdout.splitlines()
    assert ran.returncode == 0, (variants[len(said)], ran.stderr[-2000:])
    return said


@pytest.mark.slow
def test_every_bit_of_the_numbers_in_front_is_checked_or_harmless(folder: Path, entry: str) -> None:
    size = (folder / "codes.faiss").stat().st_size
    variants = [(place, 1 << bit, size) for place in range(69) for bit in range(8)]
    said = outcomes(folder, entry, variants)
    unused = [said[8 * place + bit] for place in range(16, 32) for bit in range(8)]
    assert set(unused) <= {"answered", "damaged"}
    assert set(said[: 8 * 16]) == {"damaged"}
    assert set(said[8 * 33 :]) == {"damaged"}


@pytest.mark.slow
def test_every_bit_of_the_numbers_before_the_codes_is_checked(folder: Path, entry: str) -> None:
    size, first = (folder / "codes.faiss").stat().st_size, 69 + 16 * _DIM * 4
    variants = [(first + place, 1 << bit, size) for place in range(_TAIL) for bit in range(8)]
    assert set(outcomes(folder, entry, variants)) == {"damaged"}


@pytest.mark.slow
def test_any_other_byte_costs_some_rows_their_rank_at_most(folder: Path, entry: str) -> None:
    size, random = (folder / "codes.faiss").stat().st_size, np.random.default_rng(1)
    places = np.concatenate(
        [random.integers(69, 69 + 16 * _DIM * 4, 150), random.integers(69 + 64 * _DIM + 36, size, 100)]
    )
    variants = [(int(place), int(random.integers(1, 256)), size) for place in places]
    assert Counter(outcomes(folder, entry, variants)) == {"answered": 250}


def test_a_file_that_ends_early_is_damaged(folder: Path, entry: str) -> None:
    size, random = (folder / "codes.faiss").stat().st_size, np.random.default_rng(2)
    lengths = [
        0,
        1,
        4,
        36,
        37,
        68,
        69,
        70,
        2180,
        2181,
        2182,
        2216,
        2217,
        2218,
        size - 1,
        *random.integers(0, size, 60).tolist(),
    ]
    assert set(outcomes(folder, entry, [(size, 0, length) for length in lengths])) == {"damaged"}
