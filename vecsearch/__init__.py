"""vecsearch: semantic indexes over your own documents.

    from vecsearch import Index

    index = Index.create("notes.vecsearch")
    index.sync("notes/")
    for hit in index.search("how do I reset it?"):
        print(hit.score, hit.source, hit.line, hit.text)

The other public names are in `vecsearch.analysis` (evaluation, words, clusters, maps, dimensions, tokens),
`vecsearch.training` (fine-tuning, distillation), `vecsearch.models` (encoders, rerankers, the cache),
`vecsearch.types`, `vecsearch.reports` and `vecsearch.errors`. A name is imported when it is first used: importing
vecsearch itself loads nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vecsearch.imports import lazy_names

if TYPE_CHECKING:
    from vecsearch.analysis.evaluation import Qrels, evaluate, read_beir, read_pairs
    from vecsearch.choices import Dedupe, Metric, Mode, Role, Splitter
    from vecsearch.errors import (
        CacheUnusable,
        CommitUnknown,
        ConsentMissing,
        EndpointFailed,
        ExtraMissing,
        FormatTooNew,
        IndexClosed,
        IndexDamaged,
        IndexExists,
        IndexLocked,
        IndexNotFound,
        InvalidDocument,
        InvalidFilter,
        InvalidInput,
        InvalidOption,
        InvalidQuery,
        InvalidVector,
        ModelDamaged,
        ModelMismatch,
        ModelNotFound,
        ModelUnsupported,
        PathNotFound,
        UnknownId,
        VecsearchError,
    )
    from vecsearch.index import Index
    from vecsearch.ingest.embed import EmbedReport, embed, embed_batches, embed_files
    from vecsearch.ingest.streams import read_address, read_stream
    from vecsearch.models.encoder import Encoder
    from vecsearch.models.encoders import load_encoder
    from vecsearch.models.rerank import load_reranker
    from vecsearch.reports import Failure, Info, Progress, Report
    from vecsearch.search.hits import Hits
    from vecsearch.search.surroundings import Passage
    from vecsearch.session import Session
    from vecsearch.several import search_many
    from vecsearch.types import Document, Example, Hit, Ranked
    from vecsearch.upkeep import list_versions, restore_version, verify_index

__all__ = [
    "CacheUnusable",
    "CommitUnknown",
    "ConsentMissing",
    "Dedupe",
    "Document",
    "EmbedReport",
    "Encoder",
    "EndpointFailed",
    "Example",
    "ExtraMissing",
    "Failure",
    "FormatTooNew",
    "Hit",
    "Hits",
    "Index",
    "IndexClosed",
    "IndexDamaged",
    "IndexExists",
    "IndexLocked",
    "IndexNotFound",
    "Info",
    "InvalidDocument",
    "InvalidFilter",
    "InvalidInput",
    "InvalidOption",
    "InvalidQuery",
    "InvalidVector",
    "Metric",
    "Mode",
    "ModelDamaged",
    "ModelMismatch",
    "ModelNotFound",
    "ModelUnsupported",
    "Passage",
    "PathNotFound",
    "Progress",
    "Qrels",
    "Ranked",
    "Report",
    "Role",
    "Session",
    "Splitter",
    "UnknownId",
    "VecsearchError",
    "embed",
    "embed_batches",
    "embed_files",
    "evaluate",
    "list_versions",
    "load_encoder",
    "load_reranker",
    "read_address",
    "read_beir",
    "read_pairs",
    "read_stream",
    "restore_version",
    "search_many",
    "verify_index",
]

_HOMES = {
    "CacheUnusable": "vecsearch.errors",
    "CommitUnknown": "vecsearch.errors",
    "ConsentMissing": "vecsearch.errors",
    "Dedupe": "vecsearch.choices",
    "Document": "vecsearch.types",
    "EmbedReport": "vecsearch.ingest.embed",
    "Encoder": "vecsearch.models.encoder",
    "EndpointFailed": "vecsearch.errors",
    "Example": "vecsearch.types",
    "ExtraMissing": "vecsearch.errors",
    "Failure": "vecsearch.reports",
    "FormatTooNew": "vecsearch.errors",
    "Hit": "vecsearch.types",
    "Hits": "vecsearch.search.hits",
    "Index": "vecsearch.index",
    "IndexClosed": "vecsearch.errors",
    "IndexDamaged": "vecsearch.errors",
    "IndexExists": "vecsearch.errors",
    "IndexLocked": "vecsearch.errors",
    "IndexNotFound": "vecsearch.errors",
    "Info": "vecsearch.reports",
    "InvalidDocument": "vecsearch.errors",
    "InvalidFilter": "vecsearch.errors",
    "InvalidInput": "vecsearch.errors",
    "InvalidOption": "vecsearch.errors",
    "InvalidQuery": "vecsearch.errors",
    "InvalidVector": "vecsearch.errors",
    "Metric": "vecsearch.choices",
    "Mode": "vecsearch.choices",
    "ModelDamaged": "vecsearch.errors",
    "ModelMismatch": "vecsearch.errors",
    "ModelNotFound": "vecsearch.errors",
    "ModelUnsupported": "vecsearch.errors",
    "Passage": "vecsearch.search.surroundings",
    "PathNotFound": "vecsearch.errors",
    "Progress": "vecsearch.reports",
    "Qrels": "vecsearch.analysis.evaluation",
    "Ranked": "vecsearch.types",
    "Report": "vecsearch.reports",
    "Role": "vecsearch.choices",
    "Session": "vecsearch.session",
    "Splitter": "vecsearch.choices",
    "UnknownId": "vecsearch.errors",
    "VecsearchError": "vecsearch.errors",
    "embed": "vecsearch.ingest.embed",
    "embed_batches": "vecsearch.ingest.embed",
    "embed_files": "vecsearch.ingest.embed",
    "evaluate": "vecsearch.analysis.evaluation",
    "load_encoder": "vecsearch.models.encoders",
    "load_reranker": "vecsearch.models.rerank",
    "read_address": "vecsearch.ingest.streams",
    "read_beir": "vecsearch.analysis.evaluation",
    "read_pairs": "vecsearch.analysis.evaluation",
    "read_stream": "vecsearch.ingest.streams",
    "list_versions": "vecsearch.upkeep",
    "restore_version": "vecsearch.upkeep",
    "search_many": "vecsearch.several",
    "verify_index": "vecsearch.upkeep",
}

_get, __dir__ = lazy_names(__name__, _HOMES)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("vecsearch")
    return _get(name)
