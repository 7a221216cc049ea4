"""What a transformer shows of itself, for inspection: a text read in context, and how positions are encoded.

Keys of config.json are those of transformers' configurations and, for NomicBERT and JinaBERT, of their own code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vecsearch.models.encoders.tokenizer import ReadTokens, TextTokenizer
from vecsearch.models.encoders.transformer.pooling import pool
from vecsearch.models.encoders.transformer.spec import Pooling
from vecsearch.models.insides import PositionKind, Positions, Reading
from vecsearch.types import FloatArray

_ROTARY = (
    "rope_theta",
    "rope_parameters",
    "rope_scaling",
    "global_rope_theta",
    "rotary_emb_base",
    "rotary_emb_fraction",
)
_LEARNED = ("bert", "roberta", "xlm-roberta", "camembert", "electra", "mpnet", "distilbert", "albert", "gpt2")
_RELATIVE = ("t5", "mt5", "deberta", "deberta-v2", "xlnet")


def contextual_reading(
    tokenizer: TextTokenizer, prompted: str, tokens: ReadTokens, vectors: FloatArray, pooling: Pooling | None
) -> Reading:
    """Return what a transformer made of a text: `tokens` of the `prompted` text, and their vectors (tokens, m)."""
    pooled = None if pooling is None else pool(vectors[None], np.array([len(vectors)]), pooling)[0]
    cut = max(0, tokenizer.count(prompted) + tokenizer.special - len(tokens.ids))
    return Reading(ids=tokens.ids, spans=tokens.spans, vectors=vectors, pooled=pooled, cut=cut)


def positions_of(config: Mapping[str, Any]) -> Positions:
    """Return what a config.json says about positions."""
    count = config.get("max_position_embeddings")
    return Positions(_kind(config), count if isinstance(count, int) else None)


def _kind(config: Mapping[str, Any]) -> PositionKind:
    kind, family = config.get("position_embedding_type"), config.get("model_type")
    if kind in ("rope", "rotary") or any(config.get(key) for key in _ROTARY):
        return PositionKind.ROTARY
    if kind == "alibi" or config.get("alibi"):
        return PositionKind.ALIBI
    if kind == "sinusoidal" or config.get("sinusoidal_pos_embds"):
        return PositionKind.SINUSOIDAL
    if (isinstance(kind, str) and kind.startswith("relative")) or family in _RELATIVE:
        return PositionKind.RELATIVE
    if kind == "absolute" or family in _LEARNED:
        return PositionKind.LEARNED
    return PositionKind.UNKNOWN
