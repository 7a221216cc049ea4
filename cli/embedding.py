"""`vecsearch embed`: texts to vectors, without an index."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import asdict
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any, TextIO

import click

from .options import encoding, reporting, running
from .passages import printable
from .printing import plural, print_done
from .progress import progress_bar, texts_said
from .reading import record_fields

if TYPE_CHECKING:
    from vecsearch import EmbedReport


@click.command(short_help="Turn texts into vectors.")
@click.argument("files", nargs=-1, type=click.Path(), metavar="[FILE|-]...")
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write .npy, .parquet or .jsonl.")
@encoding
@click.option(
    "--dim", type=click.IntRange(1), metavar="N", help="The first N numbers of each vector, for models made for it."
)
@record_fields
@click.option("--jsonl/--lines", "json_lines", default=None, help="Lines are JSON, or texts as they stand.")
@click.option("--with-text", is_flag=True, help="Write each text beside its vector.")
@click.option("--no-cache", is_flag=True, help="Neither look vectors up nor keep them.")
@running
@reporting
def embed(
    files: tuple[str, ...], output: str | None, no_cache: bool, as_json: bool, with_text: bool, **given: Any
) -> None:
    """Turn texts into vectors: those of each FILE, or of standard input, in their order.

    A file holds a text a line, and an empty line is a text too: vector i is that of line i. A .jsonl file holds a
    text or a record a line, .csv and .parquet files a record a row. Without -o, JSON lines go to standard output.
    """
    from vecsearch import embed_files

    if as_json and output is None:
        raise click.UsageError("--json prints what was done where the vectors go: name a file for these with -o")
    if not files and sys.stdin.isatty():
        raise click.UsageError("there is nothing to read: name a FILE, or - to type texts")
    watched = output is not None or not sys.stdout.isatty()  # a bar among vectors on a terminal helps nobody
    how = {name: value for name, value in given.items() if value is not None}
    with progress_bar(texts_said) if watched else nullcontext() as progress:
        report = embed_files(
            [_standard_input() if file == "-" else file for file in files or ("-",)],
            sys.stdout.buffer if output is None else output,
            with_text=with_text,
            cache=not no_cache,
            progress=progress,
            **how,
        )
    if as_json:
        print_done({"file": output, **asdict(report)}, "", as_json=True)
    else:
        click.echo(printable(_summary(report)), err=True)


def _standard_input() -> TextIO:
    """Standard input in UTF-8, whatever the system's own encoding is, as files have theirs."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace")
    return sys.stdin


def _summary(report: EmbedReport) -> str:
    rate = report.texts / max(report.seconds, 1e-3)
    cut = f", {report.cut:,} cut: the model reads no more of them" if report.cut else ""
    return (
        f"{plural(report.texts, 'text')}, {report.dim} dimensions of {report.model}: {report.encoded:,} encoded, "
        f"{report.cached:,} known already{cut}, in {report.seconds:.1f} s ({rate:,.0f} texts a second)"
    )
