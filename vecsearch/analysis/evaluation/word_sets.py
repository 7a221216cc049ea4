"""Files -> test sets: analogies by category, and pairs of words or texts with a similarity.

: capital-common-countries       a category; below it four words per line: Athens is to Greece as Baghdad is to Iraq
Athens Greece Baghdad Iraq       (Mikolov, Chen, Corrado and Dean 2013, questions-words.txt)

tiger<TAB>cat<TAB>7.35           two words and how similar people rate them (WordSim-353, SimLex-999, MEN, ...)

A plane is taking off.,An air plane is taking off.,5.0      two texts and how similar people rate them (STS-B)
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from vecsearch.documents.charsets import NotText
from vecsearch.documents.row import open_text
from vecsearch.errors import InvalidDocument, PathNotFound
from vecsearch.types import ScoreArray

_WORD_FILES = (".txt",)
_TEXT_FILES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class AnalogySet:
    """The questions of one category: words a, b, c, d, where a is to b as c is to d."""

    name: str
    questions: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class SimilaritySet:
    """Pairs of words or texts, and how similar people rate each, float64 (pairs,); higher is more similar."""

    name: str
    pairs: tuple[tuple[str, str], ...]
    similarities: ScoreArray


def read_word_sets(path: str | PathLike[str]) -> tuple[list[AnalogySet], list[SimilaritySet]]:
    """Read the analogies and the pairs of words in a .txt file, or in all .txt files of a folder.

    Raises PathNotFound when no file is found, InvalidDocument, with the line, for a line of neither form.
    """
    analogies: list[AnalogySet] = []
    similarities: list[SimilaritySet] = []
    for file in _files(Path(path), _WORD_FILES):
        lines = [(number, line) for number, line in _lines(file) if line.strip()]
        if lines and lines[0][1].startswith(":"):
            analogies += _analogies(file, lines)
        else:
            rows = ((number, line.rstrip("\r\n").split("\t")) for number, line in lines)
            similarities.append(_similarities(file, rows, "two words and a number between tabs"))
    return analogies, similarities


def read_sts(path: str | PathLike[str]) -> list[SimilaritySet]:
    """Read the pairs of texts in a .csv or .tsv file, or in all such files of a folder: two texts and a number per row.

    A first row without a number is taken as column names. Raises as read_word_sets() does.
    """
    return [
        _similarities(file, _records(file), "two texts and a number", header=True)
        for file in _files(Path(path), _TEXT_FILES)
    ]


def _files(path: Path, suffixes: Sequence[str]) -> list[Path]:
    """Return the file at a path, or the files in a folder, by name."""
    if path.is_file():
        return [path]
    files = sorted(file for file in path.glob("*") if file.suffix.lower() in suffixes and file.is_file())
    if not files:
        kinds = " or ".join(suffixes)
        raise PathNotFound(f"{path} is neither a file nor a folder with {kinds} files: check the path")
    return files


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        with open_text(file, newline="\n") as lines:
            yield from enumerate(lines, 1)
    except NotText as error:
        raise InvalidDocument(f"{file}: {error}") from None


def _records(file: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with open_text(file, newline="") as lines:
            rows = csv.reader(lines, delimiter="\t" if file.suffix.lower() == ".tsv" else ",")
            yield from ((rows.line_num, row) for row in rows if row)
    except NotText as error:
        raise InvalidDocument(f"{file}: {error}") from None
    except csv.Error as error:
        raise InvalidDocument(f"{file}:{rows.line_num}: {error}") from None


def _analogies(file: Path, lines: Iterable[tuple[int, str]]) -> list[AnalogySet]:
    categories: dict[str, list[tuple[str, str, str, str]]] = {}
    name = ""
    for number, line in lines:
        if line.startswith(":"):
            name = line[1:].strip()
            categories.setdefault(name, [])
            continue
        words = line.split()
        if len(words) != 4:
            raise InvalidDocument(f"{file}:{number}: {len(words)} words; expected four, or a colon and a category")
        categories[name].append((words[0], words[1], words[2], words[3]))
    return [AnalogySet(name, tuple(questions)) for name, questions in categories.items()]


def _similarities(
    file: Path, rows: Iterable[tuple[int, list[str]]], expected: str, *, header: bool = False
) -> SimilaritySet:
    pairs: list[tuple[str, str]] = []
    scores: list[float] = []
    for i, (number, row) in enumerate(rows):
        score = _number(row[2]) if len(row) > 2 else math.nan
        if math.isfinite(score) and row[0].strip() and row[1].strip():
            pairs.append((row[0].strip(), row[1].strip()))
            scores.append(score)
        elif i or not header:
            raise InvalidDocument(f"{file}:{number}: expected {expected}, found {'  '.join(row)[:80]!r}")
    if not pairs:
        raise InvalidDocument(f"{file} holds no pairs: expected {expected} in each row")
    return SimilaritySet(file.stem, tuple(pairs), np.array(scores, np.float64))


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
