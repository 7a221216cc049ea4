"""Options that are one of a few words."""

from __future__ import annotations

from typing import get_args

import pytest

from vecsearch import choices
from vecsearch.choices import Choice, MapMethod, Mode
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


CHOICES = [value for value in vars(choices).values() if isinstance(value, type) and issubclass(value, Choice)]


@pytest.mark.parametrize("choice", [value for value in CHOICES if value is not Choice])
def test_type_checkers_know_the_words(choice):
    assert get_args(getattr(choices, f"{choice.__name__}Name")) == tuple(member.value for member in choice)
