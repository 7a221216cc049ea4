"""Questions about an index or a model, each answered by one sub-room; none of them changes a vector or a text.

    evaluation/   how good and how fast are searches? Start in `evaluation/__init__.py`: evaluate() is the whole walk
    words/        which words are near one another? nearest_words() and analogy()
    clustering/   which topics are in an index? find_clusters() groups its chunks and names each group
    mapping/      what does an index look like? draw_map() draws its chunks in two dimensions
    dimensions/   what would shorter vectors cost? measure_dims()
    inspecting/   what does a model make of a text? its tokens, their vectors, its matrix

`sampling` draws the chunks that maps and clusters look at; `components` computes principal components for both. The
names below are the room's public ones, each imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vecsearch.imports import lazy_names

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
    from vecsearch.search.token_matches import explain_tokens

__all__ = [
    "AnalogyScore",
    "Cluster",
    "Clustering",
    "Comparison",
    "DimMeasure",
    "DimsReport",
    "Evaluation",
    "Latency",
    "MapReport",
    "MatrixInsides",
    "ModeScores",
    "NearToken",
    "Qrels",
    "SampledChunk",
    "SimilarityScore",
    "StsScores",
    "TextInsides",
    "Timings",
    "TokenComparison",
    "TokenInText",
    "TokenInsides",
    "WordNeighbor",
    "WordScores",
    "analogy",
    "check_picture",
    "compare_token",
    "draw_dims",
    "draw_map",
    "evaluate",
    "evaluate_sts",
    "evaluate_words",
    "explain_tokens",
    "find_clusters",
    "inspect_text",
    "measure_dims",
    "nearest_words",
    "read_beir",
    "read_pairs",
    "time_searches",
]

_HOMES = {
    "AnalogyScore": "vecsearch.analysis.evaluation.word_scores",
    "Cluster": "vecsearch.analysis.clustering",
    "Clustering": "vecsearch.analysis.clustering",
    "Comparison": "vecsearch.analysis.evaluation",
    "DimMeasure": "vecsearch.analysis.dimensions",
    "DimsReport": "vecsearch.analysis.dimensions",
    "Evaluation": "vecsearch.analysis.evaluation",
    "Latency": "vecsearch.analysis.evaluation",
    "MapReport": "vecsearch.analysis.mapping",
    "MatrixInsides": "vecsearch.analysis.inspecting",
    "ModeScores": "vecsearch.analysis.evaluation",
    "NearToken": "vecsearch.analysis.inspecting",
    "Qrels": "vecsearch.analysis.evaluation",
    "SampledChunk": "vecsearch.analysis.sampling",
    "SimilarityScore": "vecsearch.analysis.evaluation.word_scores",
    "StsScores": "vecsearch.analysis.evaluation.word_scores",
    "TextInsides": "vecsearch.analysis.inspecting",
    "Timings": "vecsearch.analysis.evaluation",
    "TokenComparison": "vecsearch.analysis.inspecting",
    "TokenInText": "vecsearch.analysis.inspecting",
    "TokenInsides": "vecsearch.analysis.inspecting",
    "WordNeighbor": "vecsearch.analysis.words",
    "WordScores": "vecsearch.analysis.evaluation.word_scores",
    "analogy": "vecsearch.analysis.words",
    "check_picture": "vecsearch.analysis.dimensions",
    "compare_token": "vecsearch.analysis.inspecting",
    "draw_dims": "vecsearch.analysis.dimensions",
    "draw_map": "vecsearch.analysis.mapping",
    "evaluate": "vecsearch.analysis.evaluation",
    "evaluate_sts": "vecsearch.analysis.evaluation.word_scores",
    "evaluate_words": "vecsearch.analysis.evaluation.word_scores",
    "explain_tokens": "vecsearch.search.token_matches",
    "find_clusters": "vecsearch.analysis.clustering",
    "inspect_text": "vecsearch.analysis.inspecting",
    "measure_dims": "vecsearch.analysis.dimensions",
    "nearest_words": "vecsearch.analysis.words",
    "read_beir": "vecsearch.analysis.evaluation",
    "read_pairs": "vecsearch.analysis.evaluation",
    "time_searches": "vecsearch.analysis.evaluation",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
