"""Results as people read them, or as one JSON document: hits, passages, facts about an index, versions, the cache."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from .explanations import explanation_lines
from .passages import excerpt, printable, wrapped
from .printing import echo, plural, print_json, shown_path

if TYPE_CHECKING:
    from vecsearch import Hit, Info, Passage
    from vecsearch.reports import CacheInfo, Problem, Verification, Version
    from vecsearch.types import Chunk, Span

_Matched: TypeAlias = "Callable[[str, str], Sequence[Span]]"
_INDENT = "     "


def print_hits(query: str, hits: Sequence[Hit], matched: _Matched, *, as_json: bool, full: bool, titled: bool) -> None:
    """The answer to one query; `titled` says which query it answers. Hits that have an explanation show it.

    `matched` says where in a hit's text the words stand that the query finds it by.
    """
    if as_json:
        print_json({"query": query, "hits": [_hit_fields(rank, hit) for rank, hit in enumerate(hits, 1)]})
        return
    if titled:
        echo(click.style(printable(query), bold=True, underline=True))
    if not hits:
        echo("nothing found")
    for rank, hit in enumerate(hits, 1):
        title = f"  {printable(hit.heading)}" if hit.heading else ""
        ordinal = click.style("#" + hit.chunk_id.rpartition("#")[2], dim=True)
        echo(f"{rank:>2}. {_scores(hit)}  {click.style(_standing(hit.source, hit), fg='cyan')} {ordinal}{title}")
        for line in _passage(query, hit, matched, lines=None if full else 4):
            echo(_INDENT + line)
        echo("")


def _scores(hit: Hit) -> str:
    """What the hit was ranked by, and in brackets its similarity where that is something else."""
    score = click.style(f"{hit.score:.4f}", fg="green")
    return score if hit.score == hit.similarity else f"{score} ({hit.similarity:.4f})"


def _standing(source: str | None, chunk: Hit | Chunk) -> str:
    """Where a chunk is from, as far as its file says."""
    if not source:
        return printable(chunk.document_id)
    return printable(f"{shown_path(source)}:{chunk.line}" + (f" ({chunk.place})" if chunk.place else ""))


def _passage(query: str, hit: Hit, matched: _Matched, lines: int | None) -> list[str]:
    width = _width() - len(_INDENT)
    if hit.explanation is None:
        return excerpt(hit.text, matched(query, hit.text), width, lines)
    return explanation_lines(query, hit, hit.explanation, width, lines=lines)


def print_passage(found: Passage, *, as_json: bool) -> None:
    """A chunk where it stands; on a terminal its own lines have a bar in front of them."""
    chunk = found.chunk
    if as_json:
        names = ("document_id", "ordinal", "start", "end", "line", "page", "place", "heading", "text")
        of_chunk = {name: getattr(chunk, name) for name in names}
        rest = {name: getattr(found, name) for name in ("source", "chunks", "before", "after", "metadata")}
        print_json({"chunk_id": chunk.id, **of_chunk, **rest})
        return
    of = f"chunk {chunk.ordinal + 1:,} of {found.chunks:,}"
    echo(f"{click.style(_standing(found.source, chunk), fg='cyan')}  {of}  {printable(chunk.heading)}".rstrip())
    for key, value in found.metadata.items():
        echo(f"{_INDENT}{printable(key)}: {printable(' '.join(str(value).split()))}")
    for text, mark in ((found.before, "  "), (chunk.text, "| "), (found.after, "  ")):
        for line in wrapped(printable(text), _width() - len(mark)):
            echo(mark + line)


def print_info(info: Info, *, as_json: bool) -> None:
    """What an index holds."""
    if as_json:
        print_json(asdict(info))
        return
    lines = {
        "index": shown_path(info.path),
        "documents": f"{info.documents:,} from {plural(info.files, 'file')}{', texts kept' if info.keep_text else ''}",
        "chunks": f"{info.chunks:,} of at most {info.chunk_tokens} tokens, {_cut(info)}",
        "model": f"{info.model}, {info.dim} dimensions, fingerprint {info.fingerprint[:12]}",
        "metric": info.metric,
        "words": f"language {info.language}",
        "recall": _recall(info),
        "version": f"{info.version}, committed {info.created}",
        "segments": f"{info.segments:,}, with {plural(info.deleted, 'deleted chunk')}",
        "on disk": f"{info.bytes / 1e6:,.1f} MB",
    }
    for name, value in lines.items():
        echo(f"{name:>10}  {value}")


def _cut(info: Info) -> str:
    """How documents are cut into chunks."""
    under = ", encoded under their titles" if info.context else ""
    return f"overlap {info.overlap}, cut by {info.splitter}{under}"


def _recall(info: Info) -> str:
    """What share of the nearest chunks a search finds."""
    if info.measured_recall is None:
        later = "" if info.recall == 1 else f", while that is fast; then at least {info.recall:g}"
        return f"1, every vector is compared{later}"
    return f"{info.measured_recall:.4f} measured, at least {info.recall:g} asked for"


def print_deleted(deleted: int, asked: int, *, as_json: bool) -> None:
    """How many documents were deleted, and how many ids were not there."""
    if as_json:
        print_json({"deleted": deleted, "absent": asked - deleted})
        return
    absent = f", {asked - deleted:,} not in the index" if asked > deleted else ""
    echo(f"{plural(deleted, 'document')} deleted{absent}")


def print_log(versions: Sequence[Version], info: Info, *, as_json: bool) -> None:
    """The versions of an index, the newest first, and what all of them take on disk."""
    if as_json:
        print_json({"versions": [asdict(version) for version in versions], "bytes": info.bytes})
        return
    for version in versions:
        tags = "".join(f"  [{name}]" for name in version.tags)
        held = f"{plural(version.documents, 'document')}, {plural(version.chunks, 'chunk')}"
        size = f"{held}, {version.bytes / 1e6:,.1f} MB"
        echo(f"{version.number:>5}  {version.created[:19].replace('T', ' ')}  {_said(version.change)}; {size}{tags}")
    echo(f"{info.bytes / 1e6:,.1f} MB on disk for all of them")


def _said(change: Mapping[str, int]) -> str:
    """What a version changed."""
    if "restored" in change:
        return f"version {change['restored']} restored"
    if "repaired" in change:
        return f"{plural(change['repaired'], 'file')} repaired"
    return ", ".join(f"{count:,} {name}" for name, count in change.items() if count) or "no document changed"


def print_verification(found: Verification, *, as_json: bool) -> None:
    """What was checked, and each thing that is wrong on a line of its own."""
    if as_json:
        print_json({**asdict(found), "ok": found.ok})
        return
    for file in found.repaired:
        echo(f"repaired: {printable(file)}")
    for problem in found.problems:
        detail = printable(" ".join(problem.detail.split()))
        echo(f"{problem.kind}: {printable(problem.file)}: {detail}: {_cure(problem)}")
    if found.leftovers:
        echo(f"{plural(len(found.leftovers), 'file')} of an interrupted commit, harmless: the next commit removes them")
    state = "all as written" if found.ok else plural(len(found.problems), "problem")
    versions = plural(found.versions, "version")
    echo(f"{plural(found.files, 'file')} of {versions}, {found.bytes / 1e6:,.1f} MB: {state}")


def _cure(problem: Problem) -> str:
    """What becomes of a problem."""
    if problem.repairable:
        return "verify --repair makes it anew"
    if problem.past:
        return "only versions of the past have it, and it goes with them"
    return "restore a version that does without it, or index again"


def print_cache(info: CacheInfo, *, as_json: bool) -> None:
    """What the cache of vectors holds, each model on a line of its own."""
    if as_json:
        print_json(asdict(info))
        return
    lines = [
        ("cache", printable(info.path)),
        ("on disk", f"{info.bytes / 1e6:,.1f} MB of at most {info.size / 1e6:,.0f} MB"),
        ("vectors", f"{info.vectors:,}" + (f", the oldest used {info.oldest_use[:10]}" if info.oldest_use else "")),
    ]
    for model in info.models:
        held = f"{plural(model.vectors, 'vector')}, {model.bytes / 1e6:,.1f} MB, last used {model.last_use[:10]}"
        lines.append(("model", f"{printable(model.name)} ({printable(model.fingerprint[:12])}): {held}"))
    lines.append(("derived", f"{info.derived_bytes / 1e6:,.1f} MB of files made of models"))
    for name, value in lines:
        echo(f"{name:>10}  {value}")


def _hit_fields(rank: int, hit: Hit) -> dict[str, Any]:
    names = (
        "score",
        "similarity",
        "document_id",
        "chunk_id",
        "source",
        "start",
        "end",
        "line",
        "page",
        "place",
        "heading",
        "text",
    )
    found = {"rank": rank, **{name: getattr(hit, name) for name in names}, "metadata": hit.metadata}
    return found if hit.explanation is None else {**found, "explanation": asdict(hit.explanation)}


def _width() -> int:
    try:
        return max(40, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):  # no terminal: a file or a pipe
        return 100
