from __future__ import annotations

import errno

import faiss
import numpy as np
import pytest

from tests.helpers.ann_contract import FLOOR, AnnContract, Made
from tests.helpers.ann_rows import clustered, uniform
from vecsearch.errors import IndexDamaged
from vecsearch.storage.ann.approximate import FEWEST, FEWEST_DIMENSIONS, Approximate, write_approximate
from vecsearch.storage.ann.codes import make_codes, open_codes, search_codes
from vecsearch.storage.ann.entry import PQ4, AnnEntry
from vecsearch.storage.ann.faiss_file import write_index
from vecsearch.storage.ann.flat import Flat, write_flat

ENTRY = AnnEntry(kind=PQ4, floor=0.9, recall=0.95, sample=256, parameters={"10": 50, "100": 300})


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("pairs"), clustered(20_000, TestCodesOfPairs.dim, 1))


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("single"), clustered(20_000, TestCodesOfSingleValues.dim, 1))


class TestCodesOfPairs(AnnContract):
    """Two values of a vector are one code."""

    dim = 48

    @pytest.fixture
    def made(self, pairs):
        return pairs

    def make(self, folder, rows, floor=FLOOR):
        return Made(folder, rows, floor)


class TestCodesOfSingleValues(AnnContract):
    """Each value is one code, where they cannot be paired."""

    dim = 47

    @pytest.fixture
    def made(self, single):
        return single

    def make(self, folder, rows, floor=FLOOR):
        return Made(folder, rows, floor)


@pytest.mark.parametrize("dim", [32, *(pytest.param(dim, marks=pytest.mark.slow) for dim in (33, 50, 101))])
def test_any_number_of_dimensions_holds_the_floor(tmp_path, dim):
    made = Made(tmp_path, clustered(8500, dim, dim), 0.9)
    made.holds(clustered(100, dim, 50 + dim), 0.9)


@pytest.mark.parametrize(("dim", "size"), [(384, 96), (32, 8), (33, 17)])
def test_a_row_takes_two_bits_for_each_value_or_four_where_their_number_is_odd(tmp_path, dim, size):
    write_index(tmp_path / "codes.faiss", make_codes(uniform(1024, dim, 1)))
    assert (tmp_path / "codes.faiss").stat().st_size == 1024 * size + 64 * dim + 105


@pytest.mark.parametrize(("n", "built"), [(FEWEST - 1, False), (FEWEST, True)])
def test_few_rows_are_searched_exactly(tmp_path, n, built):
    entry = write_approximate(tmp_path / "codes.faiss", clustered(n, 32, 1), 0.9)
    assert (entry is not None) == (tmp_path / "codes.faiss").exists() == built


@pytest.mark.parametrize("dim", [1, 2, 3, 7, 8, FEWEST_DIMENSIONS - 1])
def test_vectors_of_few_dimensions_are_searched_exactly(tmp_path, dim):
    assert write_approximate(tmp_path / "codes.faiss", uniform(FEWEST, dim, 1), 0.9) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("n", "dim"), [(1000, 1), (1024, 2), (1025, 3), (1000, 7), (999, 8)])
def test_codes_of_any_form_are_opened_as_they_were_made(tmp_path, n, dim):
    made = make_codes(uniform(n, dim, 1))
    write_index(tmp_path / "codes.faiss", made)
    queries = uniform(5, dim, 2)
    found = search_codes(open_codes(tmp_path / "codes.faiss", n, dim), queries, 40)
    np.testing.assert_array_equal(found, search_codes(made, queries, 40))
    assert ((found >= 0) & (found < n)).all()


def test_a_floor_of_one_is_exact_search(tmp_path):
    assert write_approximate(tmp_path / "codes.faiss", clustered(FEWEST, 32, 1), 1.0) is None
    assert list(tmp_path.iterdir()) == []


def test_a_floor_that_takes_too_many_rows_is_exact_search_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr("vecsearch.storage.ann.calibration._MOST", 10)
    assert write_approximate(tmp_path / "codes.faiss", uniform(FEWEST, 64, 1), 0.99) is None
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_were_measured_are_found_exactly(tmp_path):
    rows = clustered(FEWEST, 32, 1)
    write_flat(tmp_path / "vectors.faiss", rows)
    flat = Flat(tmp_path / "vectors.faiss")
    entry = write_approximate(tmp_path / "codes.faiss", rows, 0.9)
    assert entry is not None
    queries = uniform(5, 32, 2)
    found = Approximate(tmp_path / "codes.faiss", flat, entry).search(queries, 1500)
    for query, (ids, _) in zip(queries, found, strict=True):
        assert set(ids.tolist()) == set(np.argsort(-(rows @ query))[:1500].tolist())


def test_a_folder_that_is_not_there_is_an_os_error_that_names_the_file(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        write_approximate(tmp_path / "nowhere" / "codes.faiss", clustered(FEWEST, 32, 1), 0.9)


@pytest.mark.parametrize("after", [0, 3000])
def test_a_full_disk_is_an_os_error(tmp_path, monkeypatch, after):
    class Full:
        """A file on a disk with little room."""

        def __init__(self, *arguments):
            self.room = after

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def write(self, content):
            self.room -= len(content)
            if self.room < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return len(content)

    monkeypatch.setattr("vecsearch.storage.ann.faiss_file.open", Full, raising=False)
    with pytest.raises(OSError, match="No space left") as raised:
        write_approximate(tmp_path / "codes.faiss", clustered(FEWEST, 32, 1), 0.9)
    assert raised.value.errno == errno.ENOSPC


@pytest.fixture
def flat(tmp_path):
    write_flat(tmp_path / "vectors.faiss", uniform(500, 8, 1))
    return Flat(tmp_path / "vectors.faiss")


@pytest.mark.parametrize(
    "index",
    [faiss.IndexFlatIP(8), faiss.IndexPQFastScan(8, 4, 4, faiss.METRIC_L2), faiss.IndexPQFastScan(8, 2, 4)],
    ids=["flat", "l2", "other codes"],
)
def test_an_index_of_another_kind_is_damaged(tmp_path, flat, index):
    index.train(np.tile(flat.vectors, (2, 1)))
    index.add(np.array(flat.vectors))
    faiss.write_index(index, str(tmp_path / "codes.faiss"))
    with pytest.raises(IndexDamaged, match=r"codes\.faiss holds codes of the form .* expected .* run vecsearch verify"):
        Approximate(tmp_path / "codes.faiss", flat, ENTRY)


@pytest.mark.parametrize("rows", [uniform(499, 8, 1), uniform(500, 16, 1)], ids=["rows", "dimension"])
def test_codes_of_other_vectors_are_damaged(tmp_path, flat, rows):
    faiss.write_index(make_codes(rows), str(tmp_path / "codes.faiss"))
    with pytest.raises(IndexDamaged, match=r"codes\.faiss holds codes of the form"):
        Approximate(tmp_path / "codes.faiss", flat, ENTRY)


def test_a_missing_file_is_damaged(tmp_path, flat):
    with pytest.raises(IndexDamaged, match=r"codes\.faiss cannot be read: No such file.*run vecsearch verify"):
        Approximate(tmp_path / "codes.faiss", flat, ENTRY)
