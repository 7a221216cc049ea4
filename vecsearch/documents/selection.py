"""The globs with which a user narrows a scan. The rules of `.gitignore` files are in `gitignore.py`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from vecsearch.documents.globs import Glob, parse_glob, parse_globs
from vecsearch.errors import InvalidOption


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Globs that narrow a scan, in the language of `.gitignore`.

    A glob is matched against the path relative to its root, with `/` between names on every system. Without a slash,
    or with one only at its end, it matches at any depth: `*.md`, `drafts/`. Otherwise it starts at the root: `/top.md`,
    `docs/*.md`, `docs/**/*.md`. One that matches a folder applies to everything in it; `!glob` reverts what globs
    before it matched. With `include`, only files that match it are taken. `exclude` takes precedence, and a folder that
    it matches is not entered. A file that is itself a root is matched by its name alone.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises InvalidOption for an invalid glob."""
        for name, globs in (("include", self.include), ("exclude", self.exclude)):
            if isinstance(globs, str):
                raise InvalidOption(f"{name} is the str {globs!r}; expected a tuple of globs: ({globs!r},)")
            for glob in globs:
                if parse_glob(glob) is None:
                    raise InvalidOption(f"{name} contains {glob!r}, which matches nothing: write it as in .gitignore")


class Matcher:
    """A Selection, parsed once, that decides which paths are selected."""

    def __init__(self, selection: Selection) -> None:
        """Parse the globs of `selection`."""
        self._include = parse_globs(selection.include)
        self._exclude = parse_globs(selection.exclude)

    def enters(self, folder: str) -> bool:
        """Whether anything in `folder`, relative to its root and ending in a slash, can be selected."""
        return not _match(self._exclude, folder)

    def takes(self, file: str) -> bool:
        """Whether `file`, relative to its root, is selected."""
        return (not self._include or _match(self._include, file)) and not _match(self._exclude, file)


def _match(globs: tuple[Glob, ...], path: str) -> bool:
    """Whether the last glob that matches `path` or a folder above it selects it; False when none matches."""
    if not globs:
        return False
    names = path.removesuffix("/").split("/")
    above = list(accumulate(f"{name}/" for name in names[:-1]))
    for glob in reversed(globs):
        if any(map(glob.matches, (path, *above))):
            return not glob.negated
    return False
