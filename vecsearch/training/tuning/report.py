"""What a run of tune() did, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass

_CHANCE = 0.05  # what chance alone gives in one of twenty comparisons that mean nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneReport:
    """A model that was made: its folder, and how well it and its `base` answer queries that were held out.

    `pairs` were trained with, of which `hard` have hard negatives; `held_out` counts queries. Of `steps` done, of which
    `resumed` were done before an interruption, the model is that of `best_step`. `before` and `after` are means of
    `measure`, 0 to 1; `p` is that chance alone gives as much of a difference.
    """

    model: str
    base: str
    pairs: int
    hard: int
    held_out: int
    steps: int
    resumed: int
    best_step: int
    stopped_early: bool
    measure: str
    before: float
    after: float
    p: float
    seconds: float

    @property
    def verdict(self) -> str:
        """In a sentence whether the model answers held-out queries better than its base, or whether that is chance."""
        said = f"{self.measure} went from {self.before:.4f} to {self.after:.4f} (p {self.p:.3f})"
        if self.after <= self.before:
            return f"It does not help: {said}. Use the base."
        return f"It helps: {said}." if self.p <= _CHANCE else f"It may help: {said}, which may be chance."


@dataclass(frozen=True, slots=True)
class TuneProgress:
    """How far a run is: `step` of `steps` done, the `loss` of the last one, the `score` where one was just taken."""

    step: int
    steps: int
    loss: float | None
    score: float | None
