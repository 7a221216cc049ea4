"""WordVectorEncoder: a text has the mean of its words' vectors, from a file of word2vec or GloVe.

A word is a run of letters, digits, underscores and the marks that belong to letters; a Han or kana character is a word
by itself, as these are written without blanks. Punctuation is not a word. A word has the vector of its own spelling,
else that of its lower case; unknown words are left out, and a text without a known word has the mean of all vectors
(see `row_means`). Vectors are taken as they are: neither a word's nor a text's is scaled to length 1.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vecsearch.errors import ModelNotFound
from vecsearch.models.encoder import Fertility, TokenVectors
from vecsearch.models.encoders.fingerprint import file_hash
from vecsearch.models.encoders.static.row_means import RowMeans
from vecsearch.models.encoders.static.word_table import load_table
from vecsearch.models.encoders.static.word_vector_file import WordFile, read_beginning
from vecsearch.models.encoders.tokenizer import count_characters
from vecsearch.models.open_once import OpenOnce
from vecsearch.types import FloatArray, IntArray, Role

if TYPE_CHECKING:
    from vecsearch.models.insides import Insides, Reading

_ALONE = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # kana and Han
# Python's \w leaves out marks that are written over, under or behind a letter: those of Latin, Hebrew, Arabic, Thai,
# the scripts from Devanagari to Sinhala (without their full stops), and the joiners that these and Persian use.
_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0900-\u0963\u0966-\u0df3\u0e31-\u0e4e\u200c\u200d"
_WORD = re.compile(rf"[^\W{_ALONE}](?:[^\W{_ALONE}]+|[{_MARKS}]+)*|[{_ALONE}]")
_WORDS_RULE = 1  # part of the fingerprint: count up when what counts as a word changes
_NO_LIMIT = 1_000_000  # words of a text that are read: more than any text to encode has


class WordVectorEncoder:
    """An Encoder (see vecsearch.models.encoder) whose vectors are means of word vectors."""

    def __init__(self, path: Path, *, name: str | None = None) -> None:
        """Read the first lines of the file; raises ModelNotFound without one, ModelDamaged when it is of another kind.

        The rest is read when a text is first encoded: once, then it is mapped from the cache folder.
        """
        if not path.is_file():
            raise ModelNotFound(f"{path} is not a file; name a file of word vectors")
        self._file = read_beginning(path)
        self._name = str(path) if name is None else name
        self._words = OpenOnce(partial(_open_words, self._file))

    @property
    def name(self) -> str:
        """The path of the file, as it was given."""
        return self._name

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self._file.dim

    @property
    def max_tokens(self) -> int:
        """Words of a text that are read; there is no limit."""
        return _NO_LIMIT

    @cached_property
    def fingerprint(self) -> str:
        """64 hexadecimal digits over the file's content and the rule of what a word is."""
        ingredients = ["word vectors", file_hash(self._file.path), _WORDS_RULE]
        return hashlib.sha256(json.dumps(ingredients).encode()).hexdigest()

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:  # noqa: ARG002
        """Return the vectors of `texts` in their order: float32 (n, dim). Raises ModelDamaged for a broken file."""
        words = self._words()
        rows = [[row for word in _WORD.findall(text) if (row := words.row(word)) is not None] for text in texts]
        return words.means.of(rows)

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:  # noqa: ARG002
        """Return the known words of each text with their vectors: see TokenwiseEncoder."""
        words = self._words()
        results = []
        for text in texts:
            known = [(span, row) for span, row in words.read(text) if row is not None]
            vectors = words.means.rows_of([row for _, row in known])
            results.append(TokenVectors.of(_span_array([span for span, _ in known]), vectors))
        return results

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return each text's words, known or not, as character offsets: int64 (words, 2)."""
        return [_span_array([match.span() for match in _WORD.finditer(text)]) for text in texts]

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """Return how well the words of each text are known: see FertilityEncoder."""
        words = self._words()
        results = []
        for text in texts:
            spelled = _WORD.findall(text)
            known = sum(count_characters(word) for word in spelled if words.row(word) is not None)
            results.append(Fertility(known / max(len(spelled), 1), contextual=False))
        return results

    def insides(self) -> Insides:
        """Open the model for inspection: see InspectableEncoder."""
        from vecsearch.models.insides import Insides, PositionKind, Positions  # what only an inspection needs

        words = self._words()
        return Insides(
            tokens=_WordVocabulary(tuple(words.rows), words.rows),
            matrix=words.means.all_rows(),
            positions=Positions(PositionKind.NONE),
            pooling="mean",
            normalize=False,
            contextual=False,
            read=self._read,
        )

    def _read(self, text: str, role: Role) -> Reading:  # noqa: ARG002  # both roles are read alike
        from vecsearch.models.insides import Reading

        words = self._words()
        spelled = list(words.read(text))
        ids = [row for _, row in spelled if row is not None]
        return Reading(
            ids=ids,
            spans=_span_array([span for span, row in spelled if row is not None]),
            vectors=words.means.rows_of(ids),
            pooled=words.means.of([ids])[0],
            cut=0,
            unknown=tuple(text[start:end] for (start, end), row in spelled if row is None),
        )


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a file with their row numbers, and the means of rows."""

    rows: Mapping[str, int]
    means: RowMeans

    def row(self, word: str) -> int | None:
        """The row of a word's own spelling, else of its lower case; None for an unknown word."""
        row = self.rows.get(word)
        return self.rows.get(word.lower()) if row is None else row

    def read(self, text: str) -> Iterator[tuple[tuple[int, int], int | None]]:
        """The span and the row of each word of a text."""
        return ((match.span(), self.row(match[0])) for match in _WORD.finditer(text))


@dataclass(frozen=True, slots=True)
class _WordVocabulary:
    """The words of a file of word vectors, as a TokenTable."""

    spelled: tuple[str, ...]  # by row
    words: Mapping[str, int]
    special: frozenset[int] = frozenset()

    def token(self, number: int) -> str:
        return self.spelled[number]

    def pieces(self, text: str) -> list[str]:
        """The words of a text, known or not."""
        return _WORD.findall(text)


def _open_words(file: WordFile) -> _Words:
    table = load_table(file)
    return _Words(table.rows, RowMeans(table.vectors, unknown=table.mean))


def _span_array(spans: Sequence[tuple[int, int]]) -> IntArray:
    return np.array(spans, np.int64).reshape(-1, 2)  # (0, 2) without words
