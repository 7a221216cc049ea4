"""The parts of docs/commands.md that are made from the commands: what every command takes, and two first screens.

python -m tests.helpers.commands_page      # writes the page anew
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

import click

from tests.helpers.subcommands import named_commands
from tests.helpers.terminals import ESCAPE, on_terminal, read
from tests.helpers.writing import write, write_records
from vecsearch.cli.commands import GROUPS
from vecsearch.cli.main import cli
from vecsearch.cli.options.common import Renamed

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
SCREENS = ((80, 24), (200, 50))
QUESTION = "how do I reset it?"
_NOTES = {
    "device.md": """# The sensor

## Reset

Hold the **button** for ten seconds until the light turns red. All settings go back to those of the factory;
measurements that were not sent yet are kept.

## Pairing

Press the button once. The light blinks blue for two minutes, in which the [phone](phone.md) can find the sensor.
""",
    "router.md": """# The router

To restore the settings of the factory, press a pin into the hole beside the plug for five seconds. The router starts
again and forgets its networks.
""",
    "battery.md": "# Power\n\nThe battery lasts two years. After a change of the battery the clock starts at zero.\n",
}
_RECORDS = {
    "q17": "Forgotten password: reset it on the page for members, and we send a new one.",
    "q18": "The shop is open from nine to five, and closed on Sundays.",
}


def block(page: str, name: str) -> str:
    """What the page has between the marks of this name."""
    found = re.search(rf"<!-- made: {name} -->\n(.*?)<!-- end -->", page, re.S)
    assert found, f"docs/commands.md has no part {name}"
    return found[1]


def reference() -> str:
    """Every command with its arguments, its description and its options, group by group."""
    commands = named_commands(cli)
    lines: list[str] = []
    for title, entries in GROUPS.items():
        lines += [f"### {title}", ""]
        for name, command in commands.items():
            if name.split()[0] in entries:
                lines += _described(name, command)
    return "\n".join(lines)


def screen(columns: int, rows: int, environment: dict[str, str], folder: Path) -> str:
    """What a search shows on a terminal of this size, without colours and links."""
    arguments = ["search", QUESTION, "-i", str(folder / ".vecsearch")]
    with on_terminal(environment, *arguments, columns=columns, rows=rows, folder=folder) as (process, terminal):
        shown = read(terminal)
        assert process.wait(timeout=300) == 0, shown
    lines = [line.rstrip() for line in ESCAPE.sub("", shown).splitlines()]
    return "\n".join([f"{columns} × {rows}:", "", "```", f'$ vecsearch search "{QUESTION}"', *lines, "```", ""])


def screens(folder: Path, environment: dict[str, str]) -> str:
    """The first screens of a search in some notes, which are written to the folder."""
    from vecsearch import Index

    for name, text in _NOTES.items():
        write(folder / "notes" / name, text)
    write_records(folder / "notes" / "faq.jsonl", _RECORDS)
    with Index.create(folder / ".vecsearch") as index:
        index.sync(folder / "notes")
    return "\n".join(screen(*size, environment, folder) for size in SCREENS)


def _described(name: str, command: click.Command) -> list[str]:
    context = click.Context(command, info_name=f"vecsearch {name}")
    arguments = " ".join(command.collect_usage_pieces(context)).replace("[OPTIONS]", "").split()
    text = " ".join((command.help or "").replace("\b", "").split("\n\n")[0].split())
    options = [
        f"| `{', '.join(_flags(option))}` | {(option.help or '').replace('|', chr(92) + '|')} |"
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden
    ]
    return [f"`vecsearch {' '.join([name, *arguments])}`", "", text, "", "| option | |", "|---|---|", *options, ""]


def _flags(option: click.Option) -> list[str]:
    shown = option.shown if isinstance(option, Renamed) else [*option.opts, *option.secondary_opts]
    value = "" if option.is_flag else f" {option.make_metavar(click.Context(click.Command('x')))}"
    return [*shown[:-1], f"{shown[-1]}{value}".replace("|", "\\|")]


def _put(page: str, name: str, content: str) -> str:
    start = page.index(f"<!-- made: {name} -->") + len(f"<!-- made: {name} -->\n")
    return f"{page[:start]}{content}{page[page.index('<!-- end -->', start) :]}"


def main() -> None:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "VECSEARCH_CACHE": f"{folder}/cache", "TERM": "xterm-256color", "PYTHONUTF8": "1"}
        page = PAGE.read_text(encoding="utf-8")
        page = _put(page, "screens", screens(Path(folder), environment))
        PAGE.write_text(_put(page, "reference", reference()), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
