"""Writers that replace all documents of a group in one commit a round, so that each answer says whether it is whole.

In a round each document has one word of its group, the number of the round, and how many documents have that word in
that round. So an answer to a word is of one version exactly when its hits have the word, name one round, and are as
many as they say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from tests.helpers.counting import CountingEncoder
from tests.helpers.writer import say
from vecsearch import Document, Hit, Index

GROUPS = (("heron", "zebra", "otter"), ("kernel", "river", "stone"))
_DOCUMENTS = 12  # of a group


def documents(group: int, number: int, *, equal: bool) -> list[Document]:
    """What a group holds in a round: the same number of documents for each word, or changing numbers."""
    words = GROUPS[group]
    chosen = [words[(row + number if equal else row * number // 2) % len(words)] for row in range(_DOCUMENTS)]
    counts = Counter(chosen)
    texts = [f"{word} round {number} has {counts[word]}" for word in chosen]
    return [Document(f"{group}-{row}", text) for row, text in enumerate(texts)]


def write_rounds(path: Path, group: int, rounds: int, equal: bool, pipe: Connection) -> None:
    """Replaces the group's documents that many times, in turn with the other writers, in a process of its own."""
    with Index.open(path, model=CountingEncoder(), wait=60) as index:
        for number in range(1, rounds + 1):
            index.add(documents(group, number, equal=equal))
    say(pipe, "done")


def fault_of(word: str, hits: Sequence[Hit]) -> str | None:
    """What is wrong with the answer to a word; None for a whole answer of one version."""
    texts = [hit.text.split() for hit in hits]
    if {text[0] for text in texts} - {word}:
        return f"without {word}: {[hit.text for hit in hits]}"
    if len({text[2] for text in texts}) > 1 or any(int(text[4]) != len(hits) for text in texts):
        return f"of several versions: {[hit.text for hit in hits]}"
    return None
