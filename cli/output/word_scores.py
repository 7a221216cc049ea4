"""Scores of models side by side: analogies, and similarities of words and of texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import View
from .characters import visible

if TYPE_CHECKING:
    from vecsearch.analysis import AnalogyScore, SimilarityScore, StsScores, WordScores

_NAME_WIDTH = 30


@dataclass(frozen=True)
class ModelScoresView(View):
    """What models score on words and on pairs of texts, a column for each."""

    words: Sequence[WordScores]
    sts: Sequence[StsScores]

    def fields(self) -> dict[str, Any]:
        """Return all scores."""
        return {"words": [_word_fields(scores) for scores in self.words], "sts": [asdict(each) for each in self.sts]}

    def lines(self) -> list[str]:
        """Return the tables, with a blank line between them."""
        return "\n".join([*_word_tables(self.words), *_sts_table(self.sts)]).strip("\n").split("\n")


def _word_fields(scores: WordScores) -> dict[str, Any]:
    analogies = [{**asdict(score), "accuracy": score.accuracy} for score in scores.analogies]
    return {**asdict(scores), "analogies": analogies}


def _word_tables(words: Sequence[WordScores]) -> Iterator[str]:
    if not words:
        return
    heads = [(scores.model, scores.by) for scores in words]
    if words[0].analogies:
        yield from _header("analogies: accuracy, and number of questions", heads)
        for row in zip(*(scores.analogies for scores in words), strict=True):
            yield _row(row[0].name, [_accuracy(score.correct, score.asked) for score in row], heads)
        yield _row("all", [_total_accuracy(scores.analogies) for scores in words], heads)
        yield _row("candidate words", [f"{scores.choices:,}" for scores in words], heads)
    yield from _correlations([scores.similarities for scores in words], heads)


def _sts_table(sts: Sequence[StsScores]) -> Iterator[str]:
    if sts:
        yield from _correlations([scores.similarities for scores in sts], [(scores.model, "") for scores in sts])


def _correlations(columns: Sequence[Sequence[SimilarityScore]], heads: Sequence[tuple[str, str]]) -> Iterator[str]:
    if columns[0]:
        yield from _header("similarities: Spearman's rank correlation, and number of pairs", heads)
        for row in zip(*columns, strict=True):
            yield _row(row[0].name, [_figure(score.spearman, score.pairs) for score in row], heads)


def _header(title: str, heads: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield ""
    yield title
    for line in zip(*heads, strict=True):
        if any(line):
            yield _row("", [visible(Path(name).name) for name in line], heads)


def _row(name: str, cells: Sequence[str], heads: Sequence[tuple[str, str]]) -> str:
    """Return a row of a table, each cell below its model's name."""
    widths = [max(15, len(Path(model).name) + 2) for model, _ in heads]
    aligned = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{visible(name):{_NAME_WIDTH}}{aligned}".rstrip()


def _total_accuracy(scores: Sequence[AnalogyScore]) -> str:
    return _accuracy(sum(score.correct for score in scores), sum(score.asked for score in scores))


def _accuracy(correct: int, questions: int) -> str:
    return _figure(correct / questions if questions else None, questions)


def _figure(value: float | None, count: int) -> str:
    return f"{'-' if value is None else f'{value:.3f}'} {count:>6,}"
