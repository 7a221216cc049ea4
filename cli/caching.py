"""`vecsearch cache info`, `clear` and `prune`: the vectors that all indexes of a user share."""

from __future__ import annotations

import click

from .options import reporting
from .output import print_cache
from .printing import plural, print_done


@click.group(short_help="Say what the cache of vectors holds, and make it smaller.")
def cache() -> None:
    """The vectors made so far, by model and text, for all your indexes. What goes is encoded again when it is needed.

    It lies in $VECSEARCH_CACHE, else in the user's cache folder, and takes at most $VECSEARCH_CACHE_SIZE, by default
    10GB (with 0 nothing is kept): beyond that, what was used least recently goes. With
    VECSEARCH_CACHE_PRECISION=float16 new vectors take half the bytes.
    """


@cache.command()
@reporting
def info(as_json: bool) -> None:
    """Say what is kept, of which models, and what that takes on disk."""
    from vecsearch.models import Cache

    print_cache(Cache().info(), as_json=as_json)


@cache.command()
@click.option("--model", metavar="MODEL", help="Only those of a model: its name or the start of its fingerprint.")
@click.option("--all", "everything", is_flag=True, help="Remove the files derived from models, too.")
@reporting
def clear(model: str | None, everything: bool, as_json: bool) -> None:
    """Remove the vectors, all of them or those of one model."""
    from vecsearch.models import Cache

    if model is not None and everything:
        raise click.UsageError("--all removes what is kept of all models: name no --model")
    kept = Cache()
    removed = kept.clear(model)
    derived = kept.clear_derived() if everything else 0
    said = f"{plural(removed, 'vector')} removed" + (
        f", and {derived / 1e6:,.1f} MB of derived files" if everything else ""
    )
    print_done({"removed": removed, "derived_bytes": derived, "bytes": kept.info().bytes}, said, as_json=as_json)


@cache.command(short_help="Remove the vectors that were used least recently.")
@click.option(
    "--older-than", type=click.FloatRange(0), metavar="DAYS", help="Remove what was not used for so many days."
)
@click.option("--max-size", metavar="SIZE", help="Then remove, until the rest takes so much, as 500MB or 4GB.")
@reporting
def prune(older_than: float | None, max_size: str | None, as_json: bool) -> None:
    """Remove the vectors that were used least recently, by default those beyond the cache's own size."""
    from vecsearch.models import Cache

    kept = Cache()
    removed = kept.prune(older_than=older_than, max_size=max_size)
    taken = kept.info().bytes
    said = f"{plural(removed, 'vector')} removed, {taken / 1e6:,.1f} MB on disk"
    print_done({"removed": removed, "bytes": taken}, said, as_json=as_json)
