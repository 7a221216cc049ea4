"""Where words and their vectors come from: a model's own matrix, words that it encodes, or those of an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vecsearch.analysis.words.space import WordSpace
from vecsearch.choices import By
from vecsearch.errors import InvalidQuery, ModelUnsupported
from vecsearch.models.cache import Cache
from vecsearch.models.encoder import Encoder, encode_cached
from vecsearch.models.encoders import load_encoder
from vecsearch.models.encoders.insides import Insides
from vecsearch.models.encoders.opened_insides import insides_of
from vecsearch.models.encoders.shortened import Shortened
from vecsearch.models.encoders.static.encoder import StaticEncoder
from vecsearch.models.encoders.static.word_encoder import WordVectorEncoder
from vecsearch.reports import Progress
from vecsearch.storage.lexical.splitting import words as words_of
from vecsearch.storage.store import Store
from vecsearch.types import FloatArray, Role

if TYPE_CHECKING:
    from vecsearch.index import Index

_MOST = 20_000  # words of an index, the most frequent first: what a model of 20 ms a text encodes in minutes
_ROWS_AT_ONCE = 4_096  # texts of an index in memory at once
_LONGEST = 64  # characters of a word: what is longer is no word but an encoded picture


def opened(model: str | Encoder) -> Encoder:
    """The encoder of a name; an encoder is one already."""
    return load_encoder(model) if isinstance(model, str) else model


def telling(progress: Callable[[Progress], None] | None, texts: Sequence[str]) -> Callable[[int], None]:
    """Tells `progress` how many of the texts have their vectors, each as a document of one chunk."""
    total = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    settled = 0

    def done(n: int) -> None:
        nonlocal settled
        settled += n
        if progress is not None:
            progress(Progress(settled, settled, total * settled // max(len(texts), 1), total))

    return done


def model_space(encoder: Encoder, by: By, progress: Callable[[Progress], None] | None = None) -> WordSpace:
    """The words that are one token of a model, with their rows of its matrix or encoded as texts.

    Raises ModelUnsupported for a model that shows no tokens or no matrix.
    """
    insides = insides_of(encoder)
    if by is By.TEXTS:
        return text_space(encoder, list(insides.tokens.words), progress=progress)
    if insides.matrix is None:
        raise ModelUnsupported(f"{encoder.name} has no matrix of tokens that can be read: take words by texts")
    words = insides.tokens.words
    return WordSpace(
        encoder.name, list(words), insides.matrix[list(words.values())], why=lambda word: _no_row(insides, word)
    )


def text_space(
    encoder: Encoder,
    words: Sequence[str],
    name: str = "",
    *,
    progress: Callable[[Progress], None] | None = None,
) -> WordSpace:
    """Those of the words that a model knows, and any other that is asked for, each encoded as a text.

    What the cache knows is not encoded again. `name` says whose words they are, by default the model's.
    """
    cache = Cache()

    def encode(texts: Sequence[str], done: Callable[[int], None] = lambda _: None) -> FloatArray:
        if unknown := set(texts).difference(_known(encoder, texts)):
            raise InvalidQuery(f"{encoder.name} has no vector of the word {min(unknown)!r}: check how it is written")
        return encode_cached(
            encoder, cache, texts, Role.DOCUMENT, name=lambda i: f"the word {texts[i]!r}", done=done
        ).vectors

    known = _known(encoder, words)
    return WordSpace(name or encoder.name, known, encode(known, telling(progress, known)), encode=encode)


def index_space(index: Index, progress: Callable[[Progress], None] | None = None) -> WordSpace:
    """The most frequent words of an index, encoded by its model."""
    return text_space(index.session().encoder, _frequent(index), f"the index {index.path}", progress=progress)


def _known(encoder: Encoder, words: Sequence[str]) -> list[str]:
    """The words that a model knows something of: a static one gives what it does not know the mean of all vectors."""
    inner = encoder.inner if isinstance(encoder, Shortened) else encoder
    if not isinstance(inner, StaticEncoder | WordVectorEncoder):
        return list(words)
    tokens = inner.token_vectors(words, Role.DOCUMENT)
    return [word for word, own in zip(words, tokens, strict=True) if len(own.spans)]


def _frequent(index: Index) -> list[str]:
    """The words of an index in lower case, the most frequent first, equally frequent ones in alphabetical order."""
    counts: Counter[str] = Counter()
    for texts in _texts(index):
        for text in texts:
            counts.update(word for word in map(str.lower, words_of(text)) if _is_word(word))
    return sorted(counts, key=lambda word: (-counts[word], word))[:_MOST]


def _texts(index: Index) -> Iterator[list[str]]:
    """The texts of an index that a search can find."""
    for part in Store(index.path).snapshot(index.info().version).parts:
        rows = np.flatnonzero(part.mask())
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            yield part.segment.values("text", rows[start : start + _ROWS_AT_ONCE])


def _is_word(word: str) -> bool:
    return len(word) <= _LONGEST and any(map(str.isalpha, word))


def _no_row(insides: Insides, word: str) -> str:
    """Why a word has no row, for the end of a sentence."""
    pieces = insides.tokens.pieces(word)
    if len(pieces) > 1:
        return f": it reads {' '.join(pieces)}; by texts the word has one"
    return ": check how it is written"
