"""Sources of words and their vectors: a model's own matrix, words that it encodes, or the words of an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vecsearch.analysis.words.space import WordSpace
from vecsearch.choices import By
from vecsearch.errors import InvalidQuery, ModelUnsupported
from vecsearch.models.cache import Cache, shared_cache
from vecsearch.models.cached_encoding import encode_cached
from vecsearch.models.capabilities import fertility_of, insides_of, token_vectors_of
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import load_encoder
from vecsearch.models.insides import Insides
from vecsearch.reports import Progress
from vecsearch.storage.lexical.splitting import words as words_of
from vecsearch.storage.store import Part
from vecsearch.types import FloatArray, Role

if TYPE_CHECKING:
    from vecsearch.session import Session

_MOST = 20_000  # words of an index, the most frequent first: a model that takes 20 ms per text encodes them in minutes
_ROWS_AT_ONCE = 4_096  # texts of an index in memory at once
_LONGEST = 64  # characters of a word: what is longer is not a word but, say, an encoded picture


def as_encoder(model: str | Encoder) -> Encoder:
    """Load the encoder of a name; return an encoder as it is."""
    return load_encoder(model) if isinstance(model, str) else model


def report_texts(progress: Callable[[Progress], None] | None, texts: Sequence[str]) -> Callable[[int], None]:
    """Return a callback that reports n more encoded texts to `progress`, each as a document of one chunk."""
    total = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    encoded = 0

    def done(n: int) -> None:
        nonlocal encoded
        encoded += n
        if progress is not None:
            progress(Progress(encoded, encoded, total * encoded // max(len(texts), 1), total))

    return done


def model_space(encoder: Encoder, by: By, progress: Callable[[Progress], None] | None = None) -> WordSpace:
    """Return the words that are one token of a model, with their rows of its matrix or encoded as texts.

    Raises ModelUnsupported for a model that exposes no tokens or no matrix.
    """
    insides = insides_of(encoder)
    if by is By.TEXTS:
        return text_space(encoder, list(insides.tokens.words), progress=progress)
    if insides.matrix is None:
        raise ModelUnsupported(f"{encoder.name} exposes no matrix of token vectors: take the words by texts")
    words = insides.tokens.words
    return WordSpace(
        encoder.name,
        list(words),
        insides.matrix[list(words.values())],
        explain_missing=lambda word: _why_no_row(insides, word),
    )


def text_space(
    encoder: Encoder,
    words: Sequence[str],
    name: str = "",
    *,
    cache: Cache | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> WordSpace:
    """Return the words that a model knows, encoded as texts; the words of a query are encoded when they are needed.

    Cached vectors are reused, by default those of the user's cache. `name` is that of the words' source, by default
    the model's.
    """
    vectors = shared_cache() if cache is None else cache

    def encode(texts: Sequence[str], done: Callable[[int], None] = lambda _: None) -> FloatArray:
        if unknown := set(texts).difference(_known(encoder, texts)):
            raise InvalidQuery(f"{encoder.name} has no vector of the word {min(unknown)!r}: check the spelling")
        return encode_cached(
            encoder, vectors, texts, Role.DOCUMENT, name=lambda i: f"the word {texts[i]!r}", done=done
        ).vectors

    known = _known(encoder, words)
    return WordSpace(name or encoder.name, known, encode(known, report_texts(progress, known)), encode=encode)


def index_space(session: Session, progress: Callable[[Progress], None] | None = None) -> WordSpace:
    """Return the most frequent words of an index, encoded by its model."""
    words = _frequent(session.parts)
    name = f"the index {session.store.name}"
    return text_space(session.encoder, words, name, cache=session.cache, progress=progress)


def _known(encoder: Encoder, words: Sequence[str]) -> list[str]:
    """Return the words that a model knows; to others a static model gives the mean of all its vectors."""
    if not words or fertility_of(encoder, words[:1])[0].contextual:
        return list(words)
    tokens = token_vectors_of(encoder, words, Role.DOCUMENT)
    return [word for word, known in zip(words, tokens, strict=True) if len(known.spans)]


def _frequent(parts: Sequence[Part]) -> list[str]:
    """Return the words of all live chunks in lower case, the most frequent first, ties in alphabetical order."""
    counts: Counter[str] = Counter()
    for texts in _texts(parts):
        for text in texts:
            counts.update(word for word in map(str.lower, words_of(text)) if _is_word(word))
    return sorted(counts, key=lambda word: (-counts[word], word))[:_MOST]


def _texts(parts: Sequence[Part]) -> Iterator[list[str]]:
    """Yield the texts of the live chunks, some at a time."""
    for part in parts:
        rows = np.flatnonzero(part.mask())
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            yield part.segment.values("text", rows[start : start + _ROWS_AT_ONCE])


def _is_word(word: str) -> bool:
    return len(word) <= _LONGEST and any(map(str.isalpha, word))


def _why_no_row(insides: Insides, word: str) -> str:
    """Return the reason why a word has no row, for the end of an error."""
    pieces = insides.tokens.pieces(word)
    if len(pieces) > 1:
        return f": its tokens are {' '.join(pieces)}; take the words by texts"
    return ": check the spelling"
