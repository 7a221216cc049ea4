from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vecsearch.errors import IndexDamaged
from vecsearch.storage.file_stamps import Stamp, decode_stamps, encode_stamps, is_settled

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
STAMPS = st.builds(Stamp, size=NUMBERS, mtime_ns=NUMBERS, reading=TEXT, documents=NUMBERS)
SECOND = 1_000_000_000


@settings(deadline=None)
@given(st.dictionaries(TEXT, STAMPS, max_size=8))
def test_stamps_come_back_as_they_were(stamps):
    assert decode_stamps(encode_stamps(stamps), "table") == stamps


def test_the_order_of_the_stamps_does_not_matter():
    stamps = {name: Stamp(1, 2, "r", 3) for name in "bca"}
    assert encode_stamps(stamps) == encode_stamps(dict(sorted(stamps.items())))


@pytest.mark.parametrize("content", [b"", b"not a table" * 99, None], ids=["empty", "foreign", "cut"])
def test_what_is_no_table_of_stamps_is_damaged(content):
    whole = encode_stamps({"a": Stamp(1, 2, "r", 3)})
    with pytest.raises(IndexDamaged, match="table cannot be read"):
        decode_stamps(whole[:-20] if content is None else content, "table")


@pytest.mark.parametrize(
    ("mtime_ns", "read_later_by", "settled"),
    [
        (10 * SECOND + 123, 40_000_000, False),
        (10 * SECOND + 123, 60_000_000, True),
        (10 * SECOND, 60_000_000, False),
        (10 * SECOND, SECOND, False),
        (10 * SECOND, 2 * SECOND, False),
        (10 * SECOND, 2 * SECOND + 1, True),
        (10 * SECOND + 123, -SECOND, False),
    ],
)
def test_a_file_is_settled_when_its_clock_has_ticked_since_it_was_written(mtime_ns, read_later_by, settled):
    assert is_settled(mtime_ns, mtime_ns + read_later_by) is settled
