"""`Index.watch`: real changes of files are in the index, one after the other; nothing else wakes it up.

The watch runs in a thread; what a test waits for are its reports.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from tests.helpers.counting import CountingEncoder
from tests.helpers.writing import write
from vecsearch import ExtraMissing, Index, InvalidOption, PathNotFound, Report
from vecsearch.ingest.watching import Watcher
from vecsearch.storage.store import Store

pytest.importorskip("watchfiles", reason="the package that says when files change")

LONG = 60.0  # seconds until a test that waits in vain fails


class Watch:
    """An index that is watched in a thread; an error of it is put among its reports."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.stop = threading.Event()
        self.reports: Queue[Report | BaseException | None] = Queue()
        self.thread = threading.Thread(target=lambda: None)

    def begin(self, *paths: Path | None, **options: Any) -> Any:
        """Starts; the report of the first run."""

        def follow() -> None:
            try:
                for report in self.index.watch(None if None in paths else list(paths), stop=self.stop, **options):  # type: ignore[arg-type]
                    self.reports.put(report)
                self.reports.put(None)
            except BaseException as error:
                self.reports.put(error)

        self.thread = threading.Thread(target=follow)
        self.thread.start()
        return self.next()

    def next(self) -> Any:
        return self.reports.get(timeout=LONG)

    def until(self, reached: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """What the index holds after the first report after which `reached` is true."""
        while not reached(found := self.texts()):
            report = self.next()
            assert isinstance(report, Report), report
        return found

    def texts(self) -> dict[str, str]:
        index = Index.open(self.index.path)
        return {name: index.show(f"{name}#0").chunk.text for name in index.document_ids()}

    def end(self) -> None:
        self.stop.set()
        self.thread.join(LONG)
        assert not self.thread.is_alive()


@pytest.fixture
def watch(tmp_path: Path, encoder: CountingEncoder) -> Iterator[Watch]:
    watching = Watch(Index.create(tmp_path / "index", model=encoder))
    yield watching
    if watching.thread.ident:
        watching.end()


def test_new_changed_renamed_and_deleted_files_are_followed(watch: Watch, folder: Path) -> None:
    write(folder / "a.md", "alpha")
    assert watch.begin(folder).added == 1
    (folder / "deep").mkdir()
    (folder / "deep" / "b.md").write_text("beta")
    watch.until(lambda texts: "notes/deep/b.md" in texts)
    (folder / "a.md").write_text("changed")
    watch.until(lambda texts: texts.get("notes/a.md") == "changed")
    (folder / "a.md").rename(folder / "c.md")
    watch.until(lambda texts: texts == {"notes/c.md": "changed", "notes/deep/b.md": "beta"})
    (folder / "deep" / "b.md").unlink()
    watch.until(lambda texts: texts == {"notes/c.md": "changed"})
    watch.end()
    assert watch.reports.queue[-1] is None


def test_a_change_during_a_run_is_in_the_next_one(watch: Watch, folder: Path, encoder: CountingEncoder) -> None:
    write(folder / "a.md", "alpha")
    real = encoder.encode

    def write_meanwhile(*arguments: Any) -> Any:
        if "alpha" in arguments[0]:
            (folder / "b.md").write_text("beta")
        return real(*arguments)

    encoder.encode = write_meanwhile  # type: ignore[method-assign]
    watch.begin(folder)
    watch.until(lambda texts: set(texts) == {"notes/a.md", "notes/b.md"})


def test_an_editor_that_saves_by_renaming_is_followed_for_a_file_that_is_named(watch: Watch, folder: Path) -> None:
    path = write(folder / "a.md", "alpha")
    write(folder / "other.md", "other")
    watch.begin(path)
    for content in ("one", "two"):
        (folder / ".a.md.swp").write_text(content)
        os.replace(folder / ".a.md.swp", path)
        watch.until(lambda texts, content=content: texts == {"notes/a.md": content})  # type: ignore[misc]
    path.unlink()
    path.write_text("three")
    watch.until(lambda texts: texts == {"notes/a.md": "three"})


def test_a_burst_of_changes_is_few_runs(watch: Watch, folder: Path) -> None:
    watch.begin(folder)
    for number in range(200):
        (folder / f"{number}.md").write_text(f"text {number}")
    watch.until(lambda texts: len(texts) == 200)
    watch.end()
    assert Index.open(watch.index.path).info().version < 60


def test_the_index_hidden_and_temporary_files_do_not_wake_it_up(folder: Path, encoder: CountingEncoder) -> None:
    watch = Watch(Index.create(folder / ".vecsearch", model=encoder))
    other = Watch(Index.create(folder / "visible", model=encoder))
    for watching in (watch, other):
        watching.begin(folder)
    try:
        for name in ("a.md~", ".a.md.swp", "#a.md#", "a.tmp", ".git/index"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("passing")
            (folder / name).unlink()
        (folder / "a.md").write_text("alpha")
        for watching in (watch, other):
            watching.until(lambda texts: "a.md" in texts)
    finally:
        for watching in (watch, other):
            watching.end()
    assert [watching.index.info().documents for watching in (watch, other)] == [1, 1]
    assert all(watching.reports.qsize() < 4 for watching in (watch, other))  # its own commits would give one after one


@pytest.mark.parametrize("name", [".gitignore", ".ignore", ".vecsearchignore"])
def test_what_is_to_be_ignored_takes_effect_when_it_is_saved(watch: Watch, folder: Path, name: str) -> None:
    write(folder / "a.md", "alpha")
    write(folder / "b.txt", "beta")
    watch.begin(folder)
    (folder / name).write_text("*.txt\n")
    watch.until(lambda texts: set(texts) == {"notes/a.md"})


def test_a_file_that_fails_is_reported_and_ends_nothing(watch: Watch, folder: Path) -> None:
    watch.begin(folder, metadata={"team": "cats"})
    (folder / "bad.jsonl").write_text('{"id": "x", "text": "fine"}\n{broken\n')
    while not (report := watch.next()).failed:
        pass
    assert report.failed[0].source == f"{folder / 'bad.jsonl'}:2"
    (folder / "a.md").write_text("alpha")
    watch.until(lambda texts: set(texts) == {"x", "notes/a.md"})
    assert watch.index.document_ids("team = 'cats'") == ["notes/a.md", "x"]


def test_others_can_write_between_runs_and_a_run_waits_for_them(watch: Watch, folder: Path) -> None:
    watch.begin(folder)
    with Store(watch.index.path).locked():
        (folder / "a.md").write_text("alpha")
        assert watch.texts() == {}
    watch.until(lambda texts: set(texts) == {"notes/a.md"})
    assert Index.open(watch.index.path).delete(["notes/a.md"]) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is watched cannot be removed there")
def test_a_folder_that_is_replaced_is_watched_on_and_one_that_is_gone_ends_the_watch(
    watch: Watch, folder: Path
) -> None:
    write(folder / "a.md", "alpha")
    watch.begin(folder)
    new = write(folder.parent / "new" / "b.md", "beta").parent
    with Store(watch.index.path).locked():  # so that nothing is missed between the two renamings
        folder.rename(folder.parent / "old")
        new.rename(folder)
    watch.until(lambda texts: texts == {"notes/b.md": "beta"})
    (folder / "c.md").write_text("gamma")
    watch.until(lambda texts: set(texts) == {"notes/b.md", "notes/c.md"})
    folder.rename(folder.parent / "older")
    error = watch.next()
    while isinstance(error, Report):
        error = watch.next()
    assert isinstance(error, PathNotFound)
    assert str(folder) in str(error)


def test_a_missing_path_is_an_error_before_anything_is_done(watch: Watch, folder: Path) -> None:
    for missing in (folder / "nowhere", folder / "no" / "where"):
        error = watch.begin(missing)
        assert isinstance(error, PathNotFound)
        assert str(missing if missing.parent.exists() else missing.parent) in str(error)


def test_too_many_files_to_watch_is_a_clear_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import watchfiles._rust_notify as rust

    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rust, "RustNotify", refuse)
    with pytest.raises(InvalidOption, match=r"cannot watch .*No space left"):
        Watcher([folder], tmp_path)


def test_without_watchfiles_the_error_names_the_command_that_installs_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    monkeypatch.delitem(sys.modules, "watchfiles._rust_notify", raising=False)
    with pytest.raises(ExtraMissing, match=r"pip install 'vecsearch\[watch\]'"):
        Watcher([folder], tmp_path)


class TestRoots:
    """Without paths the roots of the index are watched."""

    def test_all_roots_are_watched_with_their_options(self, watch: Watch, folder: Path) -> None:
        other = write(folder.parent / "other" / "o.md", "omega").parent
        watch.index.sync(folder, exclude=["*.txt"])
        watch.index.sync(other)
        assert watch.begin(None).unchanged == 1
        write(folder / "a.txt", "excluded")
        write(folder / "a.md", "alpha")
        write(other / "p.md", "pi")
        assert watch.until(lambda found: len(found) == 3) == {
            "notes/a.md": "alpha",
            "other/o.md": "omega",
            "other/p.md": "pi",
        }

    def test_a_root_that_vanishes_is_reported_and_the_others_are_watched_on(self, watch: Watch, folder: Path) -> None:
        other = write(folder.parent / "other" / "o.md", "omega").parent
        write(folder / "a.md", "alpha")
        watch.index.sync([folder, other])
        watch.begin(None)
        other.rename(folder.parent / "away")
        while not (report := watch.next()).missing:
            pass
        assert [Path(root.path) for root in report.missing] == [other]
        write(folder / "b.md", "beta")
        assert set(watch.until(lambda found: "notes/b.md" in found)) == {"notes/a.md", "notes/b.md", "other/o.md"}

    def test_an_index_without_roots_cannot_be_watched(self, watch: Watch) -> None:
        assert isinstance(watch.begin(None), InvalidOption)

    def test_roots_that_are_all_gone_cannot_be_watched(self, watch: Watch, folder: Path) -> None:
        write(folder / "a.md", "alpha")
        watch.index.sync(folder)
        folder.rename(folder.parent / "away")
        assert isinstance(watch.begin(None), PathNotFound)
