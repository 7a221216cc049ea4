"""How well vectors of words and sentences agree with people: evaluate_words() and evaluate_sts().

    analogies      is the word nearest to b - a + c the one that people name?
    similarities   do cosines order pairs as people do? Spearman's rank correlation

`word_sets` reads the files; the words and their vectors come from `vecsearch.analysis.words`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np

from vecsearch.analysis.evaluation.statistics import spearman
from vecsearch.analysis.evaluation.word_sets import AnalogySet, SimilaritySet, read_sts, read_word_sets
from vecsearch.analysis.words.space import WordSpace
from vecsearch.analysis.words.spaces import as_encoder, model_space, report_texts, text_space
from vecsearch.choices import By, ByName
from vecsearch.models.cache import Cache, shared_cache
from vecsearch.models.cached_encoding import encode_cached
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import DEFAULT_MODEL
from vecsearch.reports import Progress
from vecsearch.types import Role, ScoreArray
from vecsearch.vectors import unit_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalogyScore:
    """How many analogies of a category were `asked`, and how many of the answers were `correct`.

    `skipped` ones contain a word that has no vector.
    """

    name: str
    asked: int
    correct: int
    skipped: int

    @property
    def accuracy(self) -> float | None:
        """The share of correct answers; None when none was asked."""
        return self.correct / self.asked if self.asked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarityScore:
    """How well cosines order `pairs` as people do, from -1 to 1; None where there are too few.

    `skipped` pairs contain a word that has no vector.
    """

    name: str
    pairs: int
    skipped: int
    spearman: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordScores:
    """The result of `evaluate_words`: analogies by category, and one correlation for each set of pairs.

    The answer to an analogy is chosen from `choices` words.
    """

    model: str
    by: str
    choices: int
    analogies: tuple[AnalogyScore, ...]
    similarities: tuple[SimilarityScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StsScores:
    """The result of `evaluate_sts`: one correlation for each set of pairs of texts."""

    model: str
    similarities: tuple[SimilarityScore, ...]


def evaluate_words(
    path: str | PathLike[str],
    *,
    model: str | Encoder = DEFAULT_MODEL,
    by: By | ByName = By.ROWS,
    progress: Callable[[Progress], None] | None = None,
) -> WordScores:
    """Score how well the vectors of words solve the analogies and order the pairs in a file, or in a folder of files.

    With `by` "rows", a word that is one token has its row of the model's matrix, and the answer to an analogy is chosen
    from all such words. With "texts" each word is encoded, and the answer is chosen from the words of all analogies.
    Case is ignored, as in word2vec's compute-accuracy; of words that then are equal the first counts. `progress` gets
    the number of words encoded so far. Raises PathNotFound, InvalidDocument, InvalidOption, and ModelUnsupported for a
    model that exposes no matrix.
    """
    by = By.of(by)
    analogies, similarities = read_word_sets(path)
    encoder = as_encoder(model)
    if by is By.ROWS:
        analogy_space = pair_space = _folded(model_space(encoder, By.ROWS))
    else:
        in_analogies = list(dict.fromkeys(word for each in analogies for four in each.questions for word in four))
        in_pairs = list(dict.fromkeys(word for each in similarities for pair in each.pairs for word in pair))
        analogy_space = _folded(text_space(encoder, in_analogies, progress=progress))
        pair_space = _folded(text_space(encoder, in_pairs, progress=progress))
    return WordScores(
        model=encoder.name,
        by=by.value,
        choices=len(analogy_space.words) if analogies else 0,
        analogies=tuple(_score_analogies(each, analogy_space) for each in analogies),
        similarities=tuple(_score_pairs(each, pair_space) for each in similarities),
    )


def evaluate_sts(
    path: str | PathLike[str],
    *,
    model: str | Encoder = DEFAULT_MODEL,
    progress: Callable[[Progress], None] | None = None,
) -> StsScores:
    """Score how well cosines order pairs of texts as people do, for each .csv or .tsv file.

    Cached vectors are reused; `progress` gets the number of a file's texts encoded so far. Raises PathNotFound,
    InvalidDocument.
    """
    sets = read_sts(path)
    encoder, cache = as_encoder(model), shared_cache()
    return StsScores(
        model=encoder.name, similarities=tuple(_score_texts(each, encoder, cache, progress) for each in sets)
    )


def _folded(space: WordSpace) -> WordSpace:
    """Return the space with its words case-folded; of words that then are equal, the first stays."""
    rows: dict[str, int] = {}
    for row, word in enumerate(space.words):
        rows.setdefault(word.casefold(), row)
    return WordSpace(space.name, list(rows), space.vectors[list(rows.values())])


def _rows(space: WordSpace, words: Sequence[str]) -> list[int] | None:
    """Return the rows of the words in a folded space; None when one is missing."""
    rows = [row for word in words if (row := space.row(word.casefold())) is not None]
    return rows if len(rows) == len(words) else None


def _score_analogies(analogies: AnalogySet, space: WordSpace) -> AnalogyScore:
    rows = [four for question in analogies.questions if (four := _rows(space, question)) is not None]
    questions = np.array(rows, np.int64).reshape(-1, 4)
    answers = space.answers(questions[:, :3])
    return AnalogyScore(
        name=analogies.name,
        asked=len(rows),
        correct=int((answers == questions[:, 3]).sum()),
        skipped=len(analogies.questions) - len(rows),
    )


def _score_pairs(pairs: SimilaritySet, space: WordSpace) -> SimilarityScore:
    known = {number: two for number, pair in enumerate(pairs.pairs) if (two := _rows(space, pair)) is not None}
    rows = np.array(list(known.values()), np.int64).reshape(-1, 2)
    left, right = space.vectors[rows[:, 0]], space.vectors[rows[:, 1]]
    cosines = np.einsum("ij,ij->i", left, right, dtype=np.float64)  # (known pairs,)
    return _correlate(pairs, list(known), cosines)


def _score_texts(
    pairs: SimilaritySet, encoder: Encoder, cache: Cache, progress: Callable[[Progress], None] | None
) -> SimilarityScore:
    texts = [text for pair in pairs.pairs for text in pair]
    name = f"a text of {pairs.name}"
    done = report_texts(progress, texts)
    vectors = unit_rows(encode_cached(encoder, cache, texts, Role.DOCUMENT, name=lambda _: name, done=done).vectors)[0]
    cosines = np.einsum("ij,ij->i", vectors[::2], vectors[1::2], dtype=np.float64)  # (pairs,)
    return _correlate(pairs, range(len(pairs.pairs)), cosines)


def _correlate(pairs: SimilaritySet, known: Sequence[int], cosines: ScoreArray) -> SimilarityScore:
    """Return the correlation of the cosines with the similarities of the pairs whose numbers are `known`."""
    return SimilarityScore(
        name=pairs.name,
        pairs=len(known),
        skipped=len(pairs.pairs) - len(known),
        spearman=spearman(pairs.similarities[list(known)], cosines),
    )
