"""Opens an encoder for people to look inside, whatever runs the model: insides_of().

All comes from the files and the sessions that encode() uses, so that what is shown is what a search sees; encoders
hold these for themselves, and this file is as near to them as one of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vecsearch.errors import ModelUnsupported
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders.insides import Insides, Reading
from vecsearch.models.encoders.positions import PositionKind, Positions, positions_of
from vecsearch.models.encoders.read_tokens import ReadTokens, read_tokens
from vecsearch.models.encoders.settings import read_json
from vecsearch.models.encoders.shortened import Shortened
from vecsearch.models.encoders.static.encoder import StaticEncoder
from vecsearch.models.encoders.static.row_means import RowMeans
from vecsearch.models.encoders.static.word_encoder import _WORD, WordVectorEncoder, _row
from vecsearch.models.encoders.token_matrix import matrix_in_folder, matrix_in_graph
from vecsearch.models.encoders.tokens import TextTokenizer
from vecsearch.models.encoders.torch.encoder import TorchEncoder
from vecsearch.models.encoders.transformer.encoder import TransformerEncoder, _pad
from vecsearch.models.encoders.transformer.pooling import pool
from vecsearch.models.encoders.transformer.spec import Pooling
from vecsearch.models.encoders.vocabulary import Vocabulary
from vecsearch.types import FloatArray, Role

_IN_NO_ORDER = Positions(PositionKind.NONE)


def insides_of(encoder: Encoder) -> Insides:
    """The parts of an encoder; of one whose vectors are cut, those of the whole one. The matrix is mapped, not read.

    Raises ModelUnsupported for one that shows no tokens, such as an endpoint, and ModelDamaged when files are broken.
    """
    match encoder:
        case Shortened():
            return insides_of(encoder.inner)
        case TransformerEncoder():
            return _of_transformer(encoder)
        case StaticEncoder():
            return _of_static(encoder)
        case WordVectorEncoder():
            return _of_words(encoder)
        case TorchEncoder():
            return _of_torch(encoder)
    raise ModelUnsupported(
        f"{encoder.name} shows neither tokens nor a matrix, only the vectors of texts: choose a model that runs here"
    )


def _of_transformer(encoder: TransformerEncoder) -> Insides:
    spec, runtime = encoder.spec, encoder._runtimes[0]

    def read(text: str, role: Role) -> Reading:
        prompt, tokenizer = spec.prompts.of(role), encoder._tokenizer
        [tokens] = read_tokens(tokenizer, [text], spec.max_seq_length, prompt=prompt, lowercase=spec.lowercase)
        ids, lengths = _pad([tokens.ids], runtime.batching.multiple, spec.max_seq_length)
        vectors = encoder._model(runtime).run(ids, lengths, alone=True)[0, : len(tokens.ids)]
        return _in_context(tokens, np.array(vectors, np.float32), spec.pooling, _cut(tokenizer, prompt + text, tokens))

    return Insides(
        tokens=Vocabulary(spec.tokenizer),
        matrix=matrix_in_folder(encoder.model.path) if spec.shape else matrix_in_graph(spec.weights),
        positions=positions_of(read_json(encoder.model.path / "config.json")),
        pooling=spec.pooling.value,
        normalize=spec.normalize,
        contextual=True,
        read=read,
    )


def _of_torch(encoder: TorchEncoder) -> Insides:
    first, spec, tokenizer = encoder._modules[0].folder, encoder.spec, encoder._tokenizer
    if not isinstance(tokenizer, TextTokenizer) or not (first / "tokenizer.json").is_file():
        raise ModelUnsupported(f"{encoder.name} has no tokenizer.json: what tokens it reads cannot be shown")
    pooling = spec.pooling if spec else None

    def read(text: str, role: Role) -> Reading:
        prompt = encoder._prompts.of(role)
        with encoder._lock:
            shown = encoder._torch.tokens(encoder._readable(text, prompt), prompt, role)
        limit = len(shown[0]) if shown else encoder.max_tokens + tokenizer.special + tokenizer.count(prompt)
        for lowercase in (False, True):  # a model's files may ask for it; its tokens say whether it was done
            [tokens] = read_tokens(tokenizer, [text], limit, prompt=prompt, lowercase=lowercase)
            if shown and tokens.ids == shown[0]:
                return _in_context(tokens, shown[1], pooling, _cut(tokenizer, prompt + text, tokens))
        raise ModelUnsupported(f"{encoder.name} does not show which vector each token of a text has")

    return Insides(
        tokens=Vocabulary(first / "tokenizer.json"),
        matrix=matrix_in_folder(first),
        positions=positions_of(read_json(first / "config.json", optional=True)),
        pooling=pooling.value if pooling else None,
        normalize=spec.normalize if spec else encoder._modules[-1].kind == "Normalize",
        contextual=True,
        read=read,
    )


def _in_context(tokens: ReadTokens, vectors: FloatArray, pooling: Pooling | None, cut: int) -> Reading:
    pooled = None if pooling is None else pool(vectors[None], np.array([len(vectors)]), pooling)[0]
    return Reading(ids=tokens.ids, spans=tokens.spans, vectors=vectors, pooled=pooled, cut=cut)


def _cut(tokenizer: TextTokenizer, prompted: str, tokens: ReadTokens) -> int:
    """How many tokens of a text are not read."""
    return max(0, tokenizer.count(prompted) + tokenizer.special - len(tokens.ids))


def _of_static(encoder: StaticEncoder) -> Insides:
    means, unread = encoder._means, encoder._unread

    def read(text: str, role: Role) -> Reading:
        prompt, tokenizer = encoder.spec.prompts.of(role), encoder._tokenizer
        [tokens] = read_tokens(tokenizer, [text], encoder._limit, prompt=prompt)
        with encoder._belonging_together():
            return Reading(
                ids=tokens.ids,
                spans=tokens.spans,
                vectors=means.rows_of(tokens.ids),
                pooled=means.of([[token for token in tokens.ids if token != unread]])[0],
                cut=tokenizer.count(prompt + text) - len(tokens.ids),
            )

    return Insides(
        tokens=Vocabulary(encoder.spec.tokenizer),
        matrix=_all_rows(means),
        positions=_IN_NO_ORDER,
        pooling="mean" if means._weights is None else "weighted mean",
        normalize=encoder.spec.normalize,
        contextual=False,
        read=read,
    )


def _all_rows(means: RowMeans) -> FloatArray:
    """The vector of every token."""
    if means._rows is None and means._weights is None:
        return means._matrix
    tokens = means._rows if means._weights is None else means._weights
    return means.rows_of(range(0 if tokens is None else len(tokens)))


def _of_words(encoder: WordVectorEncoder) -> Insides:
    rows, means = encoder._loaded

    def read(text: str, role: Role) -> Reading:  # noqa: ARG001  # both roles are read alike
        found = [(match.span(), _row(match[0], rows)) for match in _WORD.finditer(text)]
        known = [(span, row) for span, row in found if row is not None]
        ids = [row for _, row in known]
        return Reading(
            ids=ids,
            spans=np.array([span for span, _ in known], np.int64).reshape(-1, 2),
            vectors=means.rows_of(ids),
            pooled=means.of([ids])[0],
            cut=0,
            unknown=tuple(text[start:end] for (start, end), row in found if row is None),
        )

    return Insides(
        tokens=_Words(tuple(rows), rows),
        matrix=means._matrix,
        positions=_IN_NO_ORDER,
        pooling="mean",
        normalize=False,
        contextual=False,
        read=read,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a file of word vectors, as Tokens."""

    listed: tuple[str, ...]
    words: Mapping[str, int]
    special: frozenset[int] = frozenset()

    def token(self, number: int) -> str:
        """The word in this row."""
        return self.listed[number]

    def pieces(self, text: str) -> list[str]:
        """The words of a text, known or not."""
        return _WORD.findall(text)
