"""How a model knows in what order its tokens stand, as its config.json says it. Opens no file.

Keys are those of transformers' configurations and, for NomicBERT and JinaBERT, of their own code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

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


class PositionKind(str, Enum):
    """What tells a model the place of a token."""

    LEARNED = "learned"  # a row of a second matrix for each place, added to the token's (Gehring et al. 2017)
    SINUSOIDAL = "sinusoidal"  # the same, with sines and cosines for numbers (Vaswani et al. 2017)
    ROTARY = "rotary"  # queries and keys are turned by an angle that grows with the place (Su et al. 2021)
    RELATIVE = "relative"  # attention knows how far two tokens are apart (Shaw et al. 2018)
    ALIBI = "alibi"  # attention fades with the distance (Press et al. 2022)
    NONE = "none"  # the order of the tokens changes nothing
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Positions:
    """The kind, and how many places there are; None where they are not counted or not known."""

    kind: PositionKind
    count: int | None = None


def positions_of(config: Mapping[str, Any]) -> Positions:
    """What a config.json says of positions."""
    count = config.get("max_position_embeddings")
    return Positions(_kind(config), count if isinstance(count, int) else None)


def _kind(config: Mapping[str, Any]) -> PositionKind:
    named, family = config.get("position_embedding_type"), config.get("model_type")
    if named in ("rope", "rotary") or any(config.get(key) for key in _ROTARY):
        return PositionKind.ROTARY
    if named == "alibi" or config.get("alibi"):
        return PositionKind.ALIBI
    if named == "sinusoidal" or config.get("sinusoidal_pos_embds"):
        return PositionKind.SINUSOIDAL
    if (isinstance(named, str) and named.startswith("relative")) or family in _RELATIVE:
        return PositionKind.RELATIVE
    if named == "absolute" or family in _LEARNED:
        return PositionKind.LEARNED
    return PositionKind.UNKNOWN
