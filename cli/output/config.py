"""The values of options that do not come from the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from . import View


class Setting(NamedTuple):
    """The value that a file gives to an option, of one command or, with None, of all that have it."""

    command: str | None
    option: str
    value: Any
    source: str


@dataclass(frozen=True)
class ConfigView(View):
    """The settings in force, those that win first; `file` is the user's own."""

    settings: Sequence[Setting]
    file: Path

    def fields(self) -> dict[str, Any]:
        """Return the settings and the user's own file."""
        return {"settings": [setting._asdict() for setting in self.settings], "file": str(self.file)}

    def lines(self) -> Iterator[str]:
        """Yield a line for each setting."""
        for setting in self.settings:
            name = setting.option if setting.command is None else f"{setting.command}.{setting.option}"
            yield f"{name} = {setting.value!r}  ({setting.source})"
        if not self.settings:
            yield f"no option has a value from the environment or a file; your own file would be {self.file}"
