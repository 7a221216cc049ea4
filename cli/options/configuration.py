"""Values for options from outside the command line: the environment, a file beside the index, the user's own file.

    the command line > $VECSEARCH_NAME > vecsearch.toml beside the index, or [tool.vecsearch] of pyproject.toml there
    > config.toml in the user's configuration > the option's default

A file has options by their long names: at its top for every command that has them, in a table [COMMAND] for one. A file
beside an index may be anybody's, so it sets only what shapes reading and searching, and never where texts or files go.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from ..output.config import Setting

USER_FILE = "config.toml"
PROJECT_FILE = "vecsearch.toml"
_PYPROJECT = "pyproject.toml"
_MOST_BYTES = 1 << 20
_PREFIX = "VECSEARCH_"
# What a file beside an index may set.
_SHAPING = frozenset(
    (
        *("limit", "mode", "metric", "where", "min-similarity", "per-document", "collapse", "diversity", "exact"),
        *("dense-weight", "context", "scores", "show", "color", "full", "points", "seed", "wait"),
        *("include", "exclude", "id-field", "text-field", "title-field", "meta", "dedupe", "drop-boilerplate"),
        *("chunk-tokens", "overlap", "splitter", "language", "recall", "keep-text"),
    )
)


def options_of(command: click.Command) -> dict[str, click.Option]:
    """Return the options of a command by their long names without dashes."""
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    return {long_name(option): option for option in options if option.name not in ("help", "debug")}


def long_name(option: click.Option) -> str:
    """Return the name of an option as a file has it: "min-similarity"."""
    return max(option.opts, key=len).lstrip("-")


def variable(option: click.Option) -> str:
    """Return the environment variable of an option: VECSEARCH_MIN_SIMILARITY."""
    return _PREFIX + long_name(option).replace("-", "_").upper()


def name_variables(command: click.Command) -> None:
    """Let each option of a command, and of those below it, be set by its environment variable."""
    for option in options_of(command).values():
        option.envvar = option.envvar or variable(option)
    if isinstance(command, click.Group):
        for below in command.commands.values():
            name_variables(below)


def user_file() -> Path:
    """Return the user's own file; it may not exist."""
    from vecsearch.trust import config_folder

    return config_folder() / USER_FILE


def user_settings() -> list[Setting]:
    """Return what the user's own file sets; raises InvalidOption for one that cannot be used."""
    path = user_file()
    return list(_settings(_toml(path), str(path)))


def project_settings(index: Path) -> list[Setting]:
    """Return what a file beside the index sets; raises InvalidOption for a file that cannot be used."""
    settings = _beside(index)
    _check_shaping(settings)
    return settings


def _beside(index: Path) -> list[Setting]:
    folder = index.absolute().parent
    path, content = folder / PROJECT_FILE, _toml(folder / PROJECT_FILE)
    if not content:
        path = folder / _PYPROJECT
        tool = _toml(path).get("tool", {})
        content = tool.get("vecsearch", {}) if isinstance(tool, dict) else {}
    return list(_settings(content, str(path)))


def _check_shaping(settings: list[Setting]) -> None:
    from vecsearch import InvalidOption

    for setting in settings:
        if setting.option not in _SHAPING:
            raise InvalidOption(
                f"{setting.source} sets {setting.option}, which a file beside an index may not, because it may be "
                f"anybody's: set it in {user_file()} or on the command line"
            )


def default_map(command: str, parameters: Mapping[str, click.Option], settings: list[Setting]) -> dict[str, Any]:
    """Return the values for one command by the names of its parameters; those in its own table win.

    Raises InvalidOption for an option in its table that the command does not have.
    """
    check_settings([setting for setting in settings if setting.command == command], {command: parameters})
    values: dict[str, Any] = {}
    for own in (False, True):
        for setting in settings:
            if (setting.command == command) is own and setting.command in (None, command):
                option = parameters.get(setting.option)
                if option is not None and option.name:
                    single = option.multiple and not isinstance(setting.value, list)
                    values[option.name] = [setting.value] if single else setting.value
    return values


def settings_in_force(index: Path, commands: Mapping[str, Mapping[str, click.Option]]) -> list[Setting]:
    """Return the settings of the environment and of all files, those that win first, checked to exist.

    `commands` are the options of every command by their names. Raises InvalidOption for another command or option.
    """
    names = {variable(option): name for options in commands.values() for name, option in options.items()}
    given = [each for each in sorted(names) if each in os.environ]
    environment = [Setting(None, names[each], os.environ[each], f"${each}") for each in given]
    beside, own = _beside(index), user_settings()
    check_settings([*beside, *own], commands)
    _check_shaping(beside)
    return [*environment, *beside, *own]


def check_settings(settings: list[Setting], commands: Mapping[str, Mapping[str, click.Option]]) -> None:
    """Raise InvalidOption for a command or an option that does not exist."""
    from vecsearch import InvalidOption

    every = {name for options in commands.values() for name in options}
    for setting in settings:
        if setting.command is not None and setting.command not in commands:
            raise InvalidOption(_unknown(setting.source, "command", setting.command, commands))
        known = every if setting.command is None else commands[setting.command]
        if setting.option not in known:
            raise InvalidOption(_unknown(setting.source, "option", setting.option, known))


def _unknown(source: str, kind: str, name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"{source} sets {name}, an unknown {kind}" + (f": did you mean {near[0]}?" if near else "")


def _settings(content: Mapping[str, Any], source: str) -> Iterator[Setting]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from (Setting(name, option, each, source) for option, each in value.items())
        else:
            yield Setting(None, name, value, source)


def _toml(path: Path) -> dict[str, Any]:
    """Return the content of a file, empty where there is none; raises InvalidOption for what is no TOML."""
    from vecsearch import InvalidOption

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with open(path, "rb") as stream:
            return tomllib.loads(stream.read(_MOST_BYTES).decode())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidOption(f"{path} cannot be read: {error}: mend or remove it") from None
