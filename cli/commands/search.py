"""`vecsearch search` and `show`: answers to queries, and one passage with the text around it."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from vecsearch.choices import Metric, Mode

from ..options.common import Renamed, one_of, with_color, with_index, with_untrusted
from ..options.help import command
from ..options.values import Weighted
from ..output import Output, View
from ..output.hits import EditorView, FilesView, HitsView, IdsView, Look, PassageView
from ..output.last_search import remember
from ..output.streams import stripped_lines, utf8_input, write_notice

if TYPE_CHECKING:
    from vecsearch import Example, Hit, Session

_Examples: TypeAlias = "tuple[tuple[str, float], ...]"


_SHOWN, _FOR_PROGRAMS = 5, 10  # hits by default: one screen of them; what scripts get

_RANKED_BY = {"hybrid": "words and meaning, at most 1", "dense": "the similarity", "lexical": "BM25"}


@command()
@click.argument("words", nargs=-1, metavar="[QUERY] [PATH]...")
@click.option(
    "-n", "-k", "--limit", "k", type=int, help="Most hits to return.  [default: 5; 10 with --json, --ids, -l, --vim]"
)
@click.option(
    "--mode", type=one_of(Mode), help="Search by words and meaning, by meaning, or by words.  [default: hybrid]"
)
@click.option("--metric", type=one_of(Metric), help="How vectors are compared.  [default: the index's]")
@click.option("--where", metavar="SQL", help="Search only where this holds, as in \"year >= 2020 AND lang = 'en'\".")
@click.option(
    "-g", "--glob", "globs", multiple=True, metavar="GLOB", help="Search only files that match, as in .gitignore."
)
@click.option(
    "--type", "types", multiple=True, metavar="TYPE", help="Search only documents of a type, as md, python or pdf."
)
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
@click.option("-v", "--scores", is_flag=True, help="Show every number of a hit, and what it is.")
@click.option("--show", "shown", metavar="KEY,...", help="Show these keys of each hit's metadata.")
@click.option(
    "-C", "--around", "context", type=click.IntRange(0), metavar="N", help="Show the text of N chunks around each hit."
)
@click.option("--full", is_flag=True, help="Show whole passages, not only the lines that match best.")
@click.option("-l", "files", is_flag=True, help="Print only the files of the hits.")
@click.option("--vim", is_flag=True, help="Print lines that editors jump to, PATH:LINE:TEXT.")
@click.option("--ids", is_flag=True, help="Print only chunk ids and scores, with tabs; for - also the query's number.")
@with_untrusted
@with_color
@with_index
def search(
    words: tuple[str, ...],
    globs: tuple[str, ...],
    types: tuple[str, ...],
    k: int | None,
    like: _Examples,
    plus: _Examples,
    minus: _Examples,
    at: str | None,
    model: str | None,
    scores: bool,
    shown: str | None,
    context: int | None,
    full: bool,
    files: bool,
    vim: bool,
    ids: bool,
    untrusted: bool,
    index_path: Path,
    output: Output,
    **options: Any,
) -> None:
    """Find the passages that answer QUERY; - reads one query per line from standard input.

    QUERY is one argument: quote it. Each PATH after it is a file or folder of the index, and limits the search to that;
    -g and --type limit it further, each to what fits any of its values. A glob is matched with the path below the
    folder that was indexed, and with the path below this one.

    Hits are found by words and by meaning, best first. Each shows its similarity, the cosine of query and passage, and
    where the model was measured how strong that is; hits too weak to be answers are set apart. The exit status is 1
    when nothing is found, or nothing close enough.

    QUERY is optional with --like, or --plus and --minus, as in: --plus king --minus man --plus woman.
    """
    from vecsearch import Index

    _check_query(words, has_examples=bool(like or plus))
    form = _form(ids=ids, l=files, vim=vim, passages=full or options["explain"] or context is not None)
    if k is None:
        k = _FOR_PROGRAMS if form or output.claims_stdout else _SHOWN
    index = Index.open(index_path, model=model, version=at, untrusted=untrusted)
    session = _within(index.session(), words, globs, types)
    options |= {"like": _examples(like, "id"), "plus": _examples(plus, "text"), "minus": _examples(minus, "text")}
    find: Any = session.rank if form == "ids" else session.search
    queries, unreadable = _queries(words, _describe(like, plus, minus))
    results = find(queries, k=k, **options) if words else [find(None, k=k, **options)]
    views: list[IdsView | HitsView]
    if form == "ids":
        views = _ids_views(queries, results, numbered=words[:1] == ("-",))
    else:
        look = replace(
            _look(session, options, full=full, scores=scores, shown=shown, titled=len(queries) > 1),
            for_people=not output.claims_stdout,
        )
        views = list(_hits_views(session, queries, results, look, context, plus if not words else None))
    for view in views:
        output.show(_in_form(view, form))
    if len(views) == 1 and isinstance(views[0], HitsView) and not output.claims_stdout:
        remember(views[0].hits)
    as_found = output.claims_stdout or form == "ids"  # programs get all hits
    if unreadable or (views and all(not view.has_hits if as_found else view.is_empty for view in views)):
        click.get_current_context().exit(1)


def _queries(words: Sequence[str], described: str) -> tuple[list[str], bool]:
    """Return the queries, or what stands for a search by examples alone, and whether some cannot be read."""
    if words[:1] == ("-",):
        return _readable(stripped_lines(utf8_input("surrogateescape")))
    return [words[0] if words else described], False


def _ids_views(queries: Sequence[str], results: Any, *, numbered: bool) -> list[IdsView | HitsView]:
    """Return the hits of each query by id, its number in front of each where several are read."""
    pairs = enumerate(zip(queries, results, strict=True), 1)
    return [IdsView(query, hits, f"{number}\t" if numbered else "") for number, (query, hits) in pairs]


def _readable(queries: Sequence[str]) -> tuple[list[str], bool]:
    """Return the queries that are UTF-8, and whether there are others; of each of these an error is printed."""
    readable = []
    for number, query in enumerate(queries, 1):
        try:
            query.encode()
        except UnicodeEncodeError as error:
            shown = query.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            byte = ord(query[error.start]) - 0xDC00  # as `surrogateescape` keeps it
            write_notice(f"Error: query {number} ({shown[:80]}): not answered: its byte 0x{byte:02x} is not UTF-8")
        else:
            readable.append(query)
    return readable, len(readable) < len(queries)


def _within(session: Session, words: Sequence[str], globs: Sequence[str], types: Sequence[str]) -> Session:
    """Return the session limited to paths, globs and types.

    Raises UsageError for words after the query that are no paths, PathNotFound for paths that the index does not have.
    """
    from vecsearch import PathNotFound

    paths = list(dict.fromkeys(words[1:]))
    try:
        return session.within(paths, globs=globs, types=types)
    except PathNotFound:
        for path in paths:
            if not os.path.lexists(path) and _is_absent(session, path):
                raise click.UsageError(
                    f"{path} is no file or folder, here or in the index: "
                    f"a query of several words is quoted, as in: vecsearch search {shlex.quote(' '.join(words))}"
                ) from None
        raise


def _is_absent(session: Session, path: str) -> bool:
    from vecsearch import PathNotFound

    try:
        session.within([path])
    except PathNotFound:
        return True
    return False


def _check_query(words: Sequence[str], *, has_examples: bool) -> None:
    """Raise UsageError where there is nothing to search for, or a path is where the query would be."""
    if not (words or has_examples):
        raise click.UsageError("no query: give a QUERY, --like or --plus")
    if has_examples and words and os.path.lexists(words[0]):
        raise click.UsageError(
            f"{words[0]} is a file or folder, and the first argument is the QUERY: limit a search by examples with -g"
        )


def _form(*, passages: bool, **forms: bool) -> str | None:
    """Return which other form than passages was asked for; raises UsageError for two of them."""
    chosen = [name for name, wanted in forms.items() if wanted]
    flags = ["-l" if name == "l" else f"--{name}" for name in chosen]
    if len(chosen) > 1:
        raise click.UsageError(f"{flags[0]} or {flags[1]}: give one of them")
    if chosen and passages:
        raise click.UsageError(f"{flags[0]} prints no passages: leave out --full and --explain, and --around")
    return chosen[0] if chosen else None


def _in_form(view: IdsView | HitsView, form: str | None) -> View:
    if isinstance(view, HitsView) and form is not None:
        return FilesView(view) if form == "l" else EditorView(view)
    return view


def _look(
    session: Session, options: Mapping[str, Any], *, full: bool, scores: bool, shown: str | None, titled: bool
) -> Look:
    """Return how hits are shown."""
    fields = tuple(filter(None, map(str.strip, shown.split(",")))) if shown else ()
    ranked_by = {"lexical": "BM25", "dense": "the similarity"}.get(
        options["mode"] or "", "words and meaning, at most 1"
    )
    if options["rerank"]:
        ranked_by = f"by {options['rerank']}"
    # Strength is known for cosines of texts: a sum of examples, and dot products, have others.
    metric = options["metric"] or session.manifest.metric.value
    judged = not (options["like"] or options["plus"] or options["minus"] or options["min_similarity"] is not None)
    return Look(
        full=full,
        scores=scores,
        fields=fields,
        titled=titled,
        ranked_by=ranked_by,
        judged=judged and metric == Metric.COSINE.value,
    )


def _hits_views(
    session: Session,
    queries: Sequence[str],
    results: Sequence[Sequence[Hit]],
    look: Look,
    context: int | None,
    plus: _Examples | None,
) -> Iterator[HitsView]:
    """Yield the view of each query's hits; of the examples `plus`, only texts are matched by words."""
    for query, hits in zip(queries, results, strict=True):
        words = query if plus is None else " ".join(text for text, _ in plus)
        close = session.closeness(words, hits) if (look.judged and look.for_people) or look.scores else []
        if not look.judged:
            close = [each._replace(strength=None) for each in close]
        around = [session.passage(hit.chunk_id, context=context) for hit in hits] if context is not None else []
        continued = session.continues_line(hits) if look.for_people else []
        yield HitsView(query, hits, partial(session.matched, words), look, close, around, continued)


def _examples(weighted: _Examples, field: str) -> list[Example] | None:
    from vecsearch import Example

    return [Example(**{field: value}, weight=weight) for value, weight in weighted] or None  # type: ignore[arg-type]


def _describe(like: _Examples, plus: _Examples, minus: _Examples) -> str:
    """Return the query that examples make, in words."""
    signs = (("like ", like), ("+", plus), ("-", minus))
    return " ".join(sign + value for sign, examples in signs for value, _ in examples)


@command()
@click.argument("chunk_id", metavar="PATH:LINE|CHUNK_ID")
@click.option(
    "-C",
    "--around",
    "--context",
    "context",
    cls=Renamed,
    type=click.IntRange(0),
    default=1,
    show_default=True,
    metavar="N",
    help="Show the text of N chunks around it.",
)
@click.option("--at", metavar="VERSION", help="Read a past version, by its number or tag.")
@with_untrusted
@with_color
@with_index
def show(chunk_id: str, context: int, at: str | None, untrusted: bool, index_path: Path, output: Output) -> None:
    """Show the passage at PATH:LINE or with an id, as printed with a hit, and the text before and after it.

    The name of a document shows its first passage.
    """
    from vecsearch import Index

    session = Index.open(index_path, version=at, untrusted=untrusted).session()
    [documents] = session.ids_named([chunk_id])
    if len(documents) == 1 and not re.search(r":\d+$", chunk_id):
        chunk_id = f"{documents[0]}#0"  # a document is shown from its beginning
    output.show(PassageView(session.passage(chunk_id, context=context)))
