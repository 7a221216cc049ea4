"""`vecsearch search` and `show`: answers to queries, and one passage with the text around it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from vecsearch.choices import Metric, Mode

from ..options.common import one_of, with_index
from ..options.values import Weighted
from ..output import Output
from ..output.hits import HitsView, IdsView, PassageView
from ..output.streams import stripped_lines, utf8_input

if TYPE_CHECKING:
    from vecsearch import Example

_Examples: TypeAlias = "tuple[tuple[str, float], ...]"


@click.command()
@click.argument("words", nargs=-1, metavar="[QUERY]")
@click.option("-k", type=int, default=10, show_default=True, help="Most hits to return.")
@click.option(
    "--mode", type=one_of(Mode), help="Search by words and meaning, by meaning, or by words.  [default: hybrid]"
)
@click.option("--metric", type=one_of(Metric), help="How vectors are compared.  [default: the index's]")
@click.option("--where", metavar="SQL", help="Search only where this holds, as in \"year >= 2020 AND lang = 'en'\".")
@click.option("--min-similarity", type=float, metavar="S", help="Leave out hits below this similarity.")
@click.option("--per-document", type=int, metavar="N", help="Return at most N hits of one document.")
@click.option(
    "--like", type=Weighted(), multiple=True, metavar="ID[^W]", help="Find more like this chunk, document or file."
)
@click.option("--plus", type=Weighted(), multiple=True, metavar="TEXT[^W]", help="Add the meaning of a text.")
@click.option("--minus", type=Weighted(), multiple=True, metavar="TEXT[^W]", help="Subtract the meaning of a text.")
@click.option("--rerank", metavar="MODEL", help="Rerank the best candidates with a cross-encoder.")
@click.option("--rerank-depth", type=int, default=50, show_default=True, metavar="N", help="Candidates to rerank.")
@click.option("--collapse", type=float, metavar="S", help="Leave out hits at least this similar to a better one.")
@click.option("--diversity", type=float, metavar="D", help="Weight of differing from better hits, 0 to 1.")
@click.option(
    "--dense-weight",
    type=float,
    metavar="W",
    help="Weight of meaning against words, 0 to 1.  [default: chosen for each query]",
)
@click.option("--exact", is_flag=True, help="Compare with every vector; do not use the approximate index.")
@click.option("--explain", is_flag=True, help="Show why each hit was found.")
@click.option("--at", metavar="VERSION", help="Search a past version, by its number or tag.")
@click.option("--model", help="The model of the index, where its own name does not lead to it or is not trusted.")
@click.option("--full", is_flag=True, help="Show whole passages, not only the lines that match best.")
@click.option("--ids", is_flag=True, help="Print only chunk ids and scores, with tabs; for - also the query's number.")
@with_index
def search(
    words: tuple[str, ...],
    k: int,
    like: _Examples,
    plus: _Examples,
    minus: _Examples,
    at: str | None,
    model: str | None,
    full: bool,
    ids: bool,
    index_path: Path,
    output: Output,
    **options: Any,
) -> None:
    """Find the passages that answer QUERY; - reads one query per line from standard input.

    Hits are found by words and by meaning, and ranked by both. Each shows its score, at most 1, which compares the
    hits of this query, and in brackets its similarity, the cosine from -1 to 1, which compares across queries.

    QUERY is optional with --like, or --plus and --minus, as in: --plus king --minus man --plus woman.
    """
    from vecsearch import Index

    if not (words or like or plus):
        raise click.UsageError("no query: give a QUERY, --like or --plus")
    if ids and (full or options["explain"]):
        raise click.UsageError("--ids prints no passages: leave out --full and --explain")
    index = Index.open(index_path, model=model, version=at)
    options |= {"like": _examples(like, "id"), "plus": _examples(plus, "text"), "minus": _examples(minus, "text")}
    find: Any = index.rank if ids else index.search
    if words:
        queries = stripped_lines(utf8_input("surrogateescape")) if words == ("-",) else [" ".join(words)]
        results = find(queries, k, **options)
    else:
        queries, results = [_describe(like, plus, minus)], [find(None, k, **options)]
    added = " ".join(text for text, _ in plus)  # of the examples, only these texts are matched by words
    matched = index.matched if words else lambda _, text: index.matched(added, text)
    for number, (query, hits) in enumerate(zip(queries, results, strict=True), 1):
        if ids:
            output.show(IdsView(query, hits, prefix=f"{number}\t" if words == ("-",) else ""))
        else:
            output.show(HitsView(query, hits, matched, full=full, titled=len(queries) > 1))


def _examples(weighted: _Examples, field: str) -> list[Example] | None:
    from vecsearch import Example

    return [Example(**{field: value}, weight=weight) for value, weight in weighted] or None  # type: ignore[arg-type]


def _describe(like: _Examples, plus: _Examples, minus: _Examples) -> str:
    """Return the query that examples make, in words."""
    signs = (("like ", like), ("+", plus), ("-", minus))
    return " ".join(sign + value for sign, examples in signs for value, _ in examples)


@click.command()
@click.argument("chunk_id", metavar="CHUNK_ID")
@click.option("--context", type=click.IntRange(0), default=1, show_default=True, metavar="N", help="Chunks around it.")
@click.option("--at", metavar="VERSION", help="Read a past version, by its number or tag.")
@with_index
def show(chunk_id: str, context: int, at: str | None, index_path: Path, output: Output) -> None:
    """Show the passage CHUNK_ID, as printed with a hit, and the text before and after it in its document."""
    from vecsearch import Index

    output.show(PassageView(Index.open(index_path, version=at).show(chunk_id, context=context)))
