"""Every method that reads or writes files can be awaited; what is cancelled has no half effects."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import Document, Hits, Index, IndexClosed, InvalidFilter
from vecsearch.storage.lock import hold_lock
from vecsearch.types import FloatArray, Role

WITHOUT = {  # what needs no thread, or has another way
    "close", "create", "discard_if_empty", "documents", "from_export", "matched", "open", "open_or_create", "path",
    "session", "watch", "write_thread", "writing",
}  # fmt: skip
AWAITED = {name for name, value in vars(Index).items() if inspect.iscoroutinefunction(value) and name[0] != "_"}


class Slow(CountingEncoder):
    """Stops while it encodes documents, until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        if role is Role.DOCUMENT:
            self.reached.set()
            assert self.go_on.wait(60)
        return super().encode(texts, role)


@pytest.fixture
def index(tmp_path: Path, encoder: CountingEncoder) -> Index:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document(f"d{n}", f"text {n}", {"n": n}) for n in range(5)])
    return index


def blocking(name: str) -> str:
    return "sync" if name == "async_sync" else name[1:]


def test_every_method_that_reads_or_writes_files_can_be_awaited() -> None:
    methods = {name for name, value in vars(Index).items() if name[0] != "_" and name not in AWAITED}
    assert {blocking(name) for name in AWAITED} == methods - WITHOUT - {"adocuments"}


@pytest.mark.parametrize("name", sorted(AWAITED))
def test_it_takes_the_same_options_and_says_so(name: str) -> None:
    method, awaited = getattr(Index, blocking(name)), getattr(Index, name)
    assert inspect.signature(awaited) == inspect.signature(method)
    assert awaited.__name__ == name
    assert inspect.getdoc(awaited).startswith(f"Await `{blocking(name)}`, which runs in a thread.\n\n")
    assert inspect.getdoc(method).splitlines()[0] in inspect.getdoc(awaited)


def test_what_is_awaited_does_what_the_method_does(index: Index, folder: Path) -> None:
    write(folder / "a.md", "alpha")

    async def story() -> None:
        async with index:
            hits = await index.asearch("text 3", k=2, where={"n": {"gte": 3}})
            assert isinstance(hits, Hits)
            assert hits == index.search("text 3", k=2, where={"n": {"gte": 3}})
            assert [len(each) for each in await index.asearch(["text", "other"], k=1)] == [1, 1]
            assert (await index.aadd(["one more"])).added == 1
            assert (await index.async_sync(folder)).added == 1
            assert await index.aupdate_metadata("d1", {"n": 100}) == 1
            assert await index.adelete(where="n = 100") == 1
            assert await index.acount() == len(index) == 6
            assert (await index.aget("d2")) == index.get("d2")
            assert [document.id async for document in index] == [document.id for document in index]
            assert [document.id async for document in index.adocuments({"n": 2})] == ["d2"]
            with pytest.raises(InvalidFilter):
                await index.acount("nonsense = 1")
            with pytest.raises(InvalidFilter):
                await index.adelete(where="nonsense = 1")
        with pytest.raises(IndexClosed):
            await index.acount()
        with pytest.raises(IndexClosed):
            await index.aadd(["a"])

    asyncio.run(story())


def test_reads_go_on_while_writes_are_queued(index: Index) -> None:
    """200 requests, a fifth of them writes, 16 at a time: none fails, none waits for all the others."""

    async def request(n: int, gate: asyncio.Semaphore) -> int:
        async with gate:
            if n % 5 == 0:
                return (await index.aadd([Document(f"new-{n}", f"new text {n}")])).added
            return len(await index.asearch("text", k=1))

    async def story() -> list[int]:
        gate = asyncio.Semaphore(16)
        return await asyncio.gather(*(request(n, gate) for n in range(200)))

    assert asyncio.run(story()) == [1] * 200
    assert sum(document.id.startswith("new-") for document in index) == 40


def test_a_write_that_has_begun_and_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    slow = Slow()
    index = Index.create(tmp_path / "index", model=slow)

    async def story() -> None:
        write = asyncio.create_task(index.aadd([f"text {n}" for n in range(100)]))
        await asyncio.to_thread(slow.reached.wait, 60)
        write.cancel()
        await asyncio.sleep(0)
        assert not write.done()  # it waits until the thread has ended
        slow.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await write
        assert index.info().version == 1
        assert (await index.aadd(["a text"])).added == 1  # the lock is free

    asyncio.run(story())
    assert len(list(index)) == 1
    assert index.verify().leftovers == ()


def test_a_timeout_is_a_cancellation(tmp_path: Path) -> None:
    slow = Slow()
    index = Index.create(tmp_path / "index", model=slow)

    async def story() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.05, slow.go_on.set)
        with pytest.raises((TimeoutError, asyncio.TimeoutError)):
            await asyncio.wait_for(index.aadd(["a text"]), 0.01)

    asyncio.run(story())
    assert len(index) == 0


def test_a_write_that_waits_in_the_queue_and_is_cancelled_never_begins(tmp_path: Path) -> None:
    slow = Slow()
    index = Index.create(tmp_path / "index", model=slow)

    async def story() -> None:
        first = asyncio.create_task(index.aadd([Document("first", "one")]))
        await asyncio.to_thread(slow.reached.wait, 60)
        second = asyncio.create_task(index.aadd([Document("second", "two")]))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second  # at once
        slow.go_on.set()
        assert (await first).added == 1

    asyncio.run(story())
    assert [document.id for document in index] == ["first"]


@pytest.mark.parametrize("name", ["aadd", "adelete", "aupdate_metadata", "acompact", "atag"])
def test_a_write_that_waits_for_another_writer_and_is_cancelled_never_begins(index: Index, name: str) -> None:
    given: dict[str, Any] = {
        "aadd": (["a text"],), "adelete": ("d1",), "aupdate_metadata": ("d1", {"n": -1}), "acompact": (), "atag": ("t",)
    }  # fmt: skip
    index.delete("d0")
    before = index.info().version
    locked, free = threading.Event(), threading.Event()

    def other() -> None:
        with hold_lock(index.path / "writer.lock", 0):
            locked.set()
            free.wait(60)

    async def story() -> None:
        holder = threading.Thread(target=other)
        holder.start()
        assert locked.wait(60)
        write = asyncio.create_task(getattr(index, name)(*given[name]))
        await asyncio.sleep(0)
        write.cancel()
        with pytest.raises(asyncio.CancelledError):
            await write  # at once, while the other still writes
        assert holder.is_alive()
        free.set()
        holder.join()
        assert await index.adelete("nothing") == 0  # behind it in the queue

    asyncio.run(story())
    index.refresh()
    assert index.info().version == before
    assert {version.tags for version in index.log()} == {()}


def test_a_listener_to_progress_still_hears(index: Index) -> None:
    heard: list[int] = []

    async def story() -> None:
        await index.aadd(["one", "two"], progress=lambda progress: heard.append(progress.documents))

    asyncio.run(story())
    assert heard
