"""The globs with which a user narrows a scan. What `.gitignore` files say is in `ignoring`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from vecsearch.documents.globs import Glob, parse_glob, parse_globs
from vecsearch.errors import InvalidOption


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Globs that narrow what is found below the roots, in the language of `.gitignore`.

    A glob is matched against the path relative to its root, with `/` between names on every system. Without a slash,
    or with one only at its end, it matches at any depth: `*.md`, `drafts/`. With one it starts at the root: `/top.md`,
    `docs/*.md`, `docs/**/*.md`. One that matches a folder holds for all in it; `!glob` takes back what globs before
    it matched. With `include`, only files that match it are taken. `exclude` is stronger, and a folder that it
    matches is not entered. A file that is itself a root is matched by its name alone.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises InvalidOption when a glob is none."""
        for name, globs in (("include", self.include), ("exclude", self.exclude)):
            if isinstance(globs, str):
                raise InvalidOption(f"{name} is the text {globs!r}: give a tuple of globs, ({globs!r},)")
            for glob in globs:
                if parse_glob(glob) is None:
                    raise InvalidOption(f"{name} has {glob!r}, which matches nothing: give a glob as in .gitignore")


class Matcher:
    """Says of one path after the other whether it is selected."""

    def __init__(self, selection: Selection) -> None:
        """Make `selection` ready."""
        self._include = parse_globs(selection.include)
        self._exclude = parse_globs(selection.exclude)

    def enters(self, folder: str) -> bool:
        """Whether anything in `folder`, relative to its root and ending in a slash, can be selected."""
        return not _match(self._exclude, folder)

    def takes(self, file: str) -> bool:
        """Whether `file`, relative to its root, is selected."""
        return (not self._include or _match(self._include, file)) and not _match(self._exclude, file)


def _match(globs: tuple[Glob, ...], path: str) -> bool:
    """What the last glob says that matches `path` or a folder above it; False when there is none."""
    if not globs:
        return False
    names = path.removesuffix("/").split("/")
    above = list(accumulate(f"{name}/" for name in names[:-1]))
    for glob in reversed(globs):
        if any(map(glob.matches, (path, *above))):
            return not glob.negated
    return False
