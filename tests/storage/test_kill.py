"""kill -9, again and again."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.helpers.killing import kill_often


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no kill -9 here")
def test_a_writer_killed_anywhere_leaves_a_whole_index_as_before_or_after_its_step(tmp_path: Path) -> None:
    seen = kill_often(tmp_path, kills=40, seed=3)
    assert seen.kills == 40
    assert seen.within >= 20, "most kills come while something is being written"
    assert 0 < seen.landed < seen.within, "some come before the commit and some after"
