"""`vecsearch search` and `show`: questions to an index, one or many, and a passage in its surroundings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from .options import common
from .output import print_hits, print_passage
from .printing import print_done

if TYPE_CHECKING:
    from vecsearch import Example, Ranked

    _ParamType = click.ParamType[tuple[str, float]]
else:
    _ParamType = click.ParamType

_Given: TypeAlias = "tuple[tuple[str, float], ...]"
_MODES = ("hybrid", "dense", "lexical")
_BLANKS = str.maketrans("\t\n", "  ")  # in an id: a line is one chunk, and a tab ends its id


class _Weighted(_ParamType):
    """A text or id that may end in ^ and its weight, as "woman^0.5"."""

    name = "weighted"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        """The text or id, and the weight; fails for a weight that is none."""
        text, mark, weight = str(value).rpartition("^")
        if not mark:
            return str(value), 1.0
        try:
            return text, float(weight)
        except ValueError:
            self.fail(f"{value!r} ends in ^{weight}, expected a number, as in woman^0.5", param, ctx)


@click.command(short_help="Find the passages that answer a query.")
@click.argument("words", nargs=-1, metavar="[QUERY]")
@click.option("-k", type=int, default=10, show_default=True, help="How many hits at most.")
@click.option(
    "--mode", type=click.Choice(_MODES), help="Search by words and meaning, or one of them.  [default: hybrid]"
)
@click.option(
    "--metric", type=click.Choice(["cosine", "dot"]), help="How vectors are compared.  [default: the index's]"
)
@click.option("--where", metavar="SQL", help="Only what this is true for, as in \"year >= 2020 AND lang = 'en'\".")
@click.option("--min-similarity", type=float, metavar="S", help="Leave out hits that are less similar.")
@click.option("--per-document", type=int, metavar="N", help="At most N hits of one document.")
@click.option(
    "--like", type=_Weighted(), multiple=True, metavar="ID[^W]", help="More like this chunk, document or file."
)
@click.option("--plus", type=_Weighted(), multiple=True, metavar="TEXT[^W]", help="Add the meaning of a text.")
@click.option("--minus", type=_Weighted(), multiple=True, metavar="TEXT[^W]", help="Take away the meaning of a text.")
@click.option("--rerank", metavar="MODEL", help="Let a cross-encoder read the query with the best candidates.")
@click.option("--rerank-depth", type=int, default=50, show_default=True, metavar="N", help="How many it reads.")
@click.option("--collapse", type=float, metavar="S", help="Leave out what is that similar to a better hit.")
@click.option("--diversity", type=float, metavar="D", help="How much being unlike better hits counts, 0 to 1.")
@click.option(
    "--dense-weight",
    type=float,
    metavar="W",
    help="How much meaning counts beside words, 0 to 1.  [default: told by the query]",
)
@click.option("--exact", is_flag=True, help="Compare with every vector, however long it takes.")
@click.option("--explain", is_flag=True, help="Say why each hit was found.")
@click.option("--at", metavar="VERSION", help="Ask a version of the past, by its number or tag.")
@click.option("--full", is_flag=True, help="Show whole passages, not only the lines around the words of the query.")
@click.option("--ids", is_flag=True, help="Only lines of chunk id, tab and score; for - after the query's number.")
@common
def search(
    words: tuple[str, ...],
    k: int,
    like: _Given,
    plus: _Given,
    minus: _Given,
    at: str | None,
    full: bool,
    ids: bool,
    index_path: Path,
    as_json: bool,
    **how: Any,
) -> None:
    """Find the passages that answer QUERY; "-" reads one query a line from standard input.

    Hits are found by words and by meaning, and ranked by both. Each shows its score, which is 1 at most and compares
    the candidates of this query, and in brackets its similarity, the cosine from -1 to 1, which compares across
    queries.

    QUERY may be left out with --like, or --plus and --minus, as in: --plus king --minus man --plus woman.
    """
    from vecsearch import Index

    if not (words or like or plus):
        raise click.UsageError("nothing is asked: give a QUERY, or --like or --plus")
    if ids and (full or how["explain"]):
        raise click.UsageError("--full and --explain are about passages, which --ids leaves out")
    index = Index.open(index_path, version=at)
    how |= {"like": _examples(like, "id"), "plus": _examples(plus, "text"), "minus": _examples(minus, "text")}
    ask: Any = index.rank if ids else index.search
    if words:
        queries = [line.strip() for line in sys.stdin if line.strip()] if words == ("-",) else [" ".join(words)]
        answers = ask(queries, k, **how)
    else:
        queries, answers = [_said(like, plus, minus)], [ask(None, k, **how)]
    added = " ".join(text for text, _ in plus)  # of what examples say, a hit is not found by a word of the rest
    matched = index.matched if words else lambda _, text: index.matched(added, text)
    for number, (query, found) in enumerate(zip(queries, answers, strict=True), 1):
        if ids:
            _print_ids(query, found, f"{number}\t" if words == ("-",) else "", as_json=as_json)
        else:
            print_hits(query, found, matched, as_json=as_json, full=full, titled=len(queries) > 1)


def _print_ids(query: str, ranked: Sequence[Ranked], front: str, *, as_json: bool) -> None:
    """A line for each chunk that begins with `front`: its id, a tab, its score. JSON has a hit's keys, but its text."""
    fields = {"query": query, "hits": [{"rank": rank, **asdict(chunk)} for rank, chunk in enumerate(ranked, 1)]}
    if ranked or as_json:
        lines = [f"{front}{chunk.chunk_id.translate(_BLANKS)}\t{chunk.score:.6f}" for chunk in ranked]
        print_done(fields, "\n".join(lines), as_json=as_json)


def _examples(given: _Given, field: str) -> list[Example] | None:
    from vecsearch import Example

    return [Example(**{field: named}, weight=weight) for named, weight in given] or None  # type: ignore[arg-type]


def _said(like: _Given, plus: _Given, minus: _Given) -> str:
    """The query that examples make, in words."""
    signs = [
        *(("like ", named) for named, _ in like),
        *(("+", text) for text, _ in plus),
        *(("-", t) for t, _ in minus),
    ]
    return " ".join(sign + named for sign, named in signs)


@click.command(short_help="Show a passage where it stands.")
@click.argument("chunk_id", metavar="CHUNK_ID")
@click.option("--context", type=click.IntRange(0), default=1, show_default=True, metavar="N", help="Chunks around it.")
@click.option("--at", metavar="VERSION", help="Ask a version of the past, by its number or tag.")
@common
def show(chunk_id: str, context: int, at: str | None, index_path: Path, as_json: bool) -> None:
    """Show the passage CHUNK_ID, as a hit names it, with the text before and after it in its document."""
    from vecsearch import Index

    print_passage(Index.open(index_path, version=at).show(chunk_id, context=context), as_json=as_json)
