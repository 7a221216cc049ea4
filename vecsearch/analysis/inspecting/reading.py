"""How texts that are looked into are read, and where a word stands in one."""

from __future__ import annotations

import re

from vecsearch.errors import InvalidQuery
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import load_encoder
from vecsearch.models.insides import Insides, Reading
from vecsearch.types import Role, Span


def opened(model: str | Encoder) -> Encoder:
    """The encoder of a name; an encoder is one already."""
    return load_encoder(model) if isinstance(model, str) else model


def read(insides: Insides, name: str, text: str, role: Role) -> Reading:
    """What the model called `name` makes of a text; raises InvalidQuery where it reads no token of it."""
    if not text.strip():
        raise InvalidQuery("the text is empty: give one with at least one word")
    reading = insides.read(text, role)
    if not reading.ids:
        raise InvalidQuery(f"{name} knows no word of {text!r}: try others")
    return reading


def find_word(text: str, word: str) -> Span:
    """Where a word first stands in a text: as it is written, else in any case, else as a part of others.

    Raises InvalidQuery where it does not.
    """
    sought = re.escape(word.strip())
    whole = rf"(?<!\w){sought}(?!\w)"
    for pattern, flags in ((whole, 0), (whole, re.IGNORECASE), (sought, re.IGNORECASE)):
        if sought and (found := re.search(pattern, text, flags)):
            return Span(*found.span())
    raise InvalidQuery(f"the word {word!r} is not in the text {text!r}: name one that is in both texts")


def tokens_in(reading: Reading, span: Span) -> list[int]:
    """Which of a reading's tokens stand for characters of a span, by their places."""
    starts, ends = reading.spans[:, 0], reading.spans[:, 1]
    places: list[int] = ((starts < span.end) & (ends > span.start) & (starts < ends)).nonzero()[0].tolist()
    return places
