"""vecsearch: semantic indexes over your own documents.

    from vecsearch import Index

    index = Index.create("notes.vecsearch")
    index.sync("notes/")
    for hit in index.search("how do I reset it?"):
        print(hit.score, hit.source, hit.line, hit.text)

Public names are loaded when they are first used: importing vecsearch itself imports nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vecsearch.cache import Cache
    from vecsearch.embedding import EmbedReport, embed, embed_batches, embed_files
    from vecsearch.encoders import load_encoder
    from vecsearch.encoders.listing import ModelInfo, describe_model, list_models
    from vecsearch.encoding import Encoder, TokenVectors, TokenwiseEncoder
    from vecsearch.errors import (
        CacheUnusable,
        CommitUnknown,
        EndpointFailed,
        ExtraMissing,
        FormatTooNew,
        IndexDamaged,
        IndexExists,
        IndexLocked,
        IndexNotFound,
        InvalidDocument,
        InvalidFilter,
        InvalidOption,
        InvalidQuery,
        InvalidVector,
        ModelDamaged,
        ModelMismatch,
        ModelNotFound,
        ModelUnsupported,
        PathNotFound,
        VecsearchError,
    )
    from vecsearch.evaluation import (
        Comparison,
        Evaluation,
        JudgedQueries,
        Latency,
        ModeScores,
        Timings,
        evaluate,
        read_beir,
        read_pairs,
        time_searches,
    )
    from vecsearch.explaining import explain_tokens
    from vecsearch.index import Index
    from vecsearch.rerank import Reranker, load_reranker
    from vecsearch.types import (
        CachedModel,
        CacheInfo,
        Chunk,
        Document,
        Example,
        Explanation,
        Failure,
        Heading,
        Hit,
        Info,
        Metric,
        Mode,
        Outline,
        Problem,
        Progress,
        Report,
        Role,
        Span,
        TokenMatch,
        Verification,
        Version,
    )
    from vecsearch.upkeep import restore_version, verify_index

__all__ = [
    "Cache",
    "CacheInfo",
    "CacheUnusable",
    "CachedModel",
    "Chunk",
    "CommitUnknown",
    "Comparison",
    "Document",
    "EmbedReport",
    "Encoder",
    "EndpointFailed",
    "Evaluation",
    "Example",
    "Explanation",
    "ExtraMissing",
    "Failure",
    "FormatTooNew",
    "Heading",
    "Hit",
    "Index",
    "IndexDamaged",
    "IndexExists",
    "IndexLocked",
    "IndexNotFound",
    "Info",
    "InvalidDocument",
    "InvalidFilter",
    "InvalidOption",
    "InvalidQuery",
    "InvalidVector",
    "JudgedQueries",
    "Latency",
    "Metric",
    "Mode",
    "ModeScores",
    "ModelDamaged",
    "ModelInfo",
    "ModelMismatch",
    "ModelNotFound",
    "ModelUnsupported",
    "Outline",
    "PathNotFound",
    "Problem",
    "Progress",
    "Report",
    "Reranker",
    "Role",
    "Span",
    "Timings",
    "TokenMatch",
    "TokenVectors",
    "TokenwiseEncoder",
    "VecsearchError",
    "Verification",
    "Version",
    "describe_model",
    "embed",
    "embed_batches",
    "embed_files",
    "evaluate",
    "explain_tokens",
    "list_models",
    "load_encoder",
    "load_reranker",
    "read_beir",
    "read_pairs",
    "restore_version",
    "time_searches",
    "verify_index",
]

_HOMES = (
    "errors",
    "types",
    "encoding",
    "cache",
    "embedding",
    "encoders",
    "encoders.listing",
    "rerank",
    "upkeep",
    "index",
    "explaining",
    "evaluation",
)  # the lightest first


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("vecsearch")
    if name in __all__:
        for home in _HOMES:
            module = import_module(f"vecsearch.{home}")
            if name in vars(module):
                return getattr(module, name)
    raise AttributeError(f"module 'vecsearch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
