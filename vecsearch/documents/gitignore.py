"""Which entries of a folder `.gitignore` files ignore, by the rules of gitignore(5). The patterns are in `globs.py`.

For one path the deepest `.gitignore` with a matching pattern decides, and in it the last matching pattern. An ignored
folder is not entered, so no pattern can include anything below it again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from vecsearch.documents.globs import Glob, parse_globs

# The globs of each .gitignore that governs a folder, outermost first, with the path from its own folder to the governed
# one: "" or "some/folder/".
Rules: TypeAlias = tuple[tuple[tuple[Glob, ...], str], ...]


def is_ignored(rules: Rules, name: str) -> bool:
    """Whether the entry `name` of the governed folder is ignored; the name of a folder ends in a slash."""
    for globs, way in reversed(rules):
        for glob in reversed(globs):
            if glob.matches(way + name):
                return not glob.negated
    return False


def rules_below(rules: Rules, folder: str) -> Rules:
    """Return the rules that govern the subfolder `folder/`, before its own `.gitignore` is read."""
    return tuple((globs, way + folder) for globs, way in rules)


def read_gitignore(path: str) -> Rules:
    """Return the rules of one `.gitignore` for the folder that contains it. Raises OSError."""
    # File names are decoded with surrogateescape, so patterns must be, too, to match them.
    content = Path(path).read_bytes().decode("utf-8-sig", "surrogateescape")
    return ((parse_globs(line.removesuffix("\r") for line in content.split("\n")), ""),)


def enclosing_rules(folder: Path) -> Rules:
    """Return the rules that the git work tree around `folder` sets for it; none when they ignore the folder itself.

    Whoever names an ignored folder wants its files. An unreadable `.gitignore` above `folder` sets no rules.
    """
    rules: Rules = ()
    for parent in _work_tree(folder):
        rules += _rules_of(parent)
        below = folder.relative_to(parent).parts[0] + "/"
        if is_ignored(rules, below):
            return ()
        rules = rules_below(rules, below)
    return rules


def _work_tree(folder: Path) -> list[Path]:
    """Return the folders from the top of the enclosing git work tree down to the parent of `folder`."""
    above: list[Path] = []
    for candidate in (folder, *folder.parents):
        if os.path.lexists(candidate / ".git"):  # unlike Path.exists, it never raises
            return above[::-1]
        above.append(candidate.parent)
    return []


def _rules_of(folder: Path) -> Rules:
    gitignore = folder / ".gitignore"
    try:
        return read_gitignore(str(gitignore)) if gitignore.is_file() else ()
    except OSError:
        return ()
