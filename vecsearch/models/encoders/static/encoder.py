"""StaticEncoder: a text has the mean of its tokens' rows of a matrix; no network of layers, no runtime but numpy.

Opens the folders of model2vec, of sentence-transformers' StaticEmbedding, and what the package wordllama carries; see
`static_files`. Vectors are those of these libraries' own encode, but for two things: a text without a token has the
mean of all tokens instead of zero (see `row_means`), and a long text of a model2vec model is cut by its tokens alone,
where model2vec first cuts it by characters, at max_length times the median length of a token.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import numpy as np

from vecsearch.errors import ModelDamaged
from vecsearch.models.encoder import Fertility, TokenVectors
from vecsearch.models.encoders.fingerprint import file_hash, verify
from vecsearch.models.encoders.folder import ModelFolder
from vecsearch.models.encoders.read_tokens import ReadTokens, read_tokens
from vecsearch.models.encoders.static.files import StaticKind, StaticSpec, is_static, read_static_spec
from vecsearch.models.encoders.static.row_means import RowMeans
from vecsearch.models.encoders.static.tokens import StaticTokenizer
from vecsearch.models.encoders.transformer.pooling import unit_rows
from vecsearch.models.encoders.weights import read_integers, read_weights
from vecsearch.types import FloatArray, IntArray, Role

__all__ = ["StaticEncoder", "is_static"]

_NO_LIMIT = 1_000_000  # tokens of a text that are read: more than any text to encode has


class StaticEncoder:
    """An Encoder (see vecsearch.models.encoder) that may be used from several threads at once."""

    def __init__(self, model: ModelFolder) -> None:
        """Read the small files of `model`; raises ModelDamaged when they are broken or of another kind."""
        self.model = model
        self.spec: StaticSpec = read_static_spec(model)
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name as it was asked for."""
        return self.model.name

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self.spec.dim

    @cached_property
    def fingerprint(self) -> str:
        """The model's fingerprint; raises ModelDamaged when its files are not those the model is known by."""
        verify(self.model)
        ingredients = {
            "kind": self.spec.kind.value,
            "weights": file_hash(self.spec.weights),
            "tokenizer": file_hash(self.spec.tokenizer),
            "normalize": self.spec.normalize,
            "prompts": [self.spec.prompts.query, self.spec.prompts.document],
            "max_tokens": self.spec.limit,
        }
        return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()

    @property
    def max_tokens(self) -> int:
        """Tokens of a document that the model reads, those of its prompt not counted."""
        prompt = self.spec.prompts.document
        return self._limit - (self._tokenizer.count(prompt) if prompt else 0)

    def encode(self, texts: Sequence[str], role: Role) -> FloatArray:
        """The vectors of `texts` in their order: float32 (n, dim). Raises ModelDamaged when the model cannot run."""
        prompt, unread = self.spec.prompts.of(role), self._unread
        tokens = self._tokenizer.ids([prompt + text for text in texts], self._limit)
        if unread is not None:
            tokens = [[token for token in row if token != unread] for row in tokens]
        with self._belonging_together():
            vectors = self._means.of(tokens)
        return unit_rows(vectors) if self.spec.normalize else vectors

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        """The matrix's rows for the tokens of each text, unknown ones left out as in encode(): see TokenwiseEncoder.

        A token has the same vector in every text; its weight in a text's mean is a length, which is not shown.
        """
        read = read_tokens(self._tokenizer, texts, self._limit, prompt=self.spec.prompts.of(role))
        found = []
        for tokens in read:
            known = [place for place, token in enumerate(tokens.ids) if token != self._unread]
            kept = ReadTokens([tokens.ids[place] for place in known], tokens.spans[known])
            with self._belonging_together():
                found.append(kept.with_vectors(self._means.rows_of(kept.ids)))
        return found

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """For each text the character offsets of its tokens: int64 (tokens, 2), nothing cut."""
        return self._tokenizer.spans(texts)

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """How well the model reads each text: see FertilityEncoder."""
        return [Fertility(letters, contextual=False) for letters in self._tokenizer.characters_per_token(texts)]

    @property
    def _unread(self) -> int | None:
        """The number of the token that does not count, None where all do."""
        return self._tokenizer.unknown if self.spec.kind is StaticKind.MODEL2VEC else None

    @contextmanager
    def _belonging_together(self) -> Iterator[None]:
        """Says what it means that a token has no row."""
        try:
            yield
        except IndexError as error:
            raise ModelDamaged(
                f"{self.spec.tokenizer} has tokens that {self.spec.weights} has no row for: they do not belong together"
            ) from error

    @property
    def _limit(self) -> int:
        limit = self._tokenizer.own_limit if self.spec.kind is StaticKind.MODULE else self.spec.limit
        return _NO_LIMIT if limit is None else limit

    @property
    def _tokenizer(self) -> StaticTokenizer:
        with self._lock:  # two threads that arrive together load the files once
            return self._loaded[0]

    @property
    def _means(self) -> RowMeans:
        with self._lock:
            return self._loaded[1]

    @cached_property
    def _loaded(self) -> tuple[StaticTokenizer, RowMeans]:
        verify(self.model)
        means, tokens = _row_means(self.spec)
        return StaticTokenizer(self.spec.tokenizer, tokens), means


def _row_means(spec: StaticSpec) -> tuple[RowMeans, int]:
    """The matrix with its tokens' rows and weights (a quantised model2vec vocabulary has them), and how many tokens."""
    tensors, integers = read_weights(spec.weights), read_integers(spec.weights)
    if (matrix := tensors.get(spec.matrix)) is None:
        matrix = integers[spec.matrix].astype(np.float32)  # quantised to int8
    rows = weights = None
    if spec.kind is StaticKind.MODEL2VEC:
        rows, weights = integers.get("mapping"), tensors.get("weights")
    if rows is not None and (rows.ndim != 1 or not len(rows) or rows.min() < 0 or rows.max() >= len(matrix)):
        raise ModelDamaged(f"{spec.weights}: mapping is no list of rows of {spec.matrix}, which has {len(matrix)}")
    tokens = len(matrix) if rows is None else len(rows)
    if weights is not None and weights.shape != (tokens,):
        raise ModelDamaged(
            f"{spec.weights}: weights has shape {weights.shape}, expected ({tokens},), one for each token"
        )
    return RowMeans(matrix, rows, weights), tokens
