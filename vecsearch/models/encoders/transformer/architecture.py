"""Transformer encoders described once, for every runtime: which tensors a family has and how they are combined.

Families: BERT (Devlin et al. 2019), RoBERTa and XLM-RoBERTa (Liu et al. 2019, Conneau et al. 2020), DistilBERT
(Sanh et al. 2019), MPNet (Song et al. 2020), ELECTRA (Clark et al. 2020). Names of tensors are those of transformers'
modeling files. A runtime supplies the operations as a Graph and gets back the token vectors of the last layer, or the
output of a classification head. Holds no weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

import numpy as np

from vecsearch.types import IntArray

BUCKETS = 32  # of distances between tokens, in MPNet


class Family(str, Enum):
    """Encoders that share a structure; members of a family differ in numbers only."""

    BERT = "bert"
    ROBERTA = "roberta"
    DISTILBERT = "distilbert"
    MPNET = "mpnet"
    ELECTRA = "electra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The numbers that a graph is built from; `first_position` is the row of a text's first token among positions.

    `labels` is the number of outputs that a cross-encoder's head has for a pair, 0 for an embedding model.
    """

    family: Family = Family.BERT
    hidden: int
    intermediate: int
    layers: int
    heads: int
    vocabulary: int
    positions: int
    token_types: int
    first_position: int = 0
    layer_norm_eps: float
    activation: str
    labels: int = 0

    @property
    def reads_types(self) -> bool:
        """Whether a graph takes the type of each token, which is different in the second text of a pair."""
        return self.labels > 0 and self.token_types > 1


@dataclass(frozen=True, slots=True)
class _Layer:
    """The names of one layer's tensors."""

    query: str
    key: str
    value: str
    mixed: str
    mixed_norm: str
    inner: str
    outer: str
    outer_norm: str


T = TypeVar("T")


class Graph(Protocol[T]):
    """The operations of a runtime on values of its own kind T; weights are given by the names of their tensors."""

    def embedded(self, words: str, positions: str, first: int, types: str | None) -> T:
        """Sum, for each token, its row of words, of positions from row `first` on, and of types.

        The row of types is the first one in a graph that does not take types.
        """

    def distances(self, table: str, buckets: IntArray) -> T:
        """Return table[buckets[i, j]] for heads and pairs of tokens: (1, heads, tokens, tokens), or fewer rows."""

    def add(self, left: T, right: T) -> T:
        """Return the sum."""

    def linear(self, rows: T, name: str) -> T:
        """Return rows @ weight' + bias."""

    def norm(self, rows: T, name: str, epsilon: float) -> T:
        """Normalise over the last axis, scale and shift (LayerNorm)."""

    def activation(self, rows: T, kind: str) -> T:
        """Apply one of the ACTIVATIONS or "tanh" to every number."""

    def first(self, rows: T) -> T:
        """Return the vector of each text's first token: (n, 1, hidden)."""

    def attention(self, query: T, key: T, value: T, heads: int, bias: T | None) -> T:
        """Return softmax(q k' / sqrt(head size) + bias) v for each head, padding left out, heads concatenated."""


ACTIVATIONS = ("gelu", "gelu_new", "relu")  # gelu_new: with tanh, Hendrycks and Gimpel 2016


def token_vectors(graph: Graph[T], shape: Shape) -> T:
    """Return the last layer's vectors of the graph's input: (n, tokens, hidden)."""
    rows, bias = _embedded(graph, shape), _bias(graph, shape)
    for layer in _layers(shape):
        rows = _layer(graph, shape, layer, rows, rows, bias)
    return rows


def label_scores(graph: Graph[T], shape: Shape) -> T:
    """Return what a classification head makes of each text's first token: (n, 1, labels).

    The last layer is computed for that token only: all others serve as keys and values.
    """
    rows, bias = _embedded(graph, shape), _bias(graph, shape)
    *layers, last = _layers(shape)
    for layer in layers:
        rows = _layer(graph, shape, layer, rows, rows, bias)
    first = _layer(graph, shape, last, graph.first(rows), rows, _bias(graph, shape, tokens=1))
    inner, activation, outer = _HEADS[shape.family]
    return graph.linear(graph.activation(graph.linear(first, inner), activation), outer)


def parameters(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Return the names of the tensors that a graph of this shape needs, with their shapes."""
    hidden, inner = shape.hidden, shape.intermediate
    tensors: dict[str, tuple[int, ...]] = {_WORDS: (shape.vocabulary, hidden), _POSITIONS: (shape.positions, hidden)}
    if shape.token_types:
        tensors[_TYPES] = (shape.token_types, hidden)
    if shape.family is Family.MPNET:
        tensors[_DISTANCES] = (BUCKETS, shape.heads)
    norms = [_NORM]
    linear: dict[str, tuple[int, int]] = {}
    for layer in _layers(shape):
        norms += [layer.mixed_norm, layer.outer_norm]
        linear |= dict.fromkeys((layer.query, layer.key, layer.value, layer.mixed), (hidden, hidden))
        linear |= {layer.inner: (inner, hidden), layer.outer: (hidden, inner)}
    if shape.labels:
        head, _, labels = _HEADS[shape.family]
        linear |= {head: (hidden, hidden), labels: (shape.labels, hidden)}
    for name in norms:
        tensors |= {f"{name}.weight": (hidden,), f"{name}.bias": (hidden,)}
    for name, (rows, columns) in linear.items():
        tensors |= {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}
    return tensors


_WORDS = "embeddings.word_embeddings.weight"
_POSITIONS = "embeddings.position_embeddings.weight"
_TYPES = "embeddings.token_type_embeddings.weight"
_NORM = "embeddings.LayerNorm"
_DISTANCES = "encoder.relative_attention_bias.weight"

_HEADS = {  # the first layer of each classification head, its activation, and its last layer
    Family.BERT: ("pooler.dense", "tanh", "classifier"),
    Family.ROBERTA: ("classifier.dense", "tanh", "classifier.out_proj"),
    Family.MPNET: ("classifier.dense", "tanh", "classifier.out_proj"),
    Family.ELECTRA: ("classifier.dense", "gelu", "classifier.out_proj"),
    Family.DISTILBERT: ("pre_classifier", "relu", "classifier"),
}
_BERT_NAMES = (  # where the layers are, and each one's tensors in the order of _Layer
    "encoder.layer",
    (
        *(f"attention.self.{part}" for part in ("query", "key", "value")),
        "attention.output.dense",
        "attention.output.LayerNorm",
        "intermediate.dense",
        "output.dense",
        "output.LayerNorm",
    ),
)
_NAMES = {
    Family.MPNET: (
        "encoder.layer",
        (
            *(f"attention.attn.{part}" for part in ("q", "k", "v", "o")),
            "attention.LayerNorm",
            "intermediate.dense",
            "output.dense",
            "output.LayerNorm",
        ),
    ),
    Family.DISTILBERT: (
        "transformer.layer",
        (
            *(f"attention.{part}_lin" for part in ("q", "k", "v", "out")),
            "sa_layer_norm",
            "ffn.lin1",
            "ffn.lin2",
            "output_layer_norm",
        ),
    ),
}


def _embedded(graph: Graph[T], shape: Shape) -> T:
    summed = graph.embedded(_WORDS, _POSITIONS, shape.first_position, _TYPES if shape.token_types else None)
    return graph.norm(summed, _NORM, shape.layer_norm_eps)


def _bias(graph: Graph[T], shape: Shape, tokens: int | None = None) -> T | None:
    """The bias for distances in the attention of the first `tokens`, in the family that has one."""
    return graph.distances(_DISTANCES, _buckets(shape)[:tokens]) if shape.family is Family.MPNET else None


def _layer(graph: Graph[T], shape: Shape, layer: _Layer, queries: T, rows: T, bias: T | None) -> T:
    """The vectors of the tokens `queries` after a layer in which they attend to all `rows`."""
    query = graph.linear(queries, layer.query)
    key, value = graph.linear(rows, layer.key), graph.linear(rows, layer.value)
    mixed = graph.linear(graph.attention(query, key, value, shape.heads, bias), layer.mixed)
    middle = graph.norm(graph.add(mixed, queries), layer.mixed_norm, shape.layer_norm_eps)
    inner = graph.activation(graph.linear(middle, layer.inner), shape.activation)
    return graph.norm(graph.add(graph.linear(inner, layer.outer), middle), layer.outer_norm, shape.layer_norm_eps)


def _layers(shape: Shape) -> Iterator[_Layer]:
    stack, names = _NAMES.get(shape.family, _BERT_NAMES)
    for number in range(shape.layers):
        yield _Layer(*(f"{stack}.{number}.{name}" for name in names))


def _buckets(shape: Shape) -> IntArray:
    """The bucket of the distance between token i and token j: int64 (positions, positions).

    Half of the buckets are for tokens that follow; the nearer half of each half is exact and the others grow with the
    logarithm of the distance up to 128. Raffel et al. 2020 (T5), as MPNet uses it.
    """
    position = np.arange(shape.positions)
    apart = position[:, None] - position[None, :]
    half, exact = BUCKETS // 2, BUCKETS // 4
    distance = np.abs(apart)
    grown = np.log(np.maximum(distance, 1).astype(np.float32) / exact) / math.log(128 / exact) * (half - exact)
    far = np.minimum(exact + grown.astype(np.int64), half - 1)
    buckets = np.where(apart < 0, half, 0) + np.where(distance < exact, distance, far)
    return np.asarray(buckets, np.int64)
