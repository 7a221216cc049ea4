"""The retrieval step of a RAG application: from a question to the prompt for a language model.

`python examples/rag_step.py "QUESTION"` prints the prompt. Which language model gets it is up to you.
"""

import sys
from pathlib import Path

from vecsearch import Hit, Index

HERE = Path(__file__).parent
BUDGET = 1_500  # characters of context


def context(hits: list[Hit], budget: int = BUDGET) -> str:
    """The passages, best first, as many as fit in the budget, each with where it is from."""
    passages, used = [], 0
    for hit in hits:
        passage = f"[{Path(hit.source or hit.document_id).name}:{hit.line}] {hit.text.strip()}"
        if used + len(passage) > budget:
            break
        passages.append(passage)
        used += len(passage)
    return "\n\n".join(passages)


def prompt(index: Index, question: str) -> str:
    """What a language model is given; it says so when nothing in the index is similar enough to the question."""
    hits = index.search(question, k=8, min_similarity=0.2)
    if not hits:
        return f"Say that the notes do not answer this question: {question}"
    return f"Answer from these passages and name the one you used.\n\n{context(hits)}\n\nQuestion: {question}"


if __name__ == "__main__":
    with Index.open_or_create("notes.vecsearch") as notes:
        notes.sync(HERE / "notes")
        print(prompt(notes, " ".join(sys.argv[1:]) or "can I send it back?"))
