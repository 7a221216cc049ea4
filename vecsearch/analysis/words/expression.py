"""Arithmetic with words as people write it: "king - man + woman" to words with signs."""

from __future__ import annotations

from vecsearch.errors import InvalidQuery

_SIGNS = {"+": 1, "-": -1, "−": -1}


def parsed(expression: str) -> list[tuple[str, int]]:
    """The words of an expression in order, each with +1 or -1; a sign stands alone, as words may hold hyphens.

    Several words without a sign between them are one, as in "new york - usa + france". Raises InvalidQuery when a
    word is missing between signs or at the end.
    """
    terms: list[tuple[list[str], int]] = [([], 1)]
    for number, part in enumerate(expression.split()):
        if part not in _SIGNS:
            terms[-1][0].append(part)
        elif number == 0:
            terms = [([], _SIGNS[part])]
        else:
            terms.append(([], _SIGNS[part]))
    if not all(words for words, _ in terms):
        raise InvalidQuery(f"{expression!r} is not arithmetic with words; expected such as: king - man + woman")
    return [(" ".join(words), sign) for words, sign in terms]
