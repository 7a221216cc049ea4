"""Models that turn texts into vectors: what an encoder is, encoders, rerankers, and the cache of vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vecsearch.imports import lazy_names

if TYPE_CHECKING:
    from vecsearch.models.cache import Cache
    from vecsearch.models.encoder import Encoder, Fertility, FertilityEncoder, TokenVectors, TokenwiseEncoder
    from vecsearch.models.encoders import load_encoder
    from vecsearch.models.encoders.model_catalog import ModelInfo, describe_model, list_models
    from vecsearch.models.rerank import Reranker, load_reranker

__all__ = [
    "Cache",
    "Encoder",
    "Fertility",
    "FertilityEncoder",
    "ModelInfo",
    "Reranker",
    "TokenVectors",
    "TokenwiseEncoder",
    "describe_model",
    "list_models",
    "load_encoder",
    "load_reranker",
]

_HOMES = {
    "Cache": "vecsearch.models.cache",
    "Encoder": "vecsearch.models.encoder",
    "Fertility": "vecsearch.models.encoder",
    "FertilityEncoder": "vecsearch.models.encoder",
    "ModelInfo": "vecsearch.models.encoders.model_catalog",
    "Reranker": "vecsearch.models.rerank",
    "TokenVectors": "vecsearch.models.encoder",
    "TokenwiseEncoder": "vecsearch.models.encoder",
    "describe_model": "vecsearch.models.encoders.model_catalog",
    "list_models": "vecsearch.models.encoders.model_catalog",
    "load_encoder": "vecsearch.models.encoders",
    "load_reranker": "vecsearch.models.rerank",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
