"""The commands in the order in which people need them. The module of a command is loaded when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple

import click

from ..options.configuration import name_variables


class Entry(NamedTuple):
    """Where a command is, and what the list of commands says about it."""

    module: str
    function: str
    summary: str


GROUPS: Mapping[str, Mapping[str, Entry]] = {
    "Index and search": {
        "index": Entry("index", "index", "Bring the index up to date with files and folders."),
        "search": Entry("search", "search", "Find the passages that answer a query."),
        "show": Entry("search", "show", "Show a passage with the text around it."),
        "open": Entry("open", "open_", "Open a hit of the last search in an editor."),
        "ls": Entry("ls", "ls", "List documents."),
        "delete": Entry("delete", "delete", "Delete documents."),
        "roots": Entry("roots", "roots", "List the files and folders that the index follows."),
        "prune": Entry("roots", "prune", "Remove the documents of roots that are gone."),
        "info": Entry("upkeep", "info", "Show what the index holds."),
    },
    "Versions and files": {
        "log": Entry("versions", "log", "List the versions of the index."),
        "restore": Entry("versions", "restore", "Go back to a version."),
        "tag": Entry("versions", "tag", "Name a version and keep it."),
        "verify": Entry("upkeep", "verify", "Check every file for damage."),
        "compact": Entry("upkeep", "compact", "Merge the index into one segment without deleted chunks."),
        "export": Entry("upkeep", "export", "Write chunks and vectors to a Parquet file."),
        "import": Entry("upkeep", "import_", "Create an index from an exported file."),
    },
    "Quality and speed": {
        "eval": Entry("evaluate", "evaluate", "Score searches on queries with known answers."),
        "bench": Entry("evaluate", "bench", "Time searches."),
        "dims": Entry("dims", "dims", "Measure what shorter vectors find and save."),
    },
    "Topics and words": {
        "map": Entry("map", "map_", "Draw the index as a picture."),
        "cluster": Entry("cluster", "cluster", "Find the topics of the index."),
        "nearest": Entry("words", "nearest", "Find the words nearest to a word."),
        "analogy": Entry("words", "analogy", "Do arithmetic with words: king - man + woman."),
    },
    "Models": {
        "models": Entry("models", "models", "List models to choose from, or describe one."),
        "embed": Entry("embed", "embed", "Turn texts into vectors."),
        "inspect": Entry("inspect", "inspect", "Look inside a model: tokens, matrix rows, vectors in context."),
        "tune": Entry("tune", "tune", "Train a model further on pairs of queries and passages."),
        "distill": Entry("distill", "distill", "Make a fast static model from a transformer."),
        "trust": Entry("trust", "trust", "List what you trust: addresses that texts go to, folders of others."),
        "cache": Entry("cache", "cache", "Inspect and shrink the cache of vectors."),
    },
    "Shell": {
        "config": Entry("config", "config", "Show the values that options have from files and the environment."),
        "completion": Entry("shell", "completion", "Print what makes bash, zsh or fish complete."),
        "help": Entry("shell", "help_", "Show the help of a command."),
    },
}
COMMANDS: Mapping[str, Entry] = {name: entry for group in GROUPS.values() for name, entry in group.items()}


def load_command(name: str) -> click.Command:
    """Return a command, its options with their environment variables."""
    entry = COMMANDS[name]
    command: click.Command = getattr(import_module(f".{entry.module}", __package__), entry.function)
    name_variables(command)
    return command
