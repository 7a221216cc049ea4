"""How well, and how fast, an index answers: evaluate() scores it by queries whose answers are known.

    queries -> searches -> ids of documents, best first -> scores of each query -> means, and how sure a difference is

What the files of a collection say is in `judged`, the measures are in `measures`, what comes out in `results`,
whether a difference may be chance in `significance`, and the timing of an index, without judgements, in `timing`.
How good the vectors of words and sentences are, without an index, is measured in `word_scores`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from vecsearch.analysis.evaluation.held import held_documents
from vecsearch.analysis.evaluation.latency import Latency, latency_of
from vecsearch.analysis.evaluation.measures import require_ir_measures, scores_of
from vecsearch.analysis.evaluation.qrels import Qrels, read_beir, read_pairs
from vecsearch.analysis.evaluation.results import Comparison, Evaluation, ModeScores
from vecsearch.analysis.evaluation.selected import Selected, select
from vecsearch.analysis.evaluation.timing import Timings, time_searches
from vecsearch.errors import InvalidOption
from vecsearch.search.options import SearchOptions
from vecsearch.types import Mode

if TYPE_CHECKING:
    from vecsearch.index import Index

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

_DEPTH = 100  # documents a query is scored by at least, as in BEIR and MTEB: what recall@100 and MAP@100 see
_AT_ONCE = 128  # queries in one search: enough to encode them together
_TIMED = 200  # queries that are asked one by one, for the latency


def evaluate(
    index: Index,
    queries: Mapping[str, str],
    judgements: Mapping[str, Mapping[str, int]],
    *,
    modes: Sequence[Mode | str] = tuple(Mode),
    k: int = 10,
) -> Evaluation:
    """How well searches of `index` find the documents that are judged relevant to the queries, in each of `modes`.

    `queries` are texts by id, `judgements` the relevance of documents by the query's id: whole numbers, of which
    those above 0 are relevant. A document is named by its id in the index or by the path of its file, and its place
    is that of its best chunk. Measures see the first `k` documents, recall and MAP also the first 100. A judged
    document that the index does not hold is one that is not found, and counted; so is every query that cannot be
    scored. Raises InvalidQuery when none can be, InvalidDocument when none of the judged documents is in the index,
    InvalidOption, and ExtraMissing without ir-measures.
    """
    require_ir_measures()
    asked = _checked_modes(modes)
    depth = max(SearchOptions(k=k).k, _DEPTH)
    selected = select(queries, judgements)
    info = index.info()
    held = held_documents(index.path, info.version, selected.documents)
    relevant = {query: _renamed(judged, held) for query, judged in selected.judgements.items()}
    return Evaluation(
        model=info.model,
        documents=info.documents,
        chunks=info.chunks,
        k=k,
        depth=depth,
        unjudged=selected.unjudged,
        textless=selected.textless,
        unanswerable=selected.unanswerable,
        absent=len(selected.documents) - len(held),
        judgements=_digest(selected),
        modes=tuple(_mode_scores(index, selected.queries, relevant, mode, k, depth) for mode in asked),
    )


def _mode_scores(
    index: Index,
    queries: Mapping[str, str],
    relevant: Mapping[str, Mapping[str, int]],
    mode: Mode,
    k: int,
    depth: int,
) -> ModeScores:
    """The scores of every query in one mode, and how long a search takes whose query has a vector already."""
    rankings = dict(_rankings(index, queries, mode, depth))
    texts = list(queries.values())
    sample = texts[:: max(1, len(texts) // _TIMED)][:_TIMED]
    latency = latency_of(lambda text: index.search(text, k, mode=mode, per_document=1), sample)
    return ModeScores(mode=mode.value, latency=latency, per_query=scores_of(relevant, rankings, k, depth))


def _rankings(index: Index, queries: Mapping[str, str], mode: Mode, depth: int) -> Iterator[tuple[str, list[str]]]:
    """For each query the ids of the documents found, best first."""
    waiting = iter(queries.items())
    while batch := dict(islice(waiting, _AT_ONCE)):
        answers = index.rank(list(batch.values()), depth, mode=mode, per_document=1)
        for query, ranked in zip(batch, answers, strict=True):
            yield query, [chunk.document_id for chunk in ranked]


def _checked_modes(modes: Sequence[Mode | str]) -> list[Mode]:
    """The modes, each once, in their order."""
    asked = list(dict.fromkeys(map(Mode.of, [modes] if isinstance(modes, str) else modes)))
    if not asked:
        raise InvalidOption(f"modes is empty; name at least one of: {', '.join(mode.value for mode in Mode)}")
    return asked


def _renamed(judged: Mapping[str, int], held: Mapping[str, str]) -> dict[str, int]:
    """The relevance by the ids that the index has; of two names of one document, the higher."""
    relevance: dict[str, int] = {}
    for name, value in judged.items():
        document_id = held.get(name, name)
        relevance[document_id] = max(value, relevance.get(document_id, value))
    return relevance


def _digest(selected: Selected) -> str:
    """Equal for two evaluations exactly when the same judgements of the same queries decided their scores."""
    judged = json.dumps(selected.judgements, sort_keys=True)
    return hashlib.sha256(judged.encode()).hexdigest()
