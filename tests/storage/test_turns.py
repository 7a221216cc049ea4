"""Writers take turns: threads in the order they came, processes without starving; no thread waits for itself."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index, IndexLocked, restore_version, verify_index
from vecsearch.cli.commands.delete import delete as delete_command
from vecsearch.storage.lock import WAIT, hold_lock
from vecsearch.storage.turns import Turns, turns_for

WRITER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index
path, name, n = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
index = Index.open(path, model=CountingEncoder())
with ThreadPoolExecutor(int(n)) as pool:
    list(pool.map(lambda i: index.add([Document(f"{name}-{i}", f"text {i}")]), range(int(n))))
"""
HAMMER = """
import sys
from pathlib import Path
from vecsearch.storage.lock import hold_lock
path = Path(sys.argv[1])
for turn in range(1_000_000):
    with hold_lock(path, 60), open(path.with_name("turns"), "ab") as turns:
        turns.write(b".")
        sum(range(300_000))
"""


def in_threads(functions: list[Callable[[], object]]) -> list[object]:
    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result() for future in [pool.submit(function) for function in functions]]


def test_48_adds_at_once_from_threads_and_processes_all_succeed(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    commands = [[sys.executable, "-c", WRITER, str(index.path), f"process-{i}", "8"] for i in range(2)]
    writers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    others = [Index.open(index.path, model=encoder) for _ in range(16)]
    adds = [*(index for _ in range(16)), *others]
    reports = in_threads(
        [lambda each=each, i=i: each.add([Document(f"thread-{i}", f"text {i}")]) for i, each in enumerate(adds)]
    )
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert (writer.returncode, errors) == (0, "")
    assert [report.added for report in reports] == [1] * 32
    index.refresh()
    assert len(index.document_ids()) == 48


def test_a_process_that_writes_all_the_time_lets_others_in(tmp_path: Path) -> None:
    """Without the gap after a turn that somebody waited for, it has some thirty turns for each of another process."""
    path, turns = tmp_path / "writer.lock", tmp_path / "turns"
    turns.touch()
    meanwhile = 0
    with subprocess.Popen([sys.executable, "-c", HAMMER, str(path)]) as hammer:
        for _ in range(20):
            before = turns.stat().st_size
            while turns.stat().st_size == before:
                assert hammer.poll() is None
            with hold_lock(path, 60):
                meanwhile += turns.stat().st_size - before - 1
        hammer.kill()
    assert meanwhile < 150


def test_threads_write_in_the_order_in_which_they_came() -> None:
    turns, order = Turns(), []

    def write(number: int) -> None:
        assert turns.take(60)
        order.append(number)
        turns.pass_on()

    assert turns.take(0)
    threads = []
    for number in range(20):
        threads.append(threading.Thread(target=write, args=(number,)))
        threads[-1].start()
        while len(turns._queue) <= number:
            pass
    turns.pass_on()
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_a_thread_that_gives_up_leaves_the_queue() -> None:
    turns = Turns()
    assert turns.take(0)
    assert in_threads([lambda: turns.take(0.01), lambda: turns.take(0)]) == [False, False]
    assert not turns._queue
    turns.pass_on()
    assert in_threads([lambda: (turns.take(0), turns.pass_on())])[0] == (True, None)


def test_a_thread_that_writes_already_is_refused_at_once(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    with index.writing(), pytest.raises(IndexLocked, match=f"by this thread of process {os.getpid()}: finish that"):
        index.add(["a"])

    def documents():
        yield "one text"
        index.delete(["x"])

    with pytest.raises(IndexLocked, match="by this thread"):
        index.add(documents())
    assert index.add(["a"]).added == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_does_not_wait_for_threads_of_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    turns = turns_for(path)
    assert turns.take(0)
    child = os.fork()
    if child == 0:
        os._exit(0 if turns_for(path) is not turns and turns_for(path).take(0) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_is_raised_names_the_option_of_the_api(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    with hold_lock(index.path / "writer.lock", 0), pytest.raises(IndexLocked) as raised:
        in_threads([lambda: index.add(["a"], wait=0.01)])
    error = raised.value
    assert str(error).endswith(": try again when it is done, or wait longer, with wait=SECONDS")
    assert str(error).startswith(error.situation)
    assert f"after 0.01 s by process {os.getpid()}" in error.situation


def test_every_default_is_the_same_half_minute() -> None:
    functions = [Index.create, Index.open, Index.open_or_create, Index.from_export, verify_index, restore_version]
    assert {inspect.signature(function).parameters["wait"].default for function in functions} == {WAIT}
    [option] = [option for option in delete_command.params if option.name == "wait"]
    assert option.default == WAIT == 30
