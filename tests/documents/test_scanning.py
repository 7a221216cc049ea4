"""The files below roots: which, once, in what order, and what is said of the others."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.trees import denied, found, make
from vecsearch.documents import Selection, Skip, SourceFile, scan
from vecsearch.errors import PathNotFound
from vecsearch.reports import Failure

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX file system")


def test_files_come_sorted_with_those_of_a_folder_before_its_subfolders(tmp_path: Path) -> None:
    make(tmp_path, "b.md", "a/z.md", "a/b/c.md", "c.md", "a/a.md")
    assert found(tmp_path) == ["b.md", "c.md", "a/a.md", "a/z.md", "a/b/c.md"]


def test_a_file_comes_with_its_size_and_time(tmp_path: Path) -> None:
    make(tmp_path, "a.md")
    (file,) = scan([tmp_path])
    status = (tmp_path / "a.md").stat()
    assert file == SourceFile(tmp_path / "a.md", status.st_size, status.st_mtime_ns, named=False)


def test_a_path_stays_as_its_root_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "notes/a.md")
    monkeypatch.chdir(tmp_path)
    assert [file.path for file in scan([Path("notes")])] == [Path("notes/a.md")]  # type: ignore[union-attr]


def test_a_missing_root_is_an_error_before_anything_is_yielded(tmp_path: Path) -> None:
    make(tmp_path, "a.md")
    with pytest.raises(PathNotFound, match="gone"):
        scan([tmp_path, tmp_path / "gone"])
    with pytest.raises(PathNotFound):
        scan([tmp_path / "a.md" / "below a file"])


def test_names_that_begin_with_a_dot_are_passed_over_below_a_root_only(tmp_path: Path) -> None:
    make(tmp_path, ".hidden/a.md", ".hidden/.b.md", ".hidden/.c/d.md", ".e.md")
    assert found(tmp_path) == []
    assert found(tmp_path / ".hidden") == ["a.md"]
    (file,) = scan([tmp_path / ".e.md"])
    assert isinstance(file, SourceFile)
    assert file.named


def test_indexes_and_virtual_environments_are_not_entered(tmp_path: Path) -> None:
    make(tmp_path, "notes.index/manifests/1.json", "notes.index/segments/s/x.parquet", "env/pyvenv.cfg", "env/lib/a.py")
    make(tmp_path, "segments/a.md", "manifests")
    assert found(tmp_path) == ["manifests", "segments/a.md"]
    assert found(tmp_path / "env") == ["pyvenv.cfg", "lib/a.py"]
    (skip,) = scan([tmp_path / "notes.index"])
    assert skip == Skip(str(tmp_path / "notes.index"), "a vecsearch index")


class TestOverlap:
    def test_overlapping_roots_give_each_file_once(self, tmp_path: Path) -> None:
        make(tmp_path, "a.md", "sub/b.md", "sub/deep/c.md")
        roots = (tmp_path, tmp_path / "sub", tmp_path, tmp_path / "a.md", tmp_path / "sub" / ".." / "a.md")
        assert found(*roots) == ["a.md", "sub/b.md", "sub/deep/c.md"]
        assert found(tmp_path / "sub" / "deep", tmp_path / "sub") == ["c.md", "../b.md"]

    def test_a_file_in_a_root_that_is_named_too_counts_as_named(self, tmp_path: Path) -> None:
        make(tmp_path, "a.md", "b.md")
        files = [file for file in scan([tmp_path, tmp_path / "b.md"]) if isinstance(file, SourceFile)]
        assert [(file.path.name, file.named) for file in files] == [("b.md", True), ("a.md", False)]


@posix
class TestLinks:
    def test_a_loop_ends(self, tmp_path: Path) -> None:
        make(tmp_path, "a/b/c.md")
        (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
        (tmp_path / "a" / "b" / "self").symlink_to(".")
        assert found(tmp_path) == ["a/b/c.md"]

    def test_links_that_lead_out_are_followed_last_and_once(self, tmp_path: Path) -> None:
        make(tmp_path, "root/z.md", "out/a.md", "out/sub/b.md", "single.md")
        (tmp_path / "root" / "a link").symlink_to(tmp_path / "out", target_is_directory=True)
        (tmp_path / "root" / "b link").symlink_to(tmp_path / "out")
        (tmp_path / "root" / "c.md").symlink_to(tmp_path / "single.md")
        (tmp_path / "root" / "d.md").symlink_to(tmp_path / "single.md")
        assert found(tmp_path / "root") == ["z.md", "a link/a.md", "a link/sub/b.md", "c.md"]

    def test_a_file_in_the_root_is_known_by_its_own_path(self, tmp_path: Path) -> None:
        make(tmp_path, "z.md", "sub/y.md")
        (tmp_path / "a.md").symlink_to("z.md")
        (tmp_path / "b.md").symlink_to("sub/y.md")
        assert found(tmp_path) == ["z.md", "sub/y.md"]

    def test_a_link_to_what_the_walk_passed_over_is_followed(self, tmp_path: Path) -> None:
        make(tmp_path, ".rules.md", ".hidden/b.md")
        (tmp_path / "a.md").symlink_to(".rules.md")
        (tmp_path / "b.md").symlink_to(".hidden/b.md")
        assert found(tmp_path) == ["a.md", "b.md"]

    def test_a_link_is_left_out_when_ignored_or_not_selected(self, tmp_path: Path) -> None:
        make(tmp_path, "out/a.md", "root/.gitignore")
        (tmp_path / "root" / ".gitignore").write_text("ignored\n")
        for name in ("ignored", "excluded", ".hidden"):
            (tmp_path / "root" / name).symlink_to(tmp_path / "out")
        (tmp_path / "root" / "a.txt").symlink_to(tmp_path / "out" / "a.md")
        assert found(tmp_path / "root", include=("*.md",), exclude=("excluded/",)) == []

    def test_a_linked_folder_has_the_rules_of_the_work_tree_that_it_is_in(self, tmp_path: Path) -> None:
        make(tmp_path, "tree/.git/config", "tree/docs/a.md", "tree/docs/secret.md", "root/b.md")
        (tmp_path / "tree" / ".gitignore").write_text("/docs/secret.md\n")
        (tmp_path / "root" / "docs").symlink_to(tmp_path / "tree" / "docs")
        assert found(tmp_path / "root") == ["b.md", "docs/a.md"]

    def test_a_root_that_is_a_link_is_walked(self, tmp_path: Path) -> None:
        make(tmp_path, "real/a.md")
        (tmp_path / "link").symlink_to("real")
        assert found(tmp_path / "link", tmp_path / "real") == ["a.md"]

    def test_a_link_to_nothing_is_skipped_and_as_a_root_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "broken.md").symlink_to("gone.md")
        (tmp_path / "round").symlink_to("round")
        assert list(scan([tmp_path])) == [
            Skip(str(tmp_path / "broken.md"), "broken link"),
            Skip(str(tmp_path / "round"), "broken link"),
        ]
        with pytest.raises(PathNotFound):
            scan([tmp_path / "broken.md"])


class TestProblems:
    @posix
    def test_pipes_sockets_and_devices_are_skipped_unopened(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)  # the path of a socket must be short
        os.mkfifo("pipe")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket")
            (tmp_path / "device").symlink_to("/dev/null")
            names = ["pipe", "socket", "device"]
            assert list(scan([tmp_path])) == [Skip(str(tmp_path / name), "not a regular file") for name in names]
            assert list(scan([Path("pipe")])) == [Skip("pipe", "not a regular file")]
            assert list(scan([tmp_path], Selection(include=("*.md",)))) == []

    @posix
    def test_a_folder_that_may_not_be_read_is_a_failure(self, tmp_path: Path) -> None:
        make(tmp_path, "a.md", "closed/b.md", "z/c.md")
        (tmp_path / "closed").chmod(0)
        if os.access(tmp_path / "closed", os.R_OK):
            pytest.skip("this user may read everything")
        try:
            results = list(scan([tmp_path, tmp_path / "closed"]))
            assert [r for r in results if isinstance(r, Failure)] == [
                Failure(str(tmp_path / "closed"), "permission denied")
            ] * 2
            assert len(results) == 4
        finally:
            (tmp_path / "closed").chmod(0o700)

    def test_a_folder_that_fails_is_named_and_the_rest_goes_on(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make(tmp_path, "a.md", "closed/b.md", "z/c.md")
        scandir = os.scandir
        monkeypatch.setattr(os, "scandir", lambda path: denied() if path.endswith("closed") else scandir(path))
        first, failure, last = scan([tmp_path])
        assert failure == Failure(str(tmp_path / "closed"), "permission denied")
        assert [first.path.name, last.path.name] == ["a.md", "c.md"]  # type: ignore[union-attr]

    def test_a_file_that_vanishes_is_left_out_and_one_that_cannot_be_looked_at_is_a_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        @contextmanager
        def listing(_: str) -> Iterator[list[Entry]]:
            yield [Entry("gone.md", FileNotFoundError()), Entry("odd.md", PermissionError(13, "Permission denied"))]

        class Entry:
            def __init__(self, name: str, error: OSError) -> None:
                self.name, self.path, self.error = name, str(tmp_path / name), error

            def is_symlink(self) -> bool:
                return False

            def is_dir(self, *, follow_symlinks: bool = True) -> bool:
                return False

            def stat(self, *, follow_symlinks: bool) -> os.stat_result:
                raise self.error

        monkeypatch.setattr(os, "scandir", listing)
        assert list(scan([tmp_path])) == [Failure(str(tmp_path / "odd.md"), "permission denied")]

    def test_a_root_that_cannot_be_looked_at_is_a_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make(tmp_path, "a.md")
        monkeypatch.setattr(Path, "stat", denied)
        monkeypatch.setattr(os, "stat", denied)
        results = scan([tmp_path / "a.md"])
        monkeypatch.setattr(Path, "is_symlink", lambda _: False)
        assert list(results) == [Failure(str(tmp_path / "a.md"), "permission denied")]

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems keep names in Unicode")
    def test_names_that_are_not_text_are_reported_in_printable_form(self, tmp_path: Path) -> None:
        make(tmp_path, "good.md")
        for name in (b"caf\xe9.md", b"fold\xe9r/a.md"):
            path = os.fsencode(tmp_path) + b"/" + name
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w"):
                pass
        failures = [result for result in scan([tmp_path]) if isinstance(result, Failure)]
        assert failures == [
            Failure(f"{tmp_path}/caf\\xe9.md", "its name is not valid UTF-8: rename it"),
            Failure(f"{tmp_path}/fold\\xe9r", "its name is not valid UTF-8: rename it"),
        ]

    def test_folders_may_nest_deeper_than_python_recurses(self, tmp_path: Path) -> None:
        folders = [os.path.join(tmp_path, *["d"] * depth) for depth in range(1, 1201)]
        try:
            for folder in folders:
                os.mkdir(folder)
        except OSError:
            pytest.skip("this system has a lower limit for paths")
        Path(folders[-1], "a.md").write_text("x")
        try:
            assert found(tmp_path) == [f"{'d/' * 1200}a.md"]
        finally:  # shutil.rmtree, by which pytest cleans up, recurses
            Path(folders[-1], "a.md").unlink()
            for folder in reversed(folders):
                os.rmdir(folder)


def test_six_hundred_files_are_found_fast(shared_data: Callable[[str], Path]) -> None:
    files = [file for file in scan([shared_data("docs/fastapi")]) if isinstance(file, SourceFile)]
    assert len(files) > 500
    assert all(file.size == file.path.stat().st_size for file in files)
