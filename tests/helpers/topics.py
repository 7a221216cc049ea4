"""An index whose chunks are about a few things, so that tests know its clusters."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.counting import CountingEncoder
from vecsearch import Document, Index

TOPICS = {
    "cats": "the cat purrs and the kitten sleeps",
    "bread": "bake the bread dough in the oven",
    "stars": "a telescope shows galaxy and planet",
}


def topic_documents(each: int = 12) -> list[Document]:
    """Documents of every topic, one after the other; each has a word of its own."""
    return [
        Document(f"{topic}-{i}", f"{text} unique{topic}{i}", {"topic": topic, "number": i})
        for i in range(each)
        for topic, text in TOPICS.items()
    ]


def topic_index(place: Path, encoder: CountingEncoder, each: int = 12) -> Index:
    """An index of them."""
    made = Index.create(place, model=encoder)
    made.add(topic_documents(each))
    return made
