"""`vecsearch search`: asks an index, one question or many."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .options import common
from .output import print_hits


@click.command(short_help="Find the passages nearest in meaning to a query.")
@click.argument("words", nargs=-1, required=True, metavar="QUERY")
@click.option("-k", type=int, default=10, show_default=True, help="How many hits at most.")
@click.option("--mode", type=click.Choice(["dense"]), default="dense", show_default=True, help="How hits are found.")
@click.option("--metric", type=click.Choice(["cosine", "dot"]), help="What hits are ranked by.  [default: the index's]")
@click.option("--min-similarity", type=float, metavar="S", help="Leave out hits that are less similar.")
@click.option("--per-document", type=int, metavar="N", help="At most N hits of one document.")
@click.option("--where", metavar="SQL", help="Only what this is true for, as in \"year >= 2020 AND lang = 'en'\".")
@click.option("--at", metavar="VERSION", help="Ask a version of the past, by its number or tag.")
@click.option("--full", is_flag=True, help="Show whole passages, not only the lines around the words of the query.")
@common
def search(
    words: tuple[str, ...],
    k: int,
    mode: str,
    metric: str | None,
    min_similarity: float | None,
    per_document: int | None,
    where: str | None,
    at: str | None,
    full: bool,
    index_path: Path,
    as_json: bool,
) -> None:
    """Find the passages nearest in meaning to QUERY; "-" reads one query a line from standard input."""
    from vecsearch import Index

    queries = [line.strip() for line in sys.stdin if line.strip()] if words == ("-",) else [" ".join(words)]
    target = Index.open(index_path, version=at)
    answers = target.search(
        queries, k, mode=mode, metric=metric, min_similarity=min_similarity, per_document=per_document, where=where
    )
    for query, hits in zip(queries, answers, strict=True):
        print_hits(query, hits, as_json=as_json, full=full, titled=len(queries) > 1)
