"""WordVectorEncoder: a text has the mean of its words' vectors, from a file of word2vec or GloVe.

A word is a run of letters, digits, underscores and the marks that belong to letters; a Han or kana character is a word
by itself, as these are written without blanks. Punctuation is no word. A word has the vector of how it is written, else
that of how it is written in lower case; unknown words are left out, and a text without a known word has the mean of
all vectors (see `row_means`). Vectors are taken as they are: neither a word's nor a text's is scaled to length 1.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from vecsearch.errors import ModelNotFound
from vecsearch.models.encoder import Fertility, TokenVectors
from vecsearch.models.encoders.fingerprint import file_hash
from vecsearch.models.encoders.static.row_means import RowMeans
from vecsearch.models.encoders.static.word_table import load_table
from vecsearch.models.encoders.static.word_vectors import read_beginning
from vecsearch.models.encoders.tokens import letters_in
from vecsearch.types import FloatArray, IntArray, Role

_ALONE = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # kana and Han
# Python's \w leaves out marks that are written over, under or behind a letter: those of Latin, Hebrew, Arabic, Thai,
# the scripts from Devanagari to Sinhala (without their full stops), and the joiners that these and Persian use.
_MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0900-\u0963\u0966-\u0df3\u0e31-\u0e4e\u200c\u200d"
_WORD = re.compile(rf"[^\W{_ALONE}](?:[^\W{_ALONE}]+|[{_MARKS}]+)*|[{_ALONE}]")
_WORDS_RULE = 1  # part of the fingerprint: count up when what a word is changes
_NO_LIMIT = 1_000_000  # words of a text that are read: more than any text to encode has


class WordVectorEncoder:
    """An Encoder (see vecsearch.models.encoder) that may be used from several threads at once."""

    def __init__(self, path: Path) -> None:
        """Read the first lines of the file; raises ModelNotFound without one, ModelDamaged when it is of another kind.

        The rest is read when a text is first encoded: once, then it is mapped from the cache folder.
        """
        if not path.is_file():
            raise ModelNotFound(f"{path} is no file; name a file of word vectors")
        self._file = read_beginning(path)
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The path of the file, as it was given."""
        return str(self._file.path)

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
        """The vectors of `texts` in their order: float32 (n, dim). Raises ModelDamaged when the file is broken."""
        rows, means = self._loaded
        return means.of(
            [[row for word in _WORD.findall(text) if (row := _row(word, rows)) is not None] for text in texts]
        )

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:  # noqa: ARG002
        """The known words of each text with their vectors: see TokenwiseEncoder."""
        rows, means = self._loaded
        found = []
        for text in texts:
            words = [(match.span(), _row(match[0], rows)) for match in _WORD.finditer(text)]
            known = [(span, row) for span, row in words if row is not None]
            spans = np.array([span for span, _ in known], np.int64).reshape(-1, 2)
            found.append(TokenVectors.of(spans, means.rows_of([row for _, row in known])))
        return found

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its words, known or not: int64 (words, 2)."""
        return [
            np.array([match.span() for match in _WORD.finditer(text)], np.int64).reshape(-1, 2)  # (0,) without words
            for text in texts
        ]

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """How well the words of each text are known: see FertilityEncoder."""
        rows, _ = self._loaded
        found = []
        for text in texts:
            words = _WORD.findall(text)
            known = sum(letters_in(word) for word in words if _row(word, rows) is not None)
            found.append(Fertility(known / max(len(words), 1), contextual=False))
        return found

    @cached_property
    def _table(self) -> tuple[Mapping[str, int], RowMeans]:
        table = load_table(self._file)
        return table.rows, RowMeans(table.vectors, unknown=table.mean)

    @property
    def _loaded(self) -> tuple[Mapping[str, int], RowMeans]:
        with self._lock:  # two threads that arrive together parse the file once
            return self._table


def _row(word: str, rows: Mapping[str, int]) -> int | None:
    """The row of a word as it is written, else of its lower case; None for an unknown one."""
    row = rows.get(word)
    return rows.get(word.lower()) if row is None else row
