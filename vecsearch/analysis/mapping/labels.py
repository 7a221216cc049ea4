"""Names of regions on a map: a few large topics, parts of them, and parts of these, each at its place.

A level's topics are clusters of the vectors. Those of the finest level are found first; a larger topic is a cluster of
their centres, so that topics nest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vecsearch.analysis.clustering.counting import count_distinct
from vecsearch.analysis.clustering.naming import top_words_of_levels
from vecsearch.analysis.mapping.drawing import Label
from vecsearch.analysis.sampling import Sample
from vecsearch.storage.ann.means import assign_centres, find_centres, sum_by_label
from vecsearch.types import FloatArray, IntArray, ScoreArray

_POINTS_OF_TOPIC = 12  # on average, on the finest level
_MOST = 96  # topics
_SHRINK = 4  # topics of a level in one of the level above
_FEWEST = 3  # topics of the top level
_WORDS, _RANKED = 3, 6  # words of a name, and how many are ranked to choose from


def place_labels(chunks: Sample, positions: ScoreArray) -> list[Label]:
    """Return the names of the chunks' topics, the largest topics first; none for chunks too few to have several.

    `positions`, float64 (n, 2), are those of the chunks.
    """
    k = min(_MOST, len(chunks) // _POINTS_OF_TOPIC, count_distinct(chunks.vectors))
    if k < _FEWEST:
        return []
    centres = find_centres(chunks.vectors, k, chunks.seed)
    topics = _without_gaps(assign_centres(chunks.vectors, centres)[0])
    levels = _levels(_centres_of(chunks.vectors, topics), chunks.seed)
    words = top_words_of_levels(chunks.texts(), topics, levels, chunks.session.manifest.language, _RANKED)
    return [
        label
        for level in range(len(levels))
        for label in _labels(level, levels, topics, positions, _names(level, levels, words))
    ]


def _levels(centres: FloatArray, seed: int) -> list[IntArray]:
    """Return for each level, the topmost first, the topic that each of the finest topics is in, int64 (topics,)."""
    levels = [np.arange(len(centres))]
    while (k := (int(levels[0].max()) + 1) // _SHRINK) >= _FEWEST:
        larger = _without_gaps(assign_centres(centres, find_centres(centres, k, seed))[0])
        levels.insert(0, larger[levels[0]])
        centres = _centres_of(centres, larger)
    return levels


def _names(level: int, levels: Sequence[IntArray], words: Sequence[Sequence[Sequence[str]]]) -> list[str]:
    """Return the topics' names: their best words, but for those that name the topic they are part of."""
    names = []
    for topic, ranked in enumerate(words[level]):
        finest = int(np.flatnonzero(levels[level] == topic)[0])
        above = words[level - 1][int(levels[level - 1][finest])][:_WORDS] if level else ()
        names.append(" · ".join([word for word in ranked if word not in above][:_WORDS]))
    return names


def _labels(
    level: int, levels: Sequence[IntArray], topics: IntArray, positions: ScoreArray, names: Sequence[str]
) -> list[Label]:
    """Return the labels of a level, each at the point nearest to the middle of its topic, the largest first."""
    of_points = levels[level][topics]
    labels = []
    for topic, name in enumerate(names):
        members = positions[of_points == topic]
        middle = np.median(members, axis=0)
        x, y = members[np.argmin(((members - middle) ** 2).sum(axis=1))].tolist()
        if name:
            labels.append(Label(name, x, y, level, len(members)))
    return sorted(labels, key=lambda label: -label.count)


def _centres_of(vectors: FloatArray, labels: IntArray) -> FloatArray:
    """Return the unit mean of the vectors of each label, float32 (k, dim)."""
    sums = sum_by_label(vectors, labels)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _without_gaps(labels: IntArray) -> IntArray:
    """Return the labels as 0, 1, ...: a centre may be nearest to no vector."""
    renumbered: IntArray = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    return renumbered
