"""`vecsearch models`: what there is to choose from, and everything about one model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from .options import reporting
from .printing import print_done

if TYPE_CHECKING:
    from vecsearch.models import ModelInfo

_OWNER = "sentence-transformers/"  # a name without an owner is of this one's models
_PLACES = {
    "package": "in an installed package",
    "hub cache": "in the hub's cache",
    "key set": "asked over the network, with $OPENAI_API_KEY",
    None: "not here: fetched from the hub when first used, or asked over the network",
}
_NAME_WIDTH = 39


@click.command(short_help="List models to choose from, or describe one.")
@click.argument("name", required=False)
@click.option("--here", is_flag=True, help="List only the models that are on this machine.")
@reporting
def models(name: str | None, here: bool, as_json: bool) -> None:
    """List models to choose from: dimension, tokens read, size, prompts, licence, what runs them and where they are.

    With NAME, also a folder's path: everything about that model, as its own files say it. Nothing is fetched.
    """
    from vecsearch.models import describe_model, list_models

    if name is not None:
        if here:
            raise click.UsageError("--here is for the list: name no NAME")
        model = describe_model(name)
        print_done(asdict(model), "\n".join(_description(model)), as_json=as_json)
        return
    listed = list_models(here=here)
    print_done({"models": [asdict(model) for model in listed]}, "\n".join(_table(listed)), as_json=as_json)


def _table(models: Sequence[ModelInfo]) -> Iterator[str]:
    """A line for each model, those that are here first, and how to get what is missing."""
    yield f"{'model':{_NAME_WIDTH}} {'dim':>4} {'tokens':>6} {'size':>6} {'prompts':7} {'licence':10} runtime"
    for place, title in _PLACES.items():
        inside = [model for model in models if model.here == place]
        if inside:
            yield f"\n{title}"
            yield from (_row(model) for model in inside)
    if missing := sorted({model.install for model in models if model.install}):
        yield "\n* needs:"
        yield from (f"  {command}" for command in missing)


def _row(model: ModelInfo) -> str:
    name = f"{model.name.removeprefix(_OWNER):{_NAME_WIDTH}}"
    if model.kind is None:
        return f"{name} not in our list: vecsearch models {model.name}"
    prompts = "yes" if model.query or model.document else "no"
    numbers = f"{model.dim or '':>4} {model.max_tokens or 'any':>6} {_size(model.megabytes):>6}"
    mark = "*" if model.install else ""
    return f"{name} {numbers} {prompts:7} {model.licence or '':10} {model.runtime}{mark}"


def _description(model: ModelInfo) -> Iterator[str]:
    """A line for each fact that is known."""
    shorter = ", ".join(map(str, model.matryoshka))
    facts = {
        "model": model.name,
        "good for": model.good_for,
        "languages": model.languages,
        "licence": model.licence,
        "dimension": model.dim and f"{model.dim}{f', trained to be shortened to {shorter}' if shorter else ''}",
        "max tokens": model.max_tokens or (model.kind and "any"),
        "size": _size(model.megabytes) or None,
        "parameters": model.parameters and f"{model.parameters} million",
        "pooling": model.pooling,
        "normalize": {True: "yes", False: "no", None: None}[model.normalize],
        "query": model.query and repr(model.query),
        "document": model.document and repr(model.document),
        "runtime": model.runtime,
        "missing": model.install,
        "here": model.here or "no",
        "path": model.path,
        "fingerprint": model.fingerprint,
    }
    for name, value in facts.items():
        if value:
            yield f"{name:>11}  {value}"


def _size(megabytes: int | None) -> str:
    if megabytes is None:
        return ""
    return f"{megabytes} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"
