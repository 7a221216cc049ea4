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
    from vecsearch.analysis.clustering import Cluster, Clustering, find_clusters
    from vecsearch.analysis.dimensions import DimMeasure, DimsReport, check_picture, draw_dims, measure_dims
    from vecsearch.analysis.evaluation import (
        Comparison,
        Evaluation,
        Latency,
        ModeScores,
        Qrels,
        Timings,
        evaluate,
        read_beir,
        read_pairs,
        time_searches,
    )
    from vecsearch.analysis.evaluation.word_scores import (
        AnalogyScore,
        SimilarityScore,
        StsScores,
        WordScores,
        evaluate_sts,
        evaluate_words,
    )
    from vecsearch.analysis.inspecting import (
        MatrixInsides,
        NearToken,
        TextInsides,
        TokenComparison,
        TokenInsides,
        TokenInText,
        compare_token,
        inspect_text,
    )
    from vecsearch.analysis.mapping import MapReport, draw_map
    from vecsearch.analysis.sampling import SampledChunk
    from vecsearch.analysis.words import WordNeighbor, analogy, nearest_words
    from vecsearch.choices import Dedupe, Metric, Mode, Role, Splitter
    from vecsearch.errors import (
        CacheUnusable,
        CommitUnknown,
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
    from vecsearch.index import Index
    from vecsearch.ingest.embed import EmbedReport, embed, embed_batches, embed_files
    from vecsearch.ingest.streams import read_address, read_stream
    from vecsearch.models.cache import Cache
    from vecsearch.models.encoder import Encoder, Fertility, FertilityEncoder, TokenVectors, TokenwiseEncoder
    from vecsearch.models.encoders import load_encoder
    from vecsearch.models.encoders.listing import ModelInfo, describe_model, list_models
    from vecsearch.models.rerank import Reranker, load_reranker
    from vecsearch.reports import (
        CachedModel,
        CacheInfo,
        Failure,
        Info,
        NearDuplicate,
        Problem,
        Progress,
        Report,
        Verification,
        Version,
    )
    from vecsearch.search.explaining import explain_tokens
    from vecsearch.search.surroundings import Passage
    from vecsearch.training.distilling import DistillReport, distill
    from vecsearch.training.tuning import (
        TrainingPair,
        TuneOptions,
        TuneProgress,
        TuneReport,
        mine_pairs,
        read_training_pairs,
        tune,
        with_hard_negatives,
    )
    from vecsearch.types import (
        Chunk,
        Document,
        Example,
        Explanation,
        Heading,
        Hit,
        Outline,
        Ranked,
        Span,
        TokenMatch,
    )
    from vecsearch.upkeep import restore_version, verify_index

__all__ = [
    "AnalogyScore",
    "Cache",
    "CacheInfo",
    "CacheUnusable",
    "CachedModel",
    "Chunk",
    "Cluster",
    "Clustering",
    "CommitUnknown",
    "Comparison",
    "Dedupe",
    "DimMeasure",
    "DimsReport",
    "DistillReport",
    "Document",
    "EmbedReport",
    "Encoder",
    "EndpointFailed",
    "Evaluation",
    "Example",
    "Explanation",
    "ExtraMissing",
    "Failure",
    "Fertility",
    "FertilityEncoder",
    "FormatTooNew",
    "Heading",
    "Hit",
    "Index",
    "IndexClosed",
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
    "Latency",
    "MapReport",
    "MatrixInsides",
    "Metric",
    "Mode",
    "ModeScores",
    "ModelDamaged",
    "ModelInfo",
    "ModelMismatch",
    "ModelNotFound",
    "ModelUnsupported",
    "NearDuplicate",
    "NearToken",
    "Outline",
    "Passage",
    "PathNotFound",
    "Problem",
    "Progress",
    "Qrels",
    "Ranked",
    "Report",
    "Reranker",
    "Role",
    "SampledChunk",
    "SimilarityScore",
    "Span",
    "Splitter",
    "StsScores",
    "TextInsides",
    "Timings",
    "TokenComparison",
    "TokenInText",
    "TokenInsides",
    "TokenMatch",
    "TokenVectors",
    "TokenwiseEncoder",
    "TrainingPair",
    "TuneOptions",
    "TuneProgress",
    "TuneReport",
    "VecsearchError",
    "Verification",
    "Version",
    "WordNeighbor",
    "WordScores",
    "analogy",
    "check_picture",
    "compare_token",
    "describe_model",
    "distill",
    "draw_dims",
    "draw_map",
    "embed",
    "embed_batches",
    "embed_files",
    "evaluate",
    "evaluate_sts",
    "evaluate_words",
    "explain_tokens",
    "find_clusters",
    "inspect_text",
    "list_models",
    "load_encoder",
    "load_reranker",
    "measure_dims",
    "mine_pairs",
    "nearest_words",
    "read_address",
    "read_beir",
    "read_pairs",
    "read_stream",
    "read_training_pairs",
    "restore_version",
    "time_searches",
    "tune",
    "verify_index",
    "with_hard_negatives",
]

_HOMES = (
    "errors",
    "choices",
    "types",
    "reports",
    "models.encoder",
    "models.cache",
    "ingest.embed",
    "models.encoders",
    "models.encoders.listing",
    "models.rerank",
    "ingest.streams",
    "search.surroundings",
    "upkeep",
    "index",
    "search.explaining",
    "analysis.inspecting",
    "analysis.words",
    "analysis.evaluation",
    "analysis.evaluation.word_scores",
    "training.tuning",
    "training.distilling",
    "analysis.dimensions",
    "analysis.sampling",
    "analysis.clustering",
    "analysis.mapping",
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
