"""Transformer encoders described once, for every runtime: which tensors a family has and how they come together.

Families: BERT (Devlin et al. 2019), RoBERTa and XLM-RoBERTa (Liu et al. 2019, Conneau et al. 2020), DistilBERT
(Sanh et al. 2019), MPNet (Song et al. 2020), ELECTRA (Clark et al. 2020). Names of tensors are those of transformers'
modeling files. A runtime gives the operations as a Graph and gets back the token vectors of the last layer, or what
a head for classification makes of them. Holds no weights.
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
    """Encoders that share a structure; what differs inside one are numbers."""

    BERT = "bert"
    ROBERTA = "roberta"
    DISTILBERT = "distilbert"
    MPNET = "mpnet"
    ELECTRA = "electra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The numbers that a graph is built from; `first_position` is the row of a text's first token among positions.

    `labels` are the numbers that the head of a cross-encoder gives for a pair, 0 for a model of vectors.
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
        """Whether a graph is told the type of each token, which is another one in the second text of a pair."""
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
    """The operations of a runtime on values of its own kind T; weights are asked for by the names of their tensors."""

    def embedded(self, words: str, positions: str, first: int, types: str | None) -> T:
        """The sum, for each token, of its row of words, of positions from row `first` on, and its row of types.

        That is the first row in a graph that is not told the types.
        """

    def distances(self, table: str, buckets: IntArray) -> T:
        """For heads and pairs of tokens, table[buckets[i, j]]: (1, heads, tokens, tokens), or fewer rows of pairs."""

    def add(self, left: T, right: T) -> T:
        """The sum."""

    def linear(self, rows: T, name: str) -> T:
        """rows @ weight' + bias."""

    def norm(self, rows: T, name: str, epsilon: float) -> T:
        """Layer normalisation over the last axis, scaled and shifted."""

    def activation(self, rows: T, kind: str) -> T:
        """One of the ACTIVATIONS or "tanh", of every number."""

    def first(self, rows: T) -> T:
        """The vector of each text's first token: (n, 1, hidden)."""

    def attention(self, query: T, key: T, value: T, heads: int, bias: T | None) -> T:
        """softmax(q k' / sqrt(head size) + bias) v for each head, padding left out, heads side by side again."""


ACTIVATIONS = ("gelu", "gelu_new", "relu")  # gelu_new: with tanh, Hendrycks and Gimpel 2016


def token_vectors(graph: Graph[T], shape: Shape) -> T:
    """The last layer's vectors of the graph's input: (n, tokens, hidden)."""
    rows, bias = _embedded(graph, shape), _bias(graph, shape)
    for layer in _layers(shape):
        rows = _layer(graph, shape, layer, rows, rows, bias)
    return rows


def label_scores(graph: Graph[T], shape: Shape) -> T:
    """What a head for classification makes of each text's first token: (n, 1, labels).

    The last layer is computed for that token only: all others are there to be attended to.
    """
    rows, bias = _embedded(graph, shape), _bias(graph, shape)
    *layers, last = _layers(shape)
    for layer in layers:
        rows = _layer(graph, shape, layer, rows, rows, bias)
    first = _layer(graph, shape, last, graph.first(rows), rows, _bias(graph, shape, tokens=1))
    inner, activation, outer = _HEADS[shape.family]
    return graph.linear(graph.activation(graph.linear(first, inner), activation), outer)


def parameters(shape: Shape) -> dict[str, tuple[int, ...]]:
    """The names of the tensors that a graph of this shape needs, with their shapes."""
    hidden, inner = shape.hidden, shape.intermediate
    found: dict[str, tuple[int, ...]] = {_WORDS: (shape.vocabulary, hidden), _POSITIONS: (shape.positions, hidden)}
    if shape.token_types:
        found[_TYPES] = (shape.token_types, hidden)
    if shape.family is Family.MPNET:
        found[_DISTANCES] = (BUCKETS, shape.heads)
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
        found |= {f"{name}.weight": (hidden,), f"{name}.bias": (hidden,)}
    for name, (rows, columns) in linear.items():
        found |= {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}
    return found


_WORDS = "embeddings.word_embeddings.weight"
_POSITIONS = "embeddings.position_embeddings.weight"
_TYPES = "embeddings.token_type_embeddings.weight"
_NORM = "embeddings.LayerNorm"
_DISTANCES = "encoder.relative_attention_bias.weight"

_HEADS = {  # the first layer of each head for classification, its activation, and its last layer
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
    """What attention of the first `tokens` to all adds for distances, in the family that does."""
    return graph.distances(_DISTANCES, _buckets(shape)[:tokens]) if shape.family is Family.MPNET else None


def _layer(graph: Graph[T], shape: Shape, layer: _Layer, asking: T, rows: T, bias: T | None) -> T:
    """The vectors of the tokens `asking` after a layer in which they attend to all `rows`."""
    query = graph.linear(asking, layer.query)
    key, value = graph.linear(rows, layer.key), graph.linear(rows, layer.value)
    mixed = graph.linear(graph.attention(query, key, value, shape.heads, bias), layer.mixed)
    middle = graph.norm(graph.add(mixed, asking), layer.mixed_norm, shape.layer_norm_eps)
    inner = graph.activation(graph.linear(middle, layer.inner), shape.activation)
    return graph.norm(graph.add(graph.linear(inner, layer.outer), middle), layer.outer_norm, shape.layer_norm_eps)


def _layers(shape: Shape) -> Iterator[_Layer]:
    stack, names = _NAMES.get(shape.family, _BERT_NAMES)
    for number in range(shape.layers):
        yield _Layer(*(f"{stack}.{number}.{name}" for name in names))


def _buckets(shape: Shape) -> IntArray:
    """Which distance stands for the pair of token i and token j: int64 (positions, positions).

    Half of the buckets are for what follows a token; of each half the nearest half are exact and the others grow with
    the logarithm of the distance up to 128. Raffel et al. 2020 (T5), as MPNet uses it.
    """
    place = np.arange(shape.positions)
    apart = place[:, None] - place[None, :]
    half, exact = BUCKETS // 2, BUCKETS // 4
    distance = np.abs(apart)
    grown = np.log(np.maximum(distance, 1).astype(np.float32) / exact) / math.log(128 / exact) * (half - exact)
    far = np.minimum(exact + grown.astype(np.int64), half - 1)
    buckets = np.where(apart < 0, half, 0) + np.where(distance < exact, distance, far)
    return np.asarray(buckets, np.int64)
