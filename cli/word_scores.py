"""`vecsearch eval --words` and `--sts`: models side by side, judged by analogies and by what people find alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .making import kind_of, refuse_kind
from .options import adding
from .passages import printable
from .printing import print_done
from .progress import progress_bar, texts_said

if TYPE_CHECKING:
    from vecsearch.analysis import AnalogyScore, SimilarityScore, StsScores, WordScores

_PATH = click.Path(path_type=Path)
_BYS = ("rows", "texts")
_NAME_WIDTH = 30
_DEFAULT = "all-MiniLM-L6-v2"


def judging_words(evaluate: Callable[..., None]) -> Callable[..., None]:
    """Adds --words, --sts and --by to `eval`; where one of the first two is given, models are scored, and no index."""

    @wraps(evaluate)
    def judged(
        words: Path | None, sts: Path | None, by: tuple[str, ...], model: tuple[str, ...], as_json: bool, **given: Any
    ) -> None:
        if words is None and sts is None:
            if by or len(model) > 1:
                raise click.UsageError("--by, and several --model, go with --words or --sts")
            evaluate(model=model[0] if model else None, as_json=as_json, **given)
            return
        if given["folder"] or given["pairs"]:
            raise click.UsageError("--words and --sts score models: name neither FOLDER nor --pairs")
        refuse_kind(kind_of(given), "--words and --sts score models")
        fields, said = _scored(model, words, sts, by)
        print_done(fields, said, as_json=as_json)

    options = (
        click.option("--words", type=_PATH, metavar="PATH", help="Score models by analogies and pairs of words."),
        click.option("--sts", type=_PATH, metavar="PATH", help="Score models by pairs of texts."),
        click.option("--by", type=click.Choice(_BYS), multiple=True, help="Vectors of --words.  [default: both]"),
    )
    return adding(judged, options)


def _scored(
    models: Sequence[str], words: Path | None, sts: Path | None, by: Sequence[str]
) -> tuple[dict[str, Any], str]:
    """What models score, as fields and as tables with a column for each."""
    from vecsearch.analysis import evaluate_sts, evaluate_words

    asked = list(dict.fromkeys(models)) or [_DEFAULT]
    of_words: list[WordScores] = []
    of_texts: list[StsScores] = []
    with progress_bar(texts_said) as progress:
        if words:
            pairs = [(model, each) for model in asked for each in by or _BYS]
            of_words = [evaluate_words(words, model=model, by=each, progress=progress) for model, each in pairs]
        if sts:
            of_texts = [evaluate_sts(sts, model=model, progress=progress) for model in asked]
    fields = {"words": [_fields(each) for each in of_words], "sts": [asdict(each) for each in of_texts]}
    return fields, "\n".join([*_words_table(of_words), *_texts_table(of_texts)]).strip("\n")


def _fields(scores: WordScores) -> dict[str, Any]:
    analogies = [{**asdict(each), "accuracy": each.accuracy} for each in scores.analogies]
    return {**asdict(scores), "analogies": analogies}


def _words_table(found: Sequence[WordScores]) -> Iterator[str]:
    if not found:
        return
    heads = [(scores.model, scores.by) for scores in found]
    if found[0].analogies:
        yield from _header("analogies: share of correct answers, of how many asked", heads)
        for row in zip(*(scores.analogies for scores in found), strict=True):
            yield _line(row[0].name, [_accuracy(score) for score in row], heads)
        yield _line("all", [_accuracy(_total(scores.analogies)) for scores in found], heads)
        yield _line("words to choose from", [f"{scores.choices:,}" for scores in found], heads)
    yield from _correlations([scores.similarities for scores in found], heads)


def _texts_table(found: Sequence[StsScores]) -> Iterator[str]:
    if found:
        yield from _correlations([scores.similarities for scores in found], [(scores.model, "") for scores in found])


def _correlations(columns: Sequence[Sequence[SimilarityScore]], heads: Sequence[tuple[str, str]]) -> Iterator[str]:
    if columns[0]:
        yield from _header("similarities: Spearman's rank correlation, of how many pairs", heads)
        for row in zip(*columns, strict=True):
            yield _line(row[0].name, [_correlation(score) for score in row], heads)


def _header(title: str, heads: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield ""
    yield title
    for line in zip(*heads, strict=True):
        if any(line):
            yield _line("", [printable(Path(name).name) for name in line], heads)


def _line(name: str, cells: Sequence[str], heads: Sequence[tuple[str, str]]) -> str:
    """A line of a table, each cell below its model's name."""
    widths = [max(15, len(Path(model).name) + 2) for model, _ in heads]
    shown = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{printable(name):{_NAME_WIDTH}}{shown}".rstrip()


def _accuracy(score: AnalogyScore) -> str:
    return f"{'-' if score.accuracy is None else f'{score.accuracy:.3f}'} {score.asked:>6,}"


def _correlation(score: SimilarityScore) -> str:
    return f"{'-' if score.spearman is None else f'{score.spearman:.3f}'} {score.pairs:>6,}"


def _total(scores: Sequence[AnalogyScore]) -> AnalogyScore:
    """All categories as one."""
    from vecsearch.analysis import AnalogyScore

    counts = {name: sum(getattr(score, name) for score in scores) for name in ("asked", "correct", "skipped")}
    return AnalogyScore(name="all", **counts)
