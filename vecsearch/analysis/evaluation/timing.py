"""How fast an index answers, warm, in this process; how exactly, and what a vector takes. No judgement is needed.

Queries that nobody gave are the index's own vectors with a little noise, and beginnings of its own chunks. Nothing
is written to the index, nor to the user's cache of vectors.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from numbers import Integral
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from vecsearch.analysis.evaluation.exact import recall_of
from vecsearch.analysis.evaluation.latency import Latency, latency_of
from vecsearch.documents import RecordFields
from vecsearch.documents.texts import check_sources, read_texts
from vecsearch.errors import InvalidOption, InvalidQuery
from vecsearch.index import Index
from vecsearch.models.cache import Cache
from vecsearch.search.options import SearchOptions
from vecsearch.search.questions import encode_queries
from vecsearch.storage.segment import VECTORS
from vecsearch.storage.store import Part, Store
from vecsearch.types import FloatArray

_NOISE = 0.1  # its length, that of the vector being 1: a cosine of about 0.995
_WORDS, _CHARACTERS = 12, 100  # of a chunk that make a question of usual length, in any script
_TEXTS = 100  # queries that are encoded: a model takes a hundred times as long as a search of a small index
_CHECKED = 50  # queries that are held to a search by brute force
_OPENED = 5  # times that the index is opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """What searches of an index for `k` hits cost, made by `time_searches`; `batch_per_second` in a single call.

    `by_vector` searches with a vector, `by_known_text` with a text whose vector is in the cache, `by_new_text` with
    one that is encoded first. `recall` is the share of the `k` nearest chunks that is found, against the exact scores
    of all stored vectors, over `recall_queries`. Bytes are those of the vectors' files, and of all that the index has
    on disk, for each chunk that a search can find.
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
    """What it costs to search `index` for `k` hits: `n` queries at most, the first of `queries` or the index's own.

    `queries` are texts, or a file of them as embed_files() reads it, blank ones left out. Raises InvalidOption when
    the index is empty or an option is outside its range, InvalidQuery when there is no query, PathNotFound,
    InvalidDocument, and what a search raises.
    """
    SearchOptions(k=k)  # which refuses what no search takes
    _check_whole("n", n, least=1)
    _check_whole("seed", seed, least=0)
    info = index.info()
    parts = Store(index.path).snapshot(info.version).parts
    if not info.chunks:
        raise InvalidOption(f"{index.path} is empty: there is nothing to time before something is indexed")
    vectors, texts = _own_queries(parts, n, seed) if queries is None else _given_queries(index, queries, n)
    by_known_text, by_new_text = _text_latencies(index, texts[:_TEXTS], k)
    return Timings(
        model=info.model,
        chunks=info.chunks,
        dim=info.dim,
        k=k,
        queries=len(vectors),
        texts=len(texts[:_TEXTS]),
        seed=seed,
        open_ms=_open_ms(index),
        by_vector=latency_of(lambda vector: index.search(vector, k), list(vectors)),
        by_known_text=by_known_text,
        by_new_text=by_new_text,
        batch_per_second=_batch_per_second(index, vectors, k),
        recall=recall_of(index, parts, vectors[:_CHECKED], k),
        recall_queries=len(vectors[:_CHECKED]),
        bytes_per_vector=sum(part.segment.entry.files[VECTORS].size for part in parts) / info.chunks,
        bytes_per_chunk=info.bytes / info.chunks,
    )


def _own_queries(parts: Sequence[Part], n: int, seed: int) -> tuple[FloatArray, list[str]]:
    """Stored vectors with noise, float32 (n, dim), and the beginnings of the same chunks."""
    rng = np.random.default_rng(seed)
    live = [np.flatnonzero(part.mask()) for part in parts]
    ends = np.cumsum([len(rows) for rows in live])
    vectors, texts = [], []
    for place in rng.integers(0, ends[-1], n).tolist():
        number = int(np.searchsorted(ends, place, side="right"))
        segment, row = parts[number].segment, int(live[number][place - ends[number]])  # from the end: negative
        vector = segment.flat.vectors[row]
        vectors.append(vector + _NOISE / len(vector) ** 0.5 * rng.standard_normal(len(vector), np.float32))
        texts.append(" ".join(segment.value("text", row).split()[:_WORDS])[:_CHARACTERS])
    return np.stack(vectors).astype(np.float32), texts


def _given_queries(index: Index, queries: Sequence[str] | Path, n: int) -> tuple[FloatArray, list[str]]:
    """The vectors of the first n queries, and these queries."""
    if isinstance(queries, Path):
        check_sources([queries])
        found = (text.text.strip() for text in read_texts(queries, RecordFields(), json_lines=None))
        texts = list(islice(filter(None, found), n))
    else:
        texts = list(queries[:n])
    if isinstance(queries, str) or not texts:
        raise InvalidQuery(f"there are no queries to time in {queries!r}: give a list of texts, or a Path")
    with closing(Cache(size=0)) as none:
        return encode_queries(texts, index.session().encoder, none), texts


def _text_latencies(index: Index, texts: Sequence[str], k: int) -> tuple[Latency, Latency]:
    """Of searches whose text is known to a cache, which is one made for this, and of those where nothing is."""
    with tempfile.TemporaryDirectory() as folder, closing(Cache(Path(folder))) as own, closing(Cache(size=0)) as none:
        remembering, forgetting = (index.session().with_cache(cache) for cache in (own, none))
        options = SearchOptions(k=k)
        remembering.search(list(texts), options)
        known = latency_of(lambda text: remembering.search(text, options), texts)
        return known, latency_of(lambda text: forgetting.search(text, options), texts)


def _open_ms(index: Index) -> float:
    seconds = []
    for _ in range(_OPENED):
        started = perf_counter()
        Index.open(index.path)
        seconds.append(perf_counter() - started)
    return 1000 * median(seconds)


def _batch_per_second(index: Index, vectors: FloatArray, k: int) -> float:
    started = perf_counter()
    index.search(vectors, k)
    return len(vectors) / (perf_counter() - started)


def _check_whole(name: str, value: int, *, least: int) -> None:
    if not isinstance(value, Integral) or value < least:
        raise InvalidOption(f"{name} is {value!r}; a whole number, at least {least}")
