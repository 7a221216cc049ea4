"""How well, and how fast, an index answers: evaluate() scores it with queries whose relevant documents are known.

    queries -> searches -> document ids, best first -> scores of each query -> means, and p of each difference

`qrels` reads collections, `scorable` selects what can be scored, `measures` scores it, `statistics` finds whether a
difference may be chance, and `results` holds what comes out. `timing` needs no qrels: it measures how fast an index
is, and `exact` its recall. `word_scores` measures the vectors of words and sentences, without an index.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, cast

from vecsearch.analysis.evaluation.latency import Latency, latency_of
from vecsearch.analysis.evaluation.measures import require_ir_measures, scores_of
from vecsearch.analysis.evaluation.qrels import Qrels, read_beir, read_pairs
from vecsearch.analysis.evaluation.results import Comparison, Evaluation, ModeScores
from vecsearch.analysis.evaluation.scorable import Scorable, held_documents, select
from vecsearch.analysis.evaluation.timing import Timings, time_searches
from vecsearch.checks import check_whole
from vecsearch.choices import ModeName
from vecsearch.errors import InvalidOption
from vecsearch.search.options import SearchOptions
from vecsearch.types import Mode, Ranked

if TYPE_CHECKING:
    from vecsearch.index import Index
    from vecsearch.session import Session

__all__ = [
    "Comparison",
    "Evaluation",
    "Latency",
    "ModeScores",
    "Qrels",
    "Timings",
    "evaluate",
    "read_beir",
    "read_pairs",
    "time_searches",
]

_DEPTH = 100  # documents per query at least, as in BEIR and MTEB: what recall@100 and MAP@100 see
_AT_ONCE = 128  # queries in one search: enough to encode them together
_TIMED = 200  # queries searched one by one, for the latency


def evaluate(
    index: Index,
    queries: Mapping[str, str],
    qrels: Mapping[str, Mapping[str, int]],
    *,
    modes: Sequence[Mode | ModeName] = tuple(Mode),
    k: int = 10,
) -> Evaluation:
    """Score how well searches of `index`, in each of `modes`, find the documents that are relevant to the queries.

    `queries` are texts by id; `qrels` hold, by query id, the relevance of documents: whole numbers, relevant above 0.
    A document is named by its id in the index or by the path of its file; it ranks where its best chunk does. Measures
    see the first `k` documents, recall and MAP also the first 100. Relevant documents that are not in the index count
    as not found, and are counted; so are queries that cannot be scored. Raises InvalidQuery when no query can be
    scored, InvalidDocument when no relevant document is in the index, InvalidOption, and ExtraMissing without
    ir-measures.
    """
    require_ir_measures()
    distinct_modes = _checked_modes(modes)
    depth = max(check_whole("k", k, least=1), _DEPTH)
    scorable = select(queries, qrels)
    session = index.session()
    held = held_documents(session, scorable.documents)
    relevance = scorable.by_id(held)
    return Evaluation(
        model=session.manifest.model.name,
        documents=session.manifest.documents,
        chunks=session.manifest.chunks,
        k=k,
        depth=depth,
        unjudged=scorable.unjudged,
        textless=scorable.textless,
        unanswerable=scorable.unanswerable,
        absent=len(scorable.documents) - len(held),
        judgements=_digest(scorable),
        modes=tuple(_mode_scores(session, scorable.queries, relevance, mode, k, depth) for mode in distinct_modes),
    )


def _mode_scores(
    session: Session,
    queries: Mapping[str, str],
    relevance: Mapping[str, Mapping[str, int]],
    mode: Mode,
    k: int,
    depth: int,
) -> ModeScores:
    """Score every query in one mode, and time searches by queries whose vectors are cached."""
    rankings = dict(_rankings(session, queries, mode, depth))
    texts = list(queries.values())
    sample = texts[:: max(1, len(texts) // _TIMED)][:_TIMED]
    options = SearchOptions(k=k, mode=mode, per_document=1)
    latency = latency_of(lambda text: session.search(text, options), sample)
    return ModeScores(mode=mode.value, latency=latency, per_query=scores_of(relevance, rankings, k, depth))


def _rankings(session: Session, queries: Mapping[str, str], mode: Mode, depth: int) -> Iterator[tuple[str, list[str]]]:
    """Yield each query with the ids of the documents found, best first."""
    options = SearchOptions(k=depth, mode=mode, per_document=1)
    remaining = iter(queries.items())
    while batch := dict(islice(remaining, _AT_ONCE)):
        rankings = cast("list[list[Ranked]]", session.rank(list(batch.values()), options))
        for query, chunks in zip(batch, rankings, strict=True):
            yield query, [chunk.document_id for chunk in chunks]


def _checked_modes(modes: Sequence[Mode | ModeName]) -> list[Mode]:
    """Return the modes, each once, in order."""
    distinct = list(dict.fromkeys(map(Mode.of, [modes] if isinstance(modes, str) else modes)))
    if not distinct:
        raise InvalidOption(f"modes is empty; name at least one of: {', '.join(mode.value for mode in Mode)}")
    return distinct


def _digest(scorable: Scorable) -> str:
    """Return a digest that is equal for two evaluations exactly when the same qrels decided their scores."""
    return hashlib.sha256(json.dumps(scorable.relevance, sort_keys=True).encode()).hexdigest()
