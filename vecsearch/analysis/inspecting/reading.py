"""How inspected texts are read, and which tokens a word has in one."""

from __future__ import annotations

import re

from vecsearch.errors import InvalidQuery
from vecsearch.models.encoder import Encoder
from vecsearch.models.encoders import load_encoder
from vecsearch.models.insides import Insides, Reading
from vecsearch.types import Role, Span


def encoder_of(model: str | Encoder) -> Encoder:
    """Return the encoder for a name; an encoder is returned as it is."""
    return load_encoder(model) if isinstance(model, str) else model


def read(insides: Insides, name: str, text: str, role: Role) -> Reading:
    """Return what the model called `name` makes of a text; raises InvalidQuery if it reads no token there."""
    if not text.strip():
        raise InvalidQuery("the text is empty: give one with at least one word")
    reading = insides.read(text, role)
    if not reading.ids:
        raise InvalidQuery(f"{name} knows no word of {text!r}: try others")
    return reading


def find_word(text: str, word: str) -> Span:
    """Return where a word first occurs in a text: as it is written, else in any case, else as a part of others.

    Raises InvalidQuery if it does not.
    """
    escaped = re.escape(word.strip())
    whole = rf"(?<!\w){escaped}(?!\w)"
    for pattern, flags in ((whole, 0), (whole, re.IGNORECASE), (escaped, re.IGNORECASE)):
        if escaped and (match := re.search(pattern, text, flags)):
            return Span(*match.span())
    raise InvalidQuery(f"the word {word!r} is not in the text {text!r}: name one that is in both texts")


def tokens_in(reading: Reading, span: Span) -> list[int]:
    """Return the indices of a reading's tokens that cover characters of a span."""
    starts, ends = reading.spans[:, 0], reading.spans[:, 1]
    indices: list[int] = ((starts < span.end) & (ends > span.start) & (starts < ends)).nonzero()[0].tolist()
    return indices
