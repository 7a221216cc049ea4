"""OpenOnce: one thread opens, all get the same value, and a failure is tried again."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from vecsearch.models.open_once import OpenOnce


def test_threads_that_come_together_open_it_once():
    opened, barrier = [], Barrier(8)
    slow = Event()

    def open_value() -> object:
        opened.append(1)
        slow.wait(0.05)
        return object()

    once = OpenOnce(open_value)

    def get(_: int) -> object:
        barrier.wait()
        return once()

    with ThreadPoolExecutor(8) as workers:
        values = list(workers.map(get, range(8)))
    assert len(opened) == 1
    assert len(set(map(id, values))) == 1


def test_a_failure_goes_to_the_caller_and_is_tried_again():
    results = [OSError("the disk is gone"), None, "value"]

    def open_value() -> object:
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    once = OpenOnce(open_value)
    with pytest.raises(OSError, match="the disk is gone"):
        once()
    assert not once.opened
    assert once() is None  # a value like any other
    assert once.opened
    assert once() is None


def test_what_it_opens_may_need_it_for_another_part_in_the_same_thread():
    first: OpenOnce[int] = OpenOnce(lambda: 1)
    second: OpenOnce[int] = OpenOnce(lambda: first() + 1)
    assert second() == 2


def test_it_does_not_keep_what_it_was_opened_with():
    class Owner:
        def __init__(self) -> None:
            self.value = OpenOnce(self.open_value)

        def open_value(self) -> int:
            return 1

    owner = Owner()
    owner.value()
    gc.disable()
    try:
        alive = weakref.ref(owner)
        del owner
        assert alive() is None
    finally:
        gc.enable()
