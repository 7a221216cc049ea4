"""`vecsearch inspect`: what a model makes of a text, token by token, and of one word in two texts."""

from __future__ import annotations

from typing import Any

import click

from vecsearch.choices import RoleName

from ..options.common import with_output
from ..options.help import command
from ..options.models import with_model
from ..output import Output
from ..output.inspection import ComparisonView, TextsView


@command()
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@click.option(
    "--token", metavar="T", help="Compare this word in two TEXTs: its matrix rows, and its vectors in context."
)
@with_model
@click.option("--nearest", type=click.IntRange(0), default=3, show_default=True, help="Nearest rows to show per token.")
@with_output
def inspect(
    texts: tuple[str, ...], token: str | None, model: str | None, role: RoleName, nearest: int, output: Output
) -> None:
    """Look inside a model: a TEXT's tokens, their rows of the embedding matrix, their vectors in context, the text's.

    With --token the word T is compared in two TEXTs, with a grid of all their tokens:
    vecsearch inspect "deposit money at the bank" "the river bank" --token bank
    """
    from vecsearch.analysis import compare_token, inspect_text

    options: dict[str, Any] = {} if model is None else {"model": model}
    if token is None:
        output.show(TextsView([inspect_text(text, role=role, nearest=nearest, **options) for text in texts]))
        return
    if len(texts) != 2:
        raise click.UsageError(f"--token compares a word in two TEXTs, not in {len(texts)}")
    output.show(ComparisonView(compare_token(token, *texts, **options)))
