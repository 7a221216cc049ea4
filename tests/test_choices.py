"""Options that are one of a few words."""

from __future__ import annotations

import pytest

from vecsearch.choices import MapMethod, Mode
from vecsearch.errors import InvalidOption


def test_a_word_or_a_member_names_a_member():
    assert Mode.of("dense") is Mode.of(Mode.DENSE) is Mode.DENSE


@pytest.mark.parametrize(
    ("choose", "message"),
    [
        (lambda: Mode.of("magic"), "mode is 'magic'; one of: hybrid, dense, lexical"),
        (lambda: MapMethod.of("PCA", "method"), "method is 'PCA'; one of: pca, tsne, umap"),
    ],
)
def test_another_word_is_refused_with_those_there_are(choose, message):
    with pytest.raises(InvalidOption) as refused:
        choose()
    assert str(refused.value) == message
