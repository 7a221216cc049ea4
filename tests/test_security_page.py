"""docs/security.md lists what the hostile tests hold, and nothing else."""

from __future__ import annotations

import re

from tests.helpers.promises import PAGE, actors, page_with_tables

VERBS = {
    *("cannot", "can", "may", "never", "is", "does", "answers", "sends", "names", "keeps"),
    *("costs", "gets", "loses", "needs", "leaves", "has", "stays", "behind"),
}


def test_the_page_says_what_the_tests_hold() -> None:
    again = "write it again: python -m tests.helpers.promises"
    assert PAGE.read_text(encoding="utf-8") == page_with_tables(), again


def test_the_page_has_a_table_for_every_actor() -> None:
    assert set(re.findall(r"<!-- tests/hostile/(\w+) -->", PAGE.read_text(encoding="utf-8"))) == actors()


def test_every_promise_is_a_sentence() -> None:
    lines = re.findall(r"^\| (?!it \|)([^|]+) \| \[", PAGE.read_text(encoding="utf-8"), re.M)
    assert lines
    assert [line for line in lines if line.split()[0] not in VERBS] == []
