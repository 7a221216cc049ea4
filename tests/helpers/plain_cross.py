"""A BERT cross-encoder in numpy, one pair at a time, after Devlin et al. 2019: shares no code with ours."""

from __future__ import annotations

from math import erf

import numpy as np


def logit(weights: dict[str, np.ndarray], ids: list[int], types: list[int], heads: int, layers: int) -> float:
    """The number that the head gives for a pair of texts, computed in float64."""
    w = {name: tensor.astype(np.float64) for name, tensor in weights.items()}

    def linear(rows: np.ndarray, name: str) -> np.ndarray:
        return rows @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(rows: np.ndarray, name: str) -> np.ndarray:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]

    def attend(rows: np.ndarray, name: str) -> np.ndarray:
        parts = [linear(rows, f"{name}.self.{part}") for part in ("query", "key", "value")]
        mixed = []
        for query, key, value in zip(*(np.split(part, heads, axis=1) for part in parts), strict=True):
            scores = np.exp(query @ key.T / np.sqrt(query.shape[1]))
            mixed.append(scores / scores.sum(axis=1, keepdims=True) @ value)
        return linear(np.hstack(mixed), f"{name}.output.dense")

    table = "bert.embeddings.{}_embeddings.weight"
    summed = w[table.format("word")][ids] + w[table.format("position")][: len(ids)]
    rows = norm(summed + w[table.format("token_type")][types], "bert.embeddings.LayerNorm")
    for number in range(layers):
        layer = f"bert.encoder.layer.{number}"
        rows = norm(attend(rows, f"{layer}.attention") + rows, f"{layer}.attention.output.LayerNorm")
        inner = linear(rows, f"{layer}.intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(erf)(inner / np.sqrt(2)))
        rows = norm(linear(inner, f"{layer}.output.dense") + rows, f"{layer}.output.LayerNorm")
    pooled = np.tanh(linear(rows[0], "bert.pooler.dense"))
    return float(linear(pooled, "classifier")[0])
