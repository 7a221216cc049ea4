"""`vecsearch models`: the models to choose from, and one model."""

from __future__ import annotations

import click

from ..options.common import with_output
from ..options.help import command
from ..output import Output
from ..output.models import ModelsView, ModelView


@command()
@click.argument("name", required=False)
@click.option("--here", is_flag=True, help="List only the models on this machine.")
@with_output
def models(name: str | None, here: bool, output: Output) -> None:
    """List models to choose from: dimension, most tokens, size, prompts, licence, runtime, and where they are.

    With NAME, which may be a folder: describe that model from its own files. Nothing is downloaded.
    """
    from vecsearch.models import describe_model, list_models

    if name is None:
        output.show(ModelsView(list_models(here=here)))
        return
    if here:
        raise click.UsageError("--here is for the list: leave out NAME or --here")
    output.show(ModelView(describe_model(name)))
