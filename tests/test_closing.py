"""Indexes opened and closed in one process: they share what can be shared, and let go of everything else."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from weakref import ref

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.tiny_bert import set_pooling, write_tiny_bert
from vecsearch import Document, Index, IndexClosed, InvalidOption

HOUSE = Path(__file__).parents[1]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc lists what a process has open")


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Without the garbage collector: what is freed is freed by the last reference."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    write_tiny_bert(folder)
    return str(folder)


def open_below(folder: Path) -> set[str]:
    """The files below a folder that this process has open or mapped."""
    names = {os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _is_open(name)}
    mapped = {line.split(maxsplit=5)[5] for line in Path("/proc/self/maps").read_text().splitlines() if "/" in line}
    return {name for name in names | mapped if name.startswith(str(folder))}


def _is_open(name: str) -> bool:
    return os.path.islink(f"/proc/self/fd/{name}")


def test_indexes_of_one_model_share_its_encoder_while_they_are_open(
    tmp_path: Path, model: str, no_collector: None
) -> None:
    made = [Index.create(tmp_path / name, model=model) for name in "ab"]
    opened = [Index.open(tmp_path / name) for name in "ab"]
    shortened = Index.create(tmp_path / "c", model=model, dim=4)
    threaded = Index.open(tmp_path / "a", threads=1)
    encoders = {id(index.session().encoder) for index in [*made, *opened]}
    assert len(encoders) == 1
    assert shortened.session().encoder.inner is made[0].session().encoder  # type: ignore[attr-defined]
    assert threaded.session().encoder is not made[0].session().encoder
    held = ref(made[0].session().encoder)
    for index in [*made, *opened, shortened]:
        assert held() is not None
        index.close()
    assert held() is None


def test_a_changed_model_at_the_same_path_is_another_one(tmp_path: Path) -> None:
    write_tiny_bert(tmp_path / "model")
    first = Index.create(tmp_path / "a", model=str(tmp_path / "model"))
    set_pooling(tmp_path / "model", "cls_token")
    second = Index.create(tmp_path / "b", model=str(tmp_path / "model"))
    assert first.info().fingerprint != second.info().fingerprint
    assert first.session().encoder is not second.session().encoder


def test_a_closed_index_says_so_whatever_it_is_asked(tmp_path: Path, encoder: CountingEncoder) -> None:
    index = Index.create(tmp_path / "index", model=encoder)
    index.add([Document("a", "apple")])
    index.close()
    index.close()
    calls = {
        "search": lambda: index.search("apple"),
        "rank": lambda: index.rank("apple"),
        "add": lambda: index.add(["b"]),
        "sync": lambda: index.sync(tmp_path, dry_run=True),
        "delete": lambda: index.delete(["a"]),
        "len": lambda: len(index),
        "info": index.info,
        "log": index.log,
        "verify": index.verify,
        "compact": index.compact,
        "refresh": index.refresh,
        "session": index.session,
        "export": lambda: index.export(tmp_path / "out.parquet"),
        "matched": lambda: index.matched("a", "b"),
        "discard": index.discard_if_empty,
    }
    for call in calls.values():
        with pytest.raises(IndexClosed, match=r"index is closed: open it again with Index\.open$"):
            call()
    assert repr(index) == f"<Index {str(tmp_path / 'index')!r}: closed>"
    assert index.path == tmp_path / "index"
    assert len(Index.open(tmp_path / "index", model=encoder)) == 1


def test_the_end_of_a_with_block_closes_the_index(tmp_path: Path, encoder: CountingEncoder) -> None:
    with Index.create(tmp_path / "index", model=encoder) as index:
        index.add(["apple"])
    with pytest.raises(IndexClosed):
        index.search("apple")
    with pytest.raises(KeyError), Index.open(tmp_path / "index", model=encoder) as other:
        raise KeyError
    with pytest.raises(IndexClosed):
        len(other)


@linux
@pytest.mark.parametrize("documents", [1, 3_000])
def test_closing_frees_every_file_at_once(
    tmp_path: Path, encoder: CountingEncoder, cache_folder: Path, no_collector: None, documents: int
) -> None:
    index = Index.create(tmp_path / "index", model=encoder, keep_text=True)
    index.add(Document(f"d{number}", f"apple {number}", {"n": number}) for number in range(documents))
    index.delete(["d0"]) if documents > 1 else None
    session = index.session()
    for mode in ("hybrid", "dense", "lexical"):
        index.search(f"apple {mode}", mode=mode, where="n > 0")
    index.close()
    hits = session.search("apple 5")
    assert len(hits) == min(10, documents)
    del session, hits
    assert open_below(tmp_path) == set()
    assert open_below(cache_folder) == set()


@linux
def test_a_replaced_version_frees_its_files_when_nobody_reads_it(
    tmp_path: Path, encoder: CountingEncoder, no_collector: None
) -> None:
    index = Index.create(tmp_path / "index", model=encoder, keep_versions=1)
    index.add(Document(f"d{number}", f"apple {number}") for number in range(3_000))
    index.search("apple")
    old = open_below(tmp_path)
    index.add(["pear"])
    index.compact()
    index.search("pear")
    assert not old & open_below(tmp_path)


MANY = """
import os, resource, sys
from pathlib import Path
from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
folder, n = Path(sys.argv[1]), int(sys.argv[2])
def rss():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
encoder = CountingEncoder()
with Index.create(folder / "0", model=encoder) as first:
    first.add([Document("a", "apple pie"), Document("b", "zebra crossing")])
    first.search("apple")
import shutil
for number in range(1, n):
    shutil.copytree(folder / "0", folder / str(number))
indexes = []
for number in range(n):
    index = Index.open(folder / str(number), model=encoder)
    assert [hit.document_id for hit in index.search("zebra", k=1)] == ["b"]
    indexes.append(index)
    if number == 10:
        before = rss()
print(f"{(rss() - before) / (n - 11):.3f}")
for index in indexes:
    assert index.search("apple", k=1)[0].document_id == "a"
    index.close()
"""


@linux
@pytest.mark.slow
def test_a_thousand_small_indexes_are_open_at_once_within_128_descriptors(tmp_path: Path, cache_folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(HOUSE), "VECSEARCH_CACHE": str(cache_folder)}
    ran = subprocess.run(
        [sys.executable, "-c", MANY, str(tmp_path), "1000"], env=environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert float(ran.stdout) < 1.0  # MB of memory for each further index


def test_opening_or_creating_takes_what_is_there(tmp_path: Path, encoder: CountingEncoder) -> None:
    with Index.open_or_create(tmp_path / "index", model=encoder, chunk_tokens=20, metric="dot") as index:
        index.add(["apple"])
    with Index.open_or_create(tmp_path / "index", model=encoder, chunk_tokens=20, splitter="structure") as index:
        assert len(index) == 1
        assert index.info().metric == "dot"
    refused = {"chunk_tokens": 30, "metric": "cosine", "recall": 1.0, "keep_text": True, "dim": 8, "language": "de"}
    for name, value in refused.items():
        with pytest.raises(InvalidOption, match=f"index was made with {name} .*, not "):
            Index.open_or_create(tmp_path / "index", model=encoder, **{name: value})  # type: ignore[arg-type]


def test_of_many_threads_that_open_or_create_one_index_one_creates_it(tmp_path: Path) -> None:
    start = threading.Barrier(8)

    def make(_: int) -> str:
        start.wait()
        with Index.open_or_create(tmp_path / "index", model=CountingEncoder()) as index:
            return index.info().created

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(make, range(8)))) == 1


@pytest.mark.parametrize("wait", ["soon", -1, True, float("nan")])
def test_a_wait_that_is_no_number_of_seconds_is_refused_before_anything_is_written(
    tmp_path: Path, encoder: CountingEncoder, wait: float
) -> None:
    with pytest.raises(InvalidOption, match=r"^wait is .*expected a number of seconds of at least 0$"):
        Index.create(tmp_path / "refused", model=encoder, wait=wait)
    assert not (tmp_path / "refused").exists()
    index = Index.create(tmp_path / "index", model=encoder)
    for write in (
        lambda: index.add(["a"], wait=wait),
        lambda: index.sync(tmp_path, wait=wait),
        lambda: index.tag("t", wait=wait),
    ):
        with pytest.raises(InvalidOption, match=r"^wait is "):
            write()
    assert len(index) == 0
    with pytest.raises(InvalidOption, match=r"^wait is "):
        Index.open(tmp_path / "index", wait=wait)


def test_what_is_no_cache_is_refused(tmp_path: Path, encoder: CountingEncoder) -> None:
    Index.create(tmp_path / "index", model=encoder)
    with pytest.raises(InvalidOption, match=r"^cache is '.*', expected a vecsearch\.models\.Cache$"):
        Index.open(tmp_path / "index", cache=str(tmp_path))  # type: ignore[arg-type]
