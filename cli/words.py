"""`vecsearch nearest` and `vecsearch analogy`: words near to a word, and arithmetic with words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from .options import common
from .passages import columns
from .printing import print_done
from .progress import progress_bar, texts_said

if TYPE_CHECKING:
    from vecsearch.analysis import WordNeighbor

_Command = TypeVar("_Command", bound=Callable[..., Any])
_BAR = 20  # columns that stand for a similarity of 1


def _choosing(command: _Command) -> _Command:
    """Adds the flags that say which words are chosen from."""
    command = click.option(
        "--by", type=click.Choice(["rows", "texts"]), help="Rows of the matrix, or words as texts.  [default: rows]"
    )(command)
    command = click.option("--model", help="A model's name, folder or file.  [default: all-MiniLM-L6-v2]")(command)
    return click.option("-n", type=click.IntRange(1), default=10, show_default=True, help="How many words.")(command)


@click.command(short_help="Find the words nearest to a word.")
@click.argument("word")
@_choosing
@common
def nearest(word: str, n: int, model: str | None, by: str | None, index_path: Path, as_json: bool) -> None:
    """Find the words whose vectors are most like that of WORD, by cosine.

    Chosen from are the words that are one token of the model, each with its row of the embedding matrix; with
    --by texts each is encoded as a text. With -i the words are those of an index, the 20,000 most frequent, encoded
    by its model.
    """
    from vecsearch.analysis import nearest_words

    with progress_bar(texts_said) as progress:
        found = nearest_words(word, n, **_chosen(model, by, index_path), progress=progress)
    print_done({"word": word, "words": _fields(found)}, "\n".join(_lines(found)), as_json=as_json)


@click.command(short_help="Do arithmetic with words: king - man + woman.")
@click.argument("words", nargs=-1, required=True, metavar="WORD [-|+ WORD]...")
@_choosing
@common
def analogy(words: tuple[str, ...], n: int, model: str | None, by: str | None, index_path: Path, as_json: bool) -> None:
    """Do arithmetic with words, such as: vecsearch analogy king - man + woman

    Signs stand between blanks. Found are the words nearest to the sum (3CosAdd, Levy and Goldberg 2014), without those
    in it, among the same words as `nearest` chooses from.
    """
    from vecsearch.analysis import analogy as solve

    expression = " ".join(words)
    with progress_bar(texts_said) as progress:
        found = solve(expression, n, **_chosen(model, by, index_path), progress=progress)
    print_done({"expression": expression, "words": _fields(found)}, "\n".join(_lines(found)), as_json=as_json)


def _chosen(model: str | None, by: str | None, index_path: Path) -> dict[str, Any]:
    """Which words are chosen from: those of an index only when -i names it."""
    how: dict[str, Any] = {name: value for name, value in (("model", model), ("by", by)) if value is not None}
    if click.get_current_context().get_parameter_source("index_path") is ParameterSource.COMMANDLINE:
        from vecsearch import Index

        how["index"] = Index.open(index_path, **({"model": how.pop("model")} if model else {}))
    return how


def _fields(found: Sequence[WordNeighbor]) -> list[dict[str, Any]]:
    return [{"word": each.word, "similarity": each.similarity} for each in found]


def _lines(found: Sequence[WordNeighbor]) -> list[str]:
    """A line for each word, with its similarity as a number and as a bar."""
    widest = max((columns(each.word) for each in found), default=0)
    return [
        f"{each.similarity:7.4f}  {each.word}{' ' * (widest - columns(each.word))}  "
        f"{'=' * max(0, round(_BAR * each.similarity))}".rstrip()
        for each in found
    ] or ["no other word"]
