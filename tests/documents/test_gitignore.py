"""`.gitignore` files are understood as git does, and so are the globs of a user."""

from __future__ import annotations

import os
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


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without a configuration of Git."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    return home


class TestOtherFiles:
    def test_what_a_repository_excludes_on_this_machine_is_left_out(self, tmp_path: Path) -> None:
        make(tmp_path, "a.md", "a.log", "sub/b.log", "keep.log")
        make(tmp_path, ".git/info/exclude")
        (tmp_path / ".git" / "info" / "exclude").write_text("*.log\n")
        assert found(tmp_path) == ["a.md"]
        assert found(tmp_path / "sub") == []
        (tmp_path / ".gitignore").write_text("!keep.log\n")
        assert found(tmp_path) == ["a.md", "keep.log"]

    def test_it_holds_in_every_work_tree_of_the_repository(self, tmp_path: Path) -> None:
        make(tmp_path, "main/.git/info/exclude", "other/a.log", "other/a.md", "main/.git/worktrees/other/commondir")
        (tmp_path / "main" / ".git" / "info" / "exclude").write_text("*.log\n")
        (tmp_path / "main" / ".git" / "worktrees" / "other" / "commondir").write_text("../..\n")
        (tmp_path / "other" / ".git").write_text("gitdir: ../main/.git/worktrees/other\n")
        assert found(tmp_path / "other") == ["a.md"]

    def test_what_the_user_excludes_everywhere_is_left_out_of_repositories(self, tmp_path: Path, home: Path) -> None:
        make(tmp_path, "tree/.git/config", "tree/a.bak", "tree/a.md", "plain/a.bak")
        make(home, ".config/git/ignore")
        (home / ".config" / "git" / "ignore").write_text("*.bak\n")
        assert found(tmp_path) == ["plain/a.bak", "tree/a.md"]

    @pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
    @pytest.mark.parametrize(
        "written",
        [
            "[core]\n\texcludesFile = ~/mine\n",
            '[CORE] ExcludesFile="~/mine" # where\n',
            '[core]\nexcludesfile = ~/"mi"ne ; where\n',
            '[core "sub"]\nexcludesFile = ~/not\n[core]\nexcludesFile = ~/not\nexcludesFile = ~/mi\\\nne\n',
            "[include]\npath = more\n",
            "[user]\nname = [core]\n[core]\nexcludesFile = ~/not # \\\nexcludesFile = ~/mine\n",
            '[core]\nexcludesFile = "~/mi\\\nne"   \n[user]\nname = "#;\\" x"; y\n',
            "[core]\nexcludesFile = ~/no\\\\\nexcludesFile = ~/mine\n\n\n[alias] x = y\n",
            "[core]\r\nexcludesFile = ~/mine  \r\n",
            "[core]excludesFile=~/mine#\n",
            "[core]\nexcludesFile =\n",
            "# [core]\n; excludesFile = ~/mine\n",
        ],
    )
    def test_the_file_is_the_one_that_git_reads(self, tmp_path: Path, home: Path, written: str) -> None:
        make(tmp_path, "a.mine", "a.not", "a.standard", "a.md")
        make(home, ".config/git/ignore")
        (home / ".config" / "git" / "ignore").write_text("*.standard\n")
        (home / "more").write_text("[core]\nexcludesFile = ~/mine\n")
        (home / "mine").write_text("*.mine\n")
        (home / "not").write_text("*.not\n")
        subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
        (home / ".gitconfig").write_text(written)
        if _of_git(tmp_path) is None:
            pytest.skip("git refuses this configuration")
        assert sorted(found(tmp_path)) == _of_git(tmp_path)

    @pytest.mark.parametrize("loop", ["[include]\npath = .gitconfig\n" * 40, "[include]\npath = \0\n"])
    def test_a_configuration_that_leads_nowhere_does_no_harm(self, tmp_path: Path, home: Path, loop: str) -> None:
        make(tmp_path, ".git/config", "a.md")
        (home / ".gitconfig").write_text(loop)
        (tmp_path / ".git" / "config").write_text(loop)
        assert found(tmp_path) == ["a.md"]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
    def test_what_would_hang_is_not_opened(self, tmp_path: Path) -> None:
        make(tmp_path, ".git/HEAD", "a.md")
        (tmp_path / ".git" / "info").mkdir()
        for name in (".git/info/exclude", ".git/config", ".ignore", ".vecsearchignore"):
            os.mkfifo(tmp_path / name)
        assert found(tmp_path) == ["a.md"]

    @pytest.mark.parametrize("name", [".ignore", ".vecsearchignore"])
    def test_files_of_other_names_hold_like_a_gitignore(self, tmp_path: Path, name: str) -> None:
        make(tmp_path, "a.md", "a.log", "sub/b.log", "sub/b.md", "sub/deep/b.md")
        (tmp_path / name).write_text("*.log\n")
        (tmp_path / "sub" / name).write_text("!b.log\n/b.md\n")
        assert found(tmp_path) == ["a.md", "sub/b.log", "sub/deep/b.md"]

    def test_the_more_special_name_takes_precedence_at_any_depth(self, tmp_path: Path) -> None:
        make(tmp_path, "sub/a.md", "sub/b.md", "sub/c.md")
        (tmp_path / ".vecsearchignore").write_text("!c.md\n")
        (tmp_path / ".ignore").write_text("!b.md\n")
        (tmp_path / "sub" / ".gitignore").write_text("*.md\n")
        assert found(tmp_path) == ["sub/b.md", "sub/c.md"]
        (tmp_path / "sub" / ".ignore").write_text("c.md\n")
        assert found(tmp_path) == ["sub/b.md", "sub/c.md"]
        (tmp_path / "sub" / ".vecsearchignore").write_text("c.md\n")
        assert found(tmp_path) == ["sub/b.md"]

    def test_they_hold_in_a_work_tree_below_and_those_of_git_do_not(self, tmp_path: Path) -> None:
        make(tmp_path, "tree/.git/config", "tree/a.md", "tree/a.log")
        (tmp_path / ".gitignore").write_text("*.md\n")
        (tmp_path / ".ignore").write_text("*.log\n")
        assert found(tmp_path) == ["tree/a.md"]

    @pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
    @pytest.mark.parametrize("seed", range(40))
    def test_random_trees_and_excludes_give_what_git_gives(self, tmp_path: Path, home: Path, seed: int) -> None:
        rng = random.Random(seed)
        _random_tree(tmp_path, rng)
        subprocess.run(["git", "-C", str(tmp_path), "init", "-q"], check=True)
        (tmp_path / ".git" / "info" / "exclude").write_text(_random_lines(rng))
        make(home, ".config/git/ignore")
        (home / ".config" / "git" / "ignore").write_text(_random_lines(rng))
        listed = _of_git(tmp_path)
        assert sorted(found(tmp_path)) == listed
        for folder in [path for path in tmp_path.rglob("*") if path.is_dir() and ".git" not in path.parts]:
            way = f"{folder.relative_to(tmp_path).as_posix()}/"
            if not _git_ignores(tmp_path, way):
                below = sorted(name.removeprefix(way) for name in listed if name.startswith(way))
                assert sorted(found(folder)) == below


def _of_git(tree: Path) -> list[str] | None:
    """The files that Git does not ignore; None where it refuses its configuration."""
    command = ["git", "-C", str(tree), "ls-files", "-coz", "--exclude-standard"]
    listed = subprocess.run(command, check=False, capture_output=True)
    names = listed.stdout.decode().split("\0")
    kept = sorted(name for name in names if name and not name.endswith(".gitignore"))
    return None if listed.returncode else kept


def _git_ignores(tree: Path, path: str) -> bool:
    """Whether Git ignores a folder or one above it."""
    return subprocess.run(["git", "-C", str(tree), "check-ignore", "-q", path], check=False).returncode == 0


def _random_lines(rng: random.Random) -> str:
    return "\n".join(rng.choice(PATTERNS.split(",")) for _ in range(rng.randint(0, 4))) + "\n"


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
