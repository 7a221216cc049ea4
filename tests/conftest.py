"""What the tests share: a cache of their own, an encoder that counts, the command line, and the real data."""

from __future__ import annotations

import gc
import io
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import settings

from tests.helpers.commands import Command, Outcome
from tests.helpers.counting import CountingEncoder
from tests.helpers.loading import set_loader
from vecsearch.cli.main import main

settings.register_profile("local", deadline=None)  # a busy machine is no bug
settings.register_profile("ci", derandomize=True, deadline=None)  # the same examples each time: a red run is a change
settings.register_profile("fast", deadline=None, max_examples=20)  # of the fast lane; the whole suite tries them all

# Containers often turn bytecode off. Every worker would then rewrite the assertions of all tests again, and each of
# the processes that tests start would compile the library: half of the suite's time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # FAISS's threads would spin on the cores of the other workers

MEMORY = Path("/dev/shm")  # fsync returns at once there
DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples, and write to memory rather than to the disk, where slow tests are left out."""
    fast = "not slow" in config.option.markexpr
    settings.load_profile("fast" if fast else "ci" if os.environ.get("CI") else "local")
    if fast and has_memory(MEMORY):
        os.environ.setdefault("TMPDIR", str(MEMORY))
        tempfile.tempdir = None  # chosen again from the environment


def has_memory(folder: Path) -> bool:
    """Whether the folder, a file system in memory, has room for what tests write."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 4 * 2**30


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what compares with sentence-transformers: a process imports torch and it for ten seconds."""
    for item in items:
        if item.get_closest_marker("peer"):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Leave what thousands of collected tests hold out of every later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder during a test: empty, and no one else's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("VECSEARCH_CACHE", str(folder))
    monkeypatch.delenv("VECSEARCH_INDEX", raising=False)
    return folder


@pytest.fixture(autouse=True)
def config_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration during a test: empty, and no one else's."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("VECSEARCH_CONFIG", str(folder))
    monkeypatch.delenv("VECSEARCH_TRUST_ADDRESSES", raising=False)
    return folder


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real collections; tests that need it are skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"the collections of real data are not at {DATA}")
    return DATA


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to make files in, beside which indexes may lie."""
    place = tmp_path / "notes"
    place.mkdir()
    return place


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("VECSEARCH_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def vecsearch_command(
    place: Path, encoder: CountingEncoder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs the command in this process; the model is a counting one, all else is real."""
    set_loader(lambda _, **settings: encoder, monkeypatch)
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # main() sets another

    def run(*arguments: str | Path, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["vecsearch", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        with pytest.raises(SystemExit) as exited:
            main()
        captured = capsys.readouterr()
        return Outcome(int(exited.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def environment(cache_folder: Path) -> dict[str, str]:
    """What a process of the command line sees; made after the autouse fixture has named a cache."""
    left_out = ("NO_COLOR", "VECSEARCH_DEBUG", "PYTHONWARNINGS", "COLUMNS", "LINES")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "VECSEARCH_CACHE": str(cache_folder), "TERM": "xterm-256color", "PYTHONUTF8": "1"}
