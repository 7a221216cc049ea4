"""How well vectors of words, and of sentences, say what people say of them: evaluate_words() and evaluate_sts().

    analogies      is the nearest word to b - a + c the one that people name?
    similarities   do cosines put pairs in the order in which people put them? Spearman's rank correlation

What the files say is in `word_sets`, the words and their vectors are in `vecsearch.analysis.words`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np

from vecsearch.analysis.evaluation.spearman import spearman
from vecsearch.analysis.evaluation.word_sets import AnalogySet, SimilaritySet, read_sts, read_word_sets
from vecsearch.analysis.words.space import WordSpace
from vecsearch.analysis.words.spaces import model_space, opened, telling, text_space
from vecsearch.choices import By
from vecsearch.models.cache import Cache
from vecsearch.models.encoder import Encoder, encode_cached
from vecsearch.models.encoders import DEFAULT_MODEL
from vecsearch.reports import Progress
from vecsearch.types import Role, ScoreArray
from vecsearch.vectors import unit_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalogyScore:
    """Of a category's analogies how many were `asked`, and how many of these answers were `correct`.

    `skipped` ones have a word that there is no vector of.
    """

    name: str
    asked: int
    correct: int
    skipped: int

    @property
    def accuracy(self) -> float | None:
        """The share of correct answers; None where nothing was asked."""
        return self.correct / self.asked if self.asked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarityScore:
    """How alike the orders are in which people and cosines put `pairs`, from -1 to 1; None where there are too few.

    `skipped` pairs have a word that there is no vector of.
    """

    name: str
    pairs: int
    skipped: int
    spearman: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordScores:
    """What `evaluate_words` found: analogies by category, and one correlation for each set of pairs.

    An analogy's answer is chosen from `choices` words.
    """

    model: str
    by: str
    choices: int
    analogies: tuple[AnalogyScore, ...]
    similarities: tuple[SimilarityScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StsScores:
    """What `evaluate_sts` found: one correlation for each set of pairs of texts."""

    model: str
    similarities: tuple[SimilarityScore, ...]


def evaluate_words(
    path: str | PathLike[str],
    *,
    model: str | Encoder = DEFAULT_MODEL,
    by: By | str = By.ROWS,
    progress: Callable[[Progress], None] | None = None,
) -> WordScores:
    """How well the vectors of words answer the analogies and order the pairs in a file, or in those of a folder.

    `by` "rows", a word has its row of the model's matrix, if it is one token, and an analogy's answer is chosen from
    all such words. By "texts" each word is encoded, and the answer is chosen from the words of all analogies. Words
    are the same whatever their case, as in word2vec's compute-accuracy; of several the first counts. `progress` is
    told how many words have been encoded. Raises PathNotFound, InvalidDocument, InvalidOption, and ModelUnsupported
    where the model shows no matrix.
    """
    chosen = By.of(by)
    analogies, similarities = read_word_sets(path)
    encoder = opened(model)
    asked = list(dict.fromkeys(word for each in analogies for question in each.questions for word in question))
    compared = list(dict.fromkeys(word for each in similarities for pair in each.pairs for word in pair))
    if chosen is By.ROWS:
        of_analogies = of_pairs = _folded(model_space(encoder, By.ROWS))
    else:
        of_analogies, of_pairs = (_folded(text_space(encoder, words, progress=progress)) for words in (asked, compared))
    return WordScores(
        model=encoder.name,
        by=chosen.value,
        choices=len(of_analogies.words) if analogies else 0,
        analogies=tuple(_answered(each, of_analogies) for each in analogies),
        similarities=tuple(_correlated(each, of_pairs) for each in similarities),
    )


def evaluate_sts(
    path: str | PathLike[str],
    *,
    model: str | Encoder = DEFAULT_MODEL,
    progress: Callable[[Progress], None] | None = None,
) -> StsScores:
    """How well cosines put pairs of texts into the order in which people put them, for each .csv or .tsv file.

    Texts that the cache knows are not encoded again; `progress` is told how many of a file's have their vectors.
    Raises PathNotFound, InvalidDocument.
    """
    sets = read_sts(path)
    encoder, cache = opened(model), Cache()
    return StsScores(
        model=encoder.name, similarities=tuple(_texts_correlated(each, encoder, cache, progress) for each in sets)
    )


def _folded(space: WordSpace) -> WordSpace:
    """The words of a space without their case; of several that are then the same, the first stays."""
    rows: dict[str, int] = {}
    for row, word in enumerate(space.words):
        rows.setdefault(word.casefold(), row)
    return WordSpace(space.name, list(rows), space.vectors[list(rows.values())])


def _rows(space: WordSpace, words: Sequence[str]) -> list[int] | None:
    """Where the words are in a folded space; None where one is not."""
    found = [space.row(word.casefold()) for word in words]
    rows = [row for row in found if row is not None]
    return rows if len(rows) == len(words) else None


def _answered(analogies: AnalogySet, space: WordSpace) -> AnalogyScore:
    rows = [known for question in analogies.questions if (known := _rows(space, question)) is not None]
    questions = np.array(rows, np.int64).reshape(-1, 4)
    answers = space.answers(questions[:, :3])
    return AnalogyScore(
        name=analogies.name,
        asked=len(rows),
        correct=int((answers == questions[:, 3]).sum()),
        skipped=len(analogies.questions) - len(rows),
    )


def _correlated(pairs: SimilaritySet, space: WordSpace) -> SimilarityScore:
    rows = [_rows(space, pair) for pair in pairs.pairs]
    known = np.array([row is not None for row in rows], np.bool_)
    places = np.array([row for row in rows if row is not None], np.int64).reshape(-1, 2)
    cosines = np.einsum(
        "ij,ij->i", space.vectors[places[:, 0]], space.vectors[places[:, 1]], dtype=np.float64
    )  # (known pairs,)
    return _scored(pairs, known.nonzero()[0].tolist(), cosines)


def _texts_correlated(
    pairs: SimilaritySet, encoder: Encoder, cache: Cache, progress: Callable[[Progress], None] | None
) -> SimilarityScore:
    texts = [text for pair in pairs.pairs for text in pair]
    name = f"a text of {pairs.name}"
    done = telling(progress, texts)
    found = encode_cached(encoder, cache, texts, Role.DOCUMENT, name=lambda _: name, done=done).vectors
    vectors = unit_rows(found)[0]
    cosines = np.einsum("ij,ij->i", vectors[::2], vectors[1::2], dtype=np.float64)  # (pairs,)
    return _scored(pairs, list(range(len(pairs.pairs))), cosines)


def _scored(pairs: SimilaritySet, known: list[int], cosines: ScoreArray) -> SimilarityScore:
    return SimilarityScore(
        name=pairs.name,
        pairs=len(known),
        skipped=len(pairs.pairs) - len(known),
        spearman=spearman(pairs.similarities[known], cosines),
    )
