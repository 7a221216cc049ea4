"""`vecsearch cache info`, `clear` and `prune`: the vectors that all indexes of a user share."""

from __future__ import annotations

import click

from ..options.common import with_output
from ..options.help import group
from ..output import Output, Summary
from ..output.cache import CacheView
from ..output.text import plural


@group()
def cache() -> None:
    """Inspect and shrink the cache of vectors, by model and text, which all your indexes share.

    Removed vectors are encoded again when they are needed. The cache is in $VECSEARCH_CACHE, else in the user's cache
    folder, and takes at most $VECSEARCH_CACHE_SIZE, by default 10GB: beyond that, the vectors used least recently are
    removed. With size 0 nothing is cached. With VECSEARCH_CACHE_PRECISION=float16 new vectors take half the space.
    """


@cache.command()
@with_output
def info(output: Output) -> None:
    """Show which models the cache has vectors of, and its size on disk."""
    from vecsearch.models import Cache

    output.show(CacheView(Cache().info()))


@cache.command()
@click.option(
    "--model", metavar="MODEL", help="Remove only vectors of this model: its name or start of its fingerprint."
)
@click.option("--all", "everything", is_flag=True, help="Also remove the files derived from models.")
@with_output
def clear(model: str | None, everything: bool, output: Output) -> None:
    """Remove all vectors, or those of one model."""
    from vecsearch.models import Cache

    if model is not None and everything:
        raise click.UsageError("--all is for all models: leave out --model or --all")
    cache = Cache()
    removed = cache.clear(model)
    derived = cache.clear_derived() if everything else 0
    files = f", and {derived / 1e6:,.1f} MB of derived files" if everything else ""
    fields = {"removed": removed, "derived_bytes": derived, "bytes": cache.info().bytes}
    output.show(Summary(f"{plural(removed, 'vector')} removed{files}", fields))


@cache.command()
@click.option("--older-than", type=click.FloatRange(0), metavar="DAYS", help="Remove vectors not used for this long.")
@click.option("--max-size", metavar="SIZE", help="Then shrink the cache to this size, such as 500MB or 4GB.")
@with_output
def prune(older_than: float | None, max_size: str | None, output: Output) -> None:
    """Remove the vectors used least recently, by default those beyond the cache's size."""
    from vecsearch.models import Cache

    cache = Cache()
    removed = cache.prune(older_than=older_than, max_size=max_size)
    size = cache.info().bytes
    sentence = f"{plural(removed, 'vector')} removed, {size / 1e6:,.1f} MB on disk"
    output.show(Summary(sentence, {"removed": removed, "bytes": size}))
