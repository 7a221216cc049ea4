"""How good are the answers? Score every mode on questions of your own: `python examples/evaluation.py`.

Needs `pip install 'vecsearch[eval]'`. The questions are in questions.csv, each with the file that answers it.
"""

import os
from pathlib import Path

from vecsearch import Index, evaluate, read_pairs

HERE = Path(__file__).parent


def main() -> None:
    """Print nDCG@10 and recall@10 of each mode."""
    os.chdir(HERE.parent)  # questions.csv names files from here
    with Index.open_or_create("notes.vecsearch") as index:
        index.sync("examples/notes")
        pairs = read_pairs(HERE / "questions.csv")
        for mode in evaluate(index, pairs.queries, pairs.relevance).modes:
            print(f"{mode.mode:8}  nDCG@10 {mode.scores['nDCG@10']:.3f}  recall@10 {mode.scores['recall@10']:.3f}")


if __name__ == "__main__":
    main()
