"""New models from existing ones: fine-tuning and distillation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vecsearch.imports import lazy_names

if TYPE_CHECKING:
    from vecsearch.training.distilling import DistillReport, distill
    from vecsearch.training.tuning import (
        TrainingPair,
        TuneOptions,
        TuneProgress,
        TuneReport,
        mine_pairs,
        read_training_pairs,
        tune,
        with_hard_negatives,
    )

__all__ = [
    "DistillReport",
    "TrainingPair",
    "TuneOptions",
    "TuneProgress",
    "TuneReport",
    "distill",
    "mine_pairs",
    "read_training_pairs",
    "tune",
    "with_hard_negatives",
]

_HOMES = {
    "DistillReport": "vecsearch.training.distilling",
    "TrainingPair": "vecsearch.training.tuning",
    "TuneOptions": "vecsearch.training.tuning",
    "TuneProgress": "vecsearch.training.tuning",
    "TuneReport": "vecsearch.training.tuning",
    "distill": "vecsearch.training.distilling",
    "mine_pairs": "vecsearch.training.tuning",
    "read_training_pairs": "vecsearch.training.tuning",
    "tune": "vecsearch.training.tuning",
    "with_hard_negatives": "vecsearch.training.tuning",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
