"""`vecsearch nearest` and `analogy`: words near to a word, and arithmetic with words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from vecsearch.choices import By

from ..options.common import index_was_named, one_of, with_index, with_options
from ..options.help import command
from ..options.models import DEFAULT_MODEL
from ..output import Output
from ..output.progress import describe_texts, progress_bar
from ..output.words import WordsView

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _with_candidates(command: _Command) -> _Command:
    """Add -n, --model and --by, which say how many words are found, and among which."""
    return with_options(
        command,
        (
            click.option("-n", type=click.IntRange(1), default=10, show_default=True, help="Words to find."),
            click.option("--model", help=f"A model's name, folder or file.  [default: {DEFAULT_MODEL}]"),
            click.option(
                "--by", type=one_of(By), help="Compare rows of the matrix, or words encoded as texts.  [default: rows]"
            ),
        ),
    )


@command()
@click.argument("word")
@_with_candidates
@with_index
def nearest(word: str, n: int, model: str | None, by: str | None, index_path: Path, output: Output) -> None:
    """Find the words whose vectors are most like that of WORD, by cosine.

    The candidates are the words that are one token of the model, each with its row of the embedding matrix, or with
    --by texts encoded as a text. With -i they are the 20,000 most frequent words of an index, encoded by its model.
    """
    from vecsearch.analysis import nearest_words

    with progress_bar(describe_texts) as progress:
        words = nearest_words(word, n, **_candidates(model, by, index_path), progress=progress)
    output.show(WordsView("word", word, words))


@command()
@click.argument("words", nargs=-1, required=True, metavar="WORD [-|+ WORD]...")
@_with_candidates
@with_index
def analogy(
    words: tuple[str, ...], n: int, model: str | None, by: str | None, index_path: Path, output: Output
) -> None:
    """Do arithmetic with words, such as: vecsearch analogy king - man + woman

    Put spaces around the signs. The words nearest to the sum are found (3CosAdd, Levy and Goldberg 2014), except those
    in it, among the same candidates as for `nearest`.
    """
    from vecsearch.analysis import analogy as solve

    expression = " ".join(words)
    with progress_bar(describe_texts) as progress:
        solutions = solve(expression, n, **_candidates(model, by, index_path), progress=progress)
    output.show(WordsView("expression", expression, solutions))


def _candidates(model: str | None, by: str | None, index_path: Path) -> dict[str, Any]:
    """Return the options that say which words are compared: those of an index only when -i names it."""
    options: dict[str, Any] = {name: value for name, value in (("model", model), ("by", by)) if value is not None}
    if index_was_named():
        from vecsearch import Index

        options["index"] = Index.open(index_path, **({"model": options.pop("model")} if model else {}))
    return options
