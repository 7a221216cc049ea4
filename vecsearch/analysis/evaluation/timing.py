"""How fast an index answers when warm, in this process; its recall, and the bytes per vector. Needs no qrels.

Without queries, it searches for the index's own vectors with a little noise, and for the first words of its chunks.
Nothing is written to the index or to the user's cache of vectors.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from vecsearch.analysis.evaluation.exact import recall_of
from vecsearch.analysis.evaluation.latency import Latency, latency_of
from vecsearch.checks import check_whole
from vecsearch.documents import RecordFields
from vecsearch.documents.texts import check_sources, read_texts
from vecsearch.errors import InvalidOption, InvalidQuery
from vecsearch.index import Index
from vecsearch.models.cache import Cache
from vecsearch.search.options import SearchOptions
from vecsearch.session import Session
from vecsearch.storage.segment import VECTORS
from vecsearch.storage.store import Part
from vecsearch.types import FloatArray

_NOISE = 0.1  # its length beside a vector of length 1: a cosine of about 0.995
_WORDS, _CHARACTERS = 12, 100  # of a chunk: a query of usual length, in any script
_TEXTS = 100  # queries that are encoded: a model takes a hundred times as long as a search of a small index
_CHECKED = 50  # queries compared with brute force
_OPENINGS = 5  # of the index, timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """What searches of an index for `k` hits cost; made by `time_searches`.

    `by_vector` searches with a vector, `by_known_text` with a text whose vector is in the cache, `by_new_text` with a
    text that is encoded first; `batch_per_second` counts vectors searched in a single call. `recall` is the share of
    the `k` nearest chunks that is found, by exact scores of all stored vectors, over `recall_queries`. Bytes are per
    live chunk: those of the vector files, and of everything the index has on disk.
    """

    model: str
    chunks: int
    dim: int
    k: int
    queries: int
    texts: int
    seed: int
    open_ms: float
    by_vector: Latency
    by_known_text: Latency
    by_new_text: Latency
    batch_per_second: float
    recall: float
    recall_queries: int
    bytes_per_vector: float
    bytes_per_chunk: float


def time_searches(
    index: Index, queries: Sequence[str] | Path | None = None, *, k: int = 10, n: int = 1000, seed: int = 0
) -> Timings:
    """Measure what it costs to search `index` for `k` hits, with the first `n` of `queries` or queries of its own.

    `queries` are texts, or a file of them as embed_files() reads it; blank lines are left out. Raises InvalidOption
    when the index is empty or an option is out of range, InvalidQuery when there is no query, PathNotFound,
    InvalidDocument, and what a search raises.
    """
    options = SearchOptions(k=k)
    check_whole("n", n, least=1)
    check_whole("seed", seed, least=0)
    session = index.session()
    info = session.info()
    if not info.chunks:
        raise InvalidOption(f"{session.store.name} is empty: index something first")
    if queries is None:
        vectors, texts = _own_queries(session.parts, n, seed)
    else:
        vectors, texts = _encoded_queries(session, queries, n)
    by_known_text, by_new_text = _text_latencies(session, texts[:_TEXTS], options)
    return Timings(
        model=info.model,
        chunks=info.chunks,
        dim=info.dim,
        k=k,
        queries=len(vectors),
        texts=len(texts[:_TEXTS]),
        seed=seed,
        open_ms=_open_ms(index),
        by_vector=latency_of(lambda vector: session.search(vector, options), list(vectors)),
        by_known_text=by_known_text,
        by_new_text=by_new_text,
        batch_per_second=_batch_per_second(session, vectors, options),
        recall=recall_of(session, vectors[:_CHECKED], k),
        recall_queries=len(vectors[:_CHECKED]),
        bytes_per_vector=sum(part.segment.entry.files[VECTORS].size for part in session.parts) / info.chunks,
        bytes_per_chunk=info.bytes / info.chunks,
    )


def _own_queries(parts: Sequence[Part], n: int, seed: int) -> tuple[FloatArray, list[str]]:
    """Draw stored vectors and add noise, float32 (n, dim); return them with the first words of the same chunks."""
    rng = np.random.default_rng(seed)
    live = [np.flatnonzero(part.mask()) for part in parts]
    ends = np.cumsum([len(rows) for rows in live])
    vectors, texts = [], []
    for drawn in rng.integers(0, ends[-1], n).tolist():
        number = int(np.searchsorted(ends, drawn, side="right"))
        segment, row = parts[number].segment, int(live[number][drawn - ends[number]])  # negative: from the end
        vector = segment.flat.vectors[row]
        vectors.append(vector + _NOISE / len(vector) ** 0.5 * rng.standard_normal(len(vector), np.float32))
        texts.append(" ".join(segment.value("text", row).split()[:_WORDS])[:_CHARACTERS])
    return np.stack(vectors).astype(np.float32), texts


def _encoded_queries(session: Session, queries: Sequence[str] | Path, n: int) -> tuple[FloatArray, list[str]]:
    """Return the vectors of the first n queries, and their texts."""
    if isinstance(queries, Path):
        check_sources([queries])
        stripped = (text.text.strip() for text in read_texts(queries, RecordFields(), json_lines=None))
        texts = list(islice(filter(None, stripped), n))
    else:
        texts = list(queries[:n])
    if isinstance(queries, str) or not texts:
        raise InvalidQuery(f"no queries to time in {queries!r}: pass a list of texts, or the Path of a file")
    with closing(Cache(size=0)) as no_cache:
        return session.with_cache(no_cache).encode_queries(texts), texts


def _text_latencies(session: Session, texts: Sequence[str], options: SearchOptions) -> tuple[Latency, Latency]:
    """Measure searches by texts whose vectors are in a cache, a temporary one, and searches without a cache."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Cache(Path(folder))) as temporary,
        closing(Cache(size=0)) as no_cache,
    ):
        cached, uncached = session.with_cache(temporary), session.with_cache(no_cache)
        cached.search(list(texts), options)
        by_known_text = latency_of(lambda text: cached.search(text, options), texts)
        return by_known_text, latency_of(lambda text: uncached.search(text, options), texts)


def _open_ms(index: Index) -> float:
    seconds = []
    for _ in range(_OPENINGS):
        started = perf_counter()
        opened = Index.open(index.path)
        seconds.append(perf_counter() - started)
        opened.close()
    return 1000 * median(seconds)


def _batch_per_second(session: Session, vectors: FloatArray, options: SearchOptions) -> float:
    started = perf_counter()
    session.search(vectors, options)
    return len(vectors) / (perf_counter() - started)
