"""Which entries of a folder are ignored, by the rules of gitignore(5). The patterns are in `globs.py`.

Rules come from `.vecsearchignore`, `.ignore` and `.gitignore` files, from a repository's `info/exclude` and from the
file that the user excludes in every repository (git_excludes.py); the first of these with a matching pattern decides.
Among files of one name it is the deepest, and in a file the last matching pattern. An ignored folder is not entered, so
no pattern can include anything below it again.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple, TypeAlias

from vecsearch.documents.git_excludes import exclude_files
from vecsearch.documents.globs import Glob, parse_globs

_LARGEST = 10_000_000  # bytes of a file of rules: more are no rules that anyone wrote


class Kind(IntEnum):
    """Where a rule is written; a greater one takes precedence."""

    USER = 0  # what the user excludes in every repository
    EXCLUDE = 1  # info/exclude of a repository
    GITIGNORE = 2
    IGNORE = 3  # as ripgrep, fd and ag read it
    OWN = 4


IGNORE_FILES = {".gitignore": Kind.GITIGNORE, ".ignore": Kind.IGNORE, ".vecsearchignore": Kind.OWN}


class Rule(NamedTuple):
    """The globs of one file; `way` leads from the folder they are written for to the one they govern."""

    kind: Kind
    globs: tuple[Glob, ...]
    way: str  # "" or "some/folder/"


# Those that govern a folder: the first that matches, from the end, decides.
Rules: TypeAlias = tuple[Rule, ...]


def is_ignored(rules: Rules, name: str) -> bool:
    """Whether the entry `name` of the governed folder is ignored; the name of a folder ends in a slash."""
    for _, globs, way in reversed(rules):
        for glob in reversed(globs):
            if glob.matches(way + name):
                return not glob.negated
    return False


def rules_below(rules: Rules, folder: str) -> Rules:
    """Return the rules that govern the subfolder `folder/`, before its own files are read."""
    return tuple(Rule(kind, globs, way + folder) for kind, globs, way in rules)


def rules_in(rules: Rules, folder: str, names: Iterable[str], *, is_tree: bool) -> Rules:
    """Return the rules for the entries of a folder: those around it, and those in its files of these names.

    `is_tree`: it is a Git work tree of its own, inside of which the rules of Git around it do not apply. Raises OSError
    when a file cannot be read.
    """
    own: list[Rule] = []
    if is_tree:
        rules = tuple(rule for rule in rules if rule.kind > Kind.GITIGNORE)
        own += _tree_rules(folder)
    own += [Rule(IGNORE_FILES[name], _globs_in(os.path.join(folder, name)), "") for name in names]
    own = [rule for rule in own if rule.globs]
    return tuple(sorted((*rules, *own), key=lambda rule: rule.kind)) if own else rules


def _tree_rules(top: str) -> list[Rule]:
    """What a repository and its user exclude in a work tree; as in Git, a file that cannot be read sets no rules."""
    rules = []
    for kind, path in zip((Kind.USER, Kind.EXCLUDE), exclude_files(top), strict=True):
        with suppress(OSError):
            if os.path.isfile(path):
                rules.append(Rule(kind, _globs_in(path), ""))
    return rules


def _globs_in(path: str) -> tuple[Glob, ...]:
    # File names are decoded with surrogateescape, so patterns must be, too, to match them.
    if os.stat(path).st_size > _LARGEST:
        raise OSError(errno.EFBIG, f"larger than {_LARGEST:,} bytes")
    content = Path(path).read_bytes().decode("utf-8-sig", "surrogateescape")
    return parse_globs(line.removesuffix("\r") for line in content.split("\n"))


def enclosing_rules(folder: Path) -> Rules:
    """Return the rules that the git work tree around `folder` sets for it; none when they ignore the folder itself.

    Whoever names an ignored folder wants its files. An unreadable `.gitignore` above `folder` sets no rules.
    """
    rules: Rules = ()
    for number, parent in enumerate(_work_tree(folder)):
        rules = _rules_of(rules, str(parent), is_tree=number == 0)
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


def _rules_of(rules: Rules, folder: str, *, is_tree: bool) -> Rules:
    names = [name for name in IGNORE_FILES if os.path.isfile(os.path.join(folder, name))]
    try:
        return rules_in(rules, folder, names, is_tree=is_tree)
    except OSError:
        return rules
