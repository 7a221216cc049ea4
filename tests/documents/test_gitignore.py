"""`.gitignore` files are understood as git does, and so are the globs of a user."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.trees import denied, found, make
from vecsearch.documents import Selection, scan
from vecsearch.errors import InvalidOption
from vecsearch.reports import Failure


class TestGitignore:
    def test_patterns_hold_for_the_folder_of_their_file_and_below(self, tmp_path: Path) -> None:
        make(tmp_path, "a.log", "a.md", "sub/b.log", "sub/top.md", "top.md", "sub/build/c.md", "other/b.md")
        (tmp_path / ".gitignore").write_text("*.log\n/top.md\nbuild/\n")
        (tmp_path / "sub" / ".gitignore").write_text("/b.md\n")
        assert found(tmp_path) == ["a.md", "other/b.md", "sub/top.md"]

    def test_the_deeper_file_and_the_later_line_win(self, tmp_path: Path) -> None:
        make(tmp_path, "a.log", "keep.log", "sub/a.log", "sub/keep.log")
        (tmp_path / ".gitignore").write_text("*.log\n!keep.log\n")
        (tmp_path / "sub" / ".gitignore").write_text("!a.log\nkeep.log\n")
        assert found(tmp_path) == ["keep.log", "sub/a.log"]

    def test_nothing_comes_back_from_an_ignored_folder(self, tmp_path: Path) -> None:
        make(tmp_path, "build/keep.md", "a.md")
        (tmp_path / ".gitignore").write_text("build\n!build/keep.md\n")
        assert found(tmp_path) == ["a.md"]

    def test_only_folders_and_one_kind_of_file_can_be_let_back_in(self, tmp_path: Path) -> None:
        make(tmp_path, "a.py", "a.md", "sub/b.py", "sub/b.md")
        (tmp_path / ".gitignore").write_text("*\n!*/\n!*.py\n")
        assert found(tmp_path) == ["a.py", "sub/b.py"]

    def test_the_rules_of_the_enclosing_work_tree_hold_for_a_root_inside_it(self, tmp_path: Path) -> None:
        make(tmp_path, ".git/config", "docs/a.md", "docs/a.log", "docs/de/b.md", "docs/de/secret.md")
        (tmp_path / ".gitignore").write_text("*.log\n/docs/de/secret.md\n")
        assert found(tmp_path / "docs") == ["a.md", "de/b.md"]
        assert found(tmp_path / "docs" / "de") == ["b.md"]

    def test_rules_above_count_only_in_a_work_tree_and_up_to_its_top(self, tmp_path: Path) -> None:
        make(tmp_path, "tree/docs/a.md")
        (tmp_path / ".gitignore").write_text("*.md\n")
        assert found(tmp_path / "tree") == ["docs/a.md"]
        make(tmp_path, "tree/.git/config")
        assert found(tmp_path / "tree" / "docs") == ["a.md"]
        assert found(tmp_path) == ["tree/docs/a.md"]  # a work tree of its own inside the folder, too

    def test_a_root_that_is_ignored_is_walked_by_its_own_rules(self, tmp_path: Path) -> None:
        make(tmp_path, ".git/config", "build/docs/a.md", "build/docs/b.log", "build/docs/c.md")
        (tmp_path / ".gitignore").write_text("build/\n*.log\n")
        (tmp_path / "build" / "docs" / ".gitignore").write_text("c.md\n")
        assert found(tmp_path / "build" / "docs") == ["a.md", "b.log"]

    def test_a_named_file_is_taken_even_when_ignored(self, tmp_path: Path) -> None:
        make(tmp_path, "a.md")
        (tmp_path / ".gitignore").write_text("*\n")
        assert found(tmp_path, tmp_path / "a.md") == ["a.md"]

    def test_line_ends_and_a_mark_of_windows_do_no_harm(self, tmp_path: Path) -> None:
        make(tmp_path, "a.log", "b.tmp", "c.md")
        (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbf*.log\r\n*.tmp\r\n")
        assert found(tmp_path) == ["c.md"]

    def test_a_gitignore_that_is_a_folder_sets_no_rules(self, tmp_path: Path) -> None:
        make(tmp_path, ".git/config", ".gitignore/x", "docs/a.md")
        assert found(tmp_path / "docs") == ["a.md"]
        assert found(tmp_path) == ["docs/a.md"]

    def test_a_folder_whose_rules_cannot_be_read_is_left_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make(tmp_path, ".git/config", ".gitignore", "docs/a.md")
        monkeypatch.setattr(Path, "read_bytes", denied)
        assert list(scan([tmp_path])) == [Failure(str(tmp_path), ".gitignore: permission denied")]
        assert found(tmp_path / "docs") == ["a.md"]

    @pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
    @pytest.mark.parametrize("seed", range(40))
    def test_random_trees_and_rules_give_what_git_gives(self, tmp_path: Path, seed: int) -> None:
        _random_tree(tmp_path, random.Random(seed))
        git = ["git", "-C", str(tmp_path)]
        subprocess.run([*git, "init", "-q"], check=True)
        listed = subprocess.run([*git, "ls-files", "-coz", "--exclude-standard"], check=True, capture_output=True)
        names = listed.stdout.decode().split("\0")
        assert sorted(found(tmp_path)) == sorted(n for n in names if n and not n.endswith(".gitignore"))


NAMES = ["a", "b", "foo", "bar", "x.md", "y.txt", "build", "z.py", "doc s", "Foo", "[q]"]
PATTERNS = "*.md,!*.md,build/,!build/,foo,/foo,foo/*,!foo/bar,*,!*/,!*.py,/a/**,**/b,a/b,!a/b,/a/*/x.md,!x.md,*.t?t"
PATTERNS += ",[ab],[!ab],# c,,\\#x,foo/,**/foo/**,!foo/,doc s,doc\\ s,b/**/x.md,a/,!/a/,*/x.md,/*,!/foo/,foo/**,x.md "
PATTERNS += ",!y.txt,a/*,\\[q\\],[[]q],!,bar/,**,!**/,/**/foo,a**,x.*,*o*/,!bar/*,[[:alpha:]],[a-f]oo,[,doc\\ ,[^x].md"


def _random_tree(root: Path, rng: random.Random) -> None:
    folders = [root]
    for _ in range(rng.randint(2, 7)):
        folder = rng.choice(folders) / rng.choice(NAMES)
        folder.mkdir(exist_ok=True)
        folders.append(folder)
    for folder in folders:
        if rng.random() < 0.5:
            lines = [rng.choice(PATTERNS.split(",")) for _ in range(rng.randint(1, 4))]
            (folder / ".gitignore").write_text("\n".join(lines) + "\n")
    for folder in folders:
        for name in rng.sample(NAMES, 4):
            if not (folder / name).exists():
                (folder / name).write_text("x")


class TestSelection:
    FILES = ("a.md", "a.txt", "docs/b.md", "docs/de/c.md", "docs/de/c.txt", "drafts/d.md", "docs/drafts/e.md")

    @pytest.mark.parametrize(
        ("include", "exclude", "expected"),
        [
            (("*.md",), (), ["a.md", "docs/b.md", "docs/de/c.md", "docs/drafts/e.md", "drafts/d.md"]),
            (("/*.md",), (), ["a.md"]),
            (("docs/*.md",), (), ["docs/b.md"]),
            (("docs/**/*.md",), (), ["docs/b.md", "docs/de/c.md", "docs/drafts/e.md"]),
            (("docs/de",), (), ["docs/de/c.md", "docs/de/c.txt"]),
            (("docs/", "!drafts/", "!*.txt"), (), ["docs/b.md", "docs/de/c.md"]),
            ((), ("drafts/", "*.txt"), ["a.md", "docs/b.md", "docs/de/c.md"]),
            ((), ("/drafts", "docs"), ["a.md", "a.txt"]),
            (("*.md",), ("docs/**",), ["a.md", "drafts/d.md"]),
            (("*.txt", "b.*"), ("de",), ["a.txt", "docs/b.md"]),
            ((), ("*.md", "!b.md"), ["a.txt", "docs/b.md", "docs/de/c.txt"]),
            (("!a.md",), (), []),
        ],
    )
    def test_globs_are_those_of_gitignore(
        self, tmp_path: Path, include: tuple[str, ...], exclude: tuple[str, ...], expected: list[str]
    ) -> None:
        make(tmp_path, *self.FILES)
        assert sorted(found(tmp_path, include=include, exclude=exclude)) == expected

    def test_a_named_file_is_matched_by_its_name(self, tmp_path: Path) -> None:
        make(tmp_path, "docs/a.md", "docs/a.log")
        files = (tmp_path / "docs" / "a.md", tmp_path / "docs" / "a.log")
        assert len(found(*files)) == 2
        assert [file.path.name for file in scan(files, Selection(exclude=("*.log",)))] == ["a.md"]  # type: ignore[union-attr]

    @pytest.mark.parametrize("glob", ["", "  ", "# comment", "[", "!", "/", "a\\", "[[:nothing:]]", "[z-a]"])
    def test_a_glob_that_matches_nothing_is_refused(self, glob: str) -> None:
        with pytest.raises(InvalidOption, match="include"):
            Selection(include=(glob,))
        with pytest.raises(InvalidOption, match="exclude"):
            Selection(exclude=("*.md", glob))

    def test_a_text_in_place_of_a_tuple_is_refused(self) -> None:
        with pytest.raises(InvalidOption, match="tuple"):
            Selection(include="*.md")  # type: ignore[arg-type]
