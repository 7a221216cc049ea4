"""What commands print: a `View` of a result has two forms, and an `Output`, chosen by --json, prints one of them.

A command shows views and prints nothing else. Progress, warnings and errors go to standard error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

from .characters import visible
from .streams import write_json, write_notice, write_text


class View(ABC):
    """A result in two forms: `fields` for programs, `lines` for people."""

    styled: ClassVar[bool] = False  # a styled view has colours in its lines, and escapes foreign text itself

    @abstractmethod
    def fields(self) -> dict[str, Any]:
        """Return what becomes one JSON document."""

    @abstractmethod
    def lines(self) -> Iterable[str]:
        """Return the lines for standard output."""

    def notices(self) -> Iterable[str]:
        """Return the lines that go to standard error before `lines`."""
        return ()


class Summary(View):
    """A result that one sentence describes."""

    def __init__(self, sentence: str, fields: dict[str, Any]) -> None:
        self._sentence = sentence
        self._fields = fields

    def fields(self) -> dict[str, Any]:
        """Return the fields as given."""
        return self._fields

    def lines(self) -> Iterable[str]:
        """Return the sentence."""
        return (self._sentence,)


class Page(View):
    """A result that is a text of our own with several lines."""

    def __init__(self, text: str, fields: dict[str, Any]) -> None:
        self._text = text
        self._fields = fields

    def fields(self) -> dict[str, Any]:
        """Return the fields as given."""
        return self._fields

    def lines(self) -> Iterable[str]:
        """Return the lines of the text."""
        return self._text.splitlines()


class Output(ABC):
    """Prints results in one of their forms."""

    claims_stdout: ClassVar[bool]  # whether standard output may hold nothing but the shown results

    @abstractmethod
    def show(self, view: View) -> None:
        """Print a result."""


class TextOutput(Output):
    """Prints lines for people."""

    claims_stdout = False

    def show(self, view: View) -> None:
        """Print the notices to standard error, then the lines to standard output."""
        for line in view.notices():
            write_notice(line)
        if lines := [line if view.styled else visible(line) for line in view.lines()]:
            write_text("\n".join(lines))


class JsonOutput(Output):
    """Prints one JSON document per result, on one line."""

    claims_stdout = True

    def show(self, view: View) -> None:
        """Print the fields to standard output."""
        write_json(view.fields())
