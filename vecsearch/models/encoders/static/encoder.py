"""StaticEncoder: a text has the mean of its tokens' rows of a matrix; no network of layers, no runtime but numpy.

Opens the folders of model2vec, of sentence-transformers' StaticEmbedding, and what the package wordllama carries; see
`spec`. Vectors are those of these libraries' own encode, with two exceptions: a text without a token has the mean of
all tokens instead of zero (see `row_means`), and a long text of a model2vec model is cut by its tokens alone, where
model2vec first cuts it by characters, at max_length times the median length of a token.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vecsearch.errors import ModelDamaged
from vecsearch.models.encoder import Fertility, TokenVectors
from vecsearch.models.encoders.fingerprint import check_known_hashes, file_hash
from vecsearch.models.encoders.model_folder import ModelFolder
from vecsearch.models.encoders.static.row_means import RowMeans
from vecsearch.models.encoders.static.spec import StaticKind, StaticSpec, is_static, read_static_spec
from vecsearch.models.encoders.static.tokenizer import StaticTokenizer
from vecsearch.models.encoders.tokenizer import ReadTokens
from vecsearch.models.encoders.transformer.pooling import unit_rows
from vecsearch.models.encoders.weights import read_integers, read_weights
from vecsearch.models.open_once import OpenOnce
from vecsearch.types import FloatArray, IntArray, Role

if TYPE_CHECKING:
    from vecsearch.models.insides import Insides, Reading

__all__ = ["StaticEncoder", "is_static"]

_NO_LIMIT = 1_000_000  # tokens of a text that are read: more than any text to encode has


class StaticEncoder:
    """An Encoder (see vecsearch.models.encoder) whose vectors are means of a matrix's rows."""

    def __init__(self, model: ModelFolder) -> None:
        """Read the small files of `model`; raises ModelDamaged when they are broken or of another kind."""
        self.model = model
        self.spec: StaticSpec = read_static_spec(model)
        self._files = OpenOnce(partial(_open_files, model, self.spec))

    @property
    def name(self) -> str:
        """The model's name as it was given."""
        return self.model.name

    @property
    def dim(self) -> int:
        """The length of a vector."""
        return self.spec.dim

    @cached_property
    def fingerprint(self) -> str:
        """The model's fingerprint; raises ModelDamaged when its files differ from their known hashes."""
        check_known_hashes(self.model)
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
        """Return the vectors of `texts` in their order: float32 (n, dim). Raises ModelDamaged if the model fails."""
        prompt, skipped = self.spec.prompts.of(role), self._skipped
        tokens = self._tokenizer.ids([prompt + text for text in texts], self._limit)
        if skipped is not None:
            tokens = [[token for token in row if token != skipped] for row in tokens]
        with self._missing_row_is_damage():
            vectors = self._means.of(tokens)
        return unit_rows(vectors) if self.spec.normalize else vectors

    def token_vectors(self, texts: Sequence[str], role: Role) -> list[TokenVectors]:
        """Return the matrix's rows for each text's tokens, unknown ones left out as in encode(): see TokenwiseEncoder.

        A token has the same vector in every text; its weight in a text's mean is a length, which is not shown.
        """
        results = []
        for tokens in self._tokenizer.read(texts, self._limit, prompt=self.spec.prompts.of(role)):
            known = [index for index, token in enumerate(tokens.ids) if token != self._skipped]
            kept = ReadTokens([tokens.ids[index] for index in known], tokens.spans[known])
            with self._missing_row_is_damage():
                results.append(kept.with_vectors(self._means.rows_of(kept.ids)))
        return results

    def token_spans(self, texts: Sequence[str]) -> list[IntArray]:
        """Return each text's tokens as character offsets: int64 (tokens, 2), nothing cut off."""
        return self._tokenizer.spans(texts)

    def fertility(self, texts: Sequence[str]) -> list[Fertility]:
        """Return how well the model reads each text: see FertilityEncoder."""
        return [Fertility(number, contextual=False) for number in self._tokenizer.characters_per_token(texts)]

    def insides(self) -> Insides:
        """Open the model for inspection: see InspectableEncoder."""
        from vecsearch.models.encoders.tokenizer import Vocabulary  # what only an inspection needs
        from vecsearch.models.insides import Insides, PositionKind, Positions

        return Insides(
            tokens=Vocabulary(self.spec.tokenizer),
            matrix=self._means.all_rows(),
            positions=Positions(PositionKind.NONE),
            pooling="weighted mean" if self._means.weighted else "mean",
            normalize=self.spec.normalize,
            contextual=False,
            read=self._read,
        )

    def _read(self, text: str, role: Role) -> Reading:
        from vecsearch.models.insides import Reading

        prompt, tokenizer = self.spec.prompts.of(role), self._tokenizer
        [tokens] = tokenizer.read([text], self._limit, prompt=prompt)
        with self._missing_row_is_damage():
            return Reading(
                ids=tokens.ids,
                spans=tokens.spans,
                vectors=self._means.rows_of(tokens.ids),
                pooled=self._means.of([[token for token in tokens.ids if token != self._skipped]])[0],
                cut=tokenizer.count(prompt + text) - len(tokens.ids),
            )

    @property
    def _skipped(self) -> int | None:
        """The id of the token that does not count, None where all do."""
        return self._tokenizer.unknown if self.spec.kind is StaticKind.MODEL2VEC else None

    @contextmanager
    def _missing_row_is_damage(self) -> Iterator[None]:
        """Turn the IndexError for a token without a row into ModelDamaged."""
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
        return self._files().tokenizer

    @property
    def _means(self) -> RowMeans:
        return self._files().means


class _Files(NamedTuple):
    tokenizer: StaticTokenizer
    means: RowMeans


def _open_files(model: ModelFolder, spec: StaticSpec) -> _Files:
    check_known_hashes(model)
    means, tokens = _row_means(spec)
    return _Files(StaticTokenizer(spec.tokenizer, tokens), means)


def _row_means(spec: StaticSpec) -> tuple[RowMeans, int]:
    """The matrix with its tokens' rows and weights, which a quantised vocabulary has; the number of tokens."""
    tensors, integers = read_weights(spec.weights), read_integers(spec.weights)
    if (matrix := tensors.get(spec.matrix)) is None:
        matrix = integers[spec.matrix].astype(np.float32)  # quantised to int8
    rows = weights = None
    if spec.kind is StaticKind.MODEL2VEC:
        rows, weights = integers.get("mapping"), tensors.get("weights")
    if rows is not None and (rows.ndim != 1 or not len(rows) or rows.min() < 0 or rows.max() >= len(matrix)):
        raise ModelDamaged(
            f"{spec.weights}: mapping is not a list of row numbers of {spec.matrix}, which has {len(matrix)} rows"
        )
    tokens = len(matrix) if rows is None else len(rows)
    if weights is not None and weights.shape != (tokens,):
        raise ModelDamaged(
            f"{spec.weights}: weights has shape {weights.shape}, expected ({tokens},), one for each token"
        )
    return RowMeans(matrix, rows, weights), tokens
