"""`vecsearch open`: a hit of the last search, in an editor at its line; or a stranger's index, looked at safely."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click

from ..options.common import with_index
from ..options.help import command
from ..output import Output, Summary
from ..output.index import UntrustedView
from ..output.last_search import Target, recall
from ..output.text import plural, shown_path

_BESIDE = {"code", "code-insiders", "codium", "cursor", "windsurf"}  # take --goto FILE:LINE
_COLON = {"subl", "zed", "hx", "helix", "lapce"}  # take FILE:LINE
_WITHOUT_LINE = {"notepad", "open", "xdg-open"}
_PAGED = {".pdf", ".docx", ".pptx", ".xlsx", ".odt", ".odp", ".ods", ".epub", ".html", ".htm"}  # nothing that runs


@command("open")
@click.argument("number", type=click.IntRange(1), metavar="N", required=False)
@click.option("--untrusted", is_flag=True, help="Check an index from a stranger, and show what it holds.")
@click.option("--at", metavar="VERSION", help="Look at a past version, with --untrusted.")
@with_index
def open_(number: int | None, untrusted: bool, at: str | None, index_path: Path, output: Output) -> None:
    """Open the N-th hit of the last search in this terminal: in $VISUAL or $EDITOR, at its line.

    A PDF, a presentation and the like opens in the program that the system has for it, a web page in the browser.

    With --untrusted, check every byte of an index from a stranger, and show what it holds. Nothing is sent to other
    machines, and the exit status is 1 when the index is not safe to use. vecsearch search --untrusted then searches it.
    """
    if untrusted == (number is not None):
        raise click.UsageError("give the number N of a hit, or --untrusted to look at an index")
    if number is None:
        _look_at(index_path, at, output)
    else:
        _open_hit(number, output)


def _look_at(index_path: Path, at: str | None, output: Output) -> None:
    """Show what an untrusted index holds; with status 1 where something in it is damaged."""
    from vecsearch import Index, VecsearchError

    index = Index.open(index_path, version=at, untrusted=True)
    try:
        encoder, reason = index.session().encoder.name, None
    except VecsearchError as error:  # remote, not on this machine, or another one of this name
        encoder, reason = None, str(error)
    view = UntrustedView(index.verify(), index.info(), encoder, reason)
    output.show(view)
    if not view.is_safe:
        click.get_current_context().exit(1)


def _open_hit(number: int, output: Output) -> None:
    from vecsearch import InvalidQuery

    targets = recall()
    if not targets:
        raise InvalidQuery("no search to open a hit of: search in this terminal first")
    if number > len(targets):
        raise InvalidQuery(f"the last search has {plural(len(targets), 'hit')}, not {number}")
    target = targets[number - 1]
    source = _checked(target, number)
    if not Path(source).is_absolute() or (target.paged and Path(source).suffix.lower() in _PAGED):
        status = click.launch(source)
    else:
        status = _run([*_editor(), *_arguments(source, target.line)])
    if status:
        raise click.exceptions.Exit(1)
    output.show(Summary(f"opened {shown_path(source)}", {"source": source, "line": target.line}))


def _checked(target: Target, number: int) -> str:
    """Return the file or web page of a hit, known to be one; raises InvalidQuery."""
    from vecsearch import InvalidQuery

    source = target.source
    if source is None:
        raise InvalidQuery(f"hit {number} is from no file: vecsearch show prints it")
    if source.startswith(("https://", "http://")):
        return source
    if not Path(source).is_absolute() or not Path(source).is_file():
        raise InvalidQuery(f"hit {number} is from {source}, which is not a file here: vecsearch show prints it")
    return source


def _editor() -> list[str]:
    """Return the user's editor, as words of a command; raises InvalidOption where there is none."""
    from vecsearch import InvalidOption

    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if named:
        return shlex.split(named, posix=sys.platform != "win32")
    for name in ("notepad",) if sys.platform == "win32" else ("sensible-editor", "nano", "vi"):
        if found := shutil.which(name):
            return [found]
    raise InvalidOption("no editor: set $VISUAL or $EDITOR, as in EDITOR=vim")


def _arguments(source: str, line: int) -> list[str]:
    """Return the arguments by which the editor opens the file at a line."""
    name = Path(_editor()[0]).stem.lower()
    if name in _BESIDE:
        return ["--goto", f"{source}:{line}"]
    if name in _COLON:
        return [f"{source}:{line}"]
    return [source] if name in _WITHOUT_LINE else [f"+{line}", source]


def _run(command: list[str]) -> int:
    from vecsearch import InvalidOption

    try:
        return subprocess.run(command, check=False).returncode  # noqa: S603  # the user's own editor
    except OSError as error:
        raise InvalidOption(f"editor {command[0]}: {error.strerror}: set $VISUAL or $EDITOR") from None
