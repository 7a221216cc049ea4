"""`vecsearch embed`: texts to vectors, without an index."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any

import click

from ..options.common import with_output
from ..options.help import command
from ..options.models import given, with_model, with_runtime
from ..options.reading import with_record_fields
from ..output import Output
from ..output.models import EmbedView
from ..output.progress import describe_texts, progress_bar
from ..output.streams import standard_input, utf8_input


@command()
@click.argument("files", nargs=-1, type=click.Path(), metavar="[FILE|-]...")
@click.option("-o", "--output", "file", type=click.Path(), metavar="FILE", help="Write .npy, .parquet or .jsonl.")
@with_model
@click.option(
    "--dim",
    type=click.IntRange(1),
    metavar="N",
    help="Keep the first N numbers of each vector, if the model allows it.",
)
@with_record_fields
@click.option("--jsonl/--lines", "json_lines", default=None, help="Read each line as JSON, or as a text.")
@click.option("--with-text", is_flag=True, help="Write each text beside its vector.")
@click.option("--no-cache", is_flag=True, help="Do not read or write the cache of vectors.")
@with_runtime
@with_output
def embed(
    files: tuple[str, ...], file: str | None, no_cache: bool, with_text: bool, output: Output, **options: Any
) -> None:
    """Turn texts into vectors: those of each FILE, or of standard input, in their order.

    A file holds one text per line, and an empty line is a text too: vector i is that of line i. A .jsonl file holds a
    text or a record per line, .csv and .parquet files a record per row. Without -o, JSON lines go to standard output.
    """
    from vecsearch import embed_files

    if output.claims_stdout and file is None:
        raise click.UsageError("--json needs standard output for its report: write the vectors to a file with -o")
    if not files and standard_input().isatty():
        raise click.UsageError("nothing to read: name a FILE, or - to type texts")
    has_bar = file is not None or not sys.stdout.isatty()  # no bar among vectors on a terminal
    with progress_bar(describe_texts) if has_bar else nullcontext() as progress:
        report = embed_files(
            [utf8_input() if name == "-" else name for name in files or ("-",)],
            sys.stdout.buffer if file is None else file,
            with_text=with_text,
            cache=not no_cache,
            progress=progress,
            **given(options, *options),
        )
    output.show(EmbedView(file, report))
