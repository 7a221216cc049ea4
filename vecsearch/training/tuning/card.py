"""The model card, README.md of a tuned model's folder: what the model was trained with, and whether that helped.

Its head is what the Hugging Face hub reads. It names no path, since a card travels with the model.
"""

from __future__ import annotations

from vecsearch.analysis.evaluation import Evaluation
from vecsearch.training.tuning.options import TuneOptions
from vecsearch.training.tuning.report import TuneReport

_SHOWN = ("nDCG@10", "recall@10", "MRR@10")

_CARD = """\
---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
base_model: {base}
tags:
- sentence-transformers
- feature-extraction
- sentence-similarity
---

# {base}, tuned

{base} trained further by vecsearch with {pairs:,} pairs of a query and a passage, {hard}.
Its licence, its limits and what it reads are those of {base}.

```python
from vecsearch import Index

index = Index.create("notes.vecsearch", model="FOLDER")  # the folder that holds this card
```

## Does it help?

{queries:,} queries were held out, with all of their passages, and searched among {passages:,} passages.

| | {titles} |
|---|{rules}|
| {base} | {before} |
| tuned, {best_step:,} steps | {after} |

{verdict}
Of the models scored during training this is the best on these very queries, so the figure is on the high side: check
it with queries that were not used here.

## How it was trained

Loss: MultipleNegativesRankingLoss, cosine times 20; of the passages of a batch, a query's own has to be the nearest.
AdamW, learning rate {rate:g} after a tenth of the steps, then falling to 0; {batch} pairs a step; seed {seed};
{steps:,} steps done{early}, scored every {every}.
"""


def card(report: TuneReport, options: TuneOptions, before: Evaluation, after: Evaluation) -> str:
    """Return the text of README.md."""
    hard = f"{report.hard:,} of them with hard negatives" if report.hard else "without hard negatives"
    return _CARD.format(
        base=card_name(report.base),
        pairs=report.pairs,
        hard=hard,
        queries=report.held_out,
        passages=before.documents,
        titles=" | ".join(_SHOWN),
        rules="|".join("---" for _ in _SHOWN),
        before=_cells(before),
        after=_cells(after),
        best_step=report.best_step,
        verdict=report.verdict,
        rate=options.rate,
        batch=options.batch,
        steps=report.steps,
        early=", ended early" if report.stopped_early else "",
        every=options.every,
        seed=options.seed,
    )


def card_name(base: str) -> str:
    """Return the name of a base in a card: that of a folder without its path, that of a model on the hub in full."""
    path = base.replace("\\", "/").rstrip("/")
    is_path = path.startswith((".", "/", "~")) or path.count("/") > 1
    return path.rpartition("/")[2] if is_path or ":" in path else path


def _cells(evaluation: Evaluation) -> str:
    scores = evaluation.modes[0].scores
    return " | ".join(f"{scores[measure]:.4f}" for measure in _SHOWN)
