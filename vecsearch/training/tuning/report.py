"""What tune() did, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass

_CHANCE = 0.05  # by chance alone, one comparison in twenty has a lower p


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneReport:
    """A tuned model: its folder, and how well it and its `base` answer the queries that were held out.

    Of the `pairs` trained with, `hard` have hard negatives; `held_out` counts queries. Of `steps` done, `resumed` were
    done before an interruption; the model is that of `best_step`. `before` and `after` are means of `measure`, 0 to 1;
    `p` is the probability of such a difference by chance alone.
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
        """Whether the model answers held-out queries better than its base, or may do so by chance, in a sentence."""
        change = f"{self.measure} went from {self.before:.4f} to {self.after:.4f} (p {self.p:.3f})"
        if self.after <= self.before:
            return f"It does not help: {change}. Use the base."
        return f"It helps: {change}." if self.p <= _CHANCE else f"It may help: {change}, which may be chance."


@dataclass(frozen=True, slots=True)
class TuneProgress:
    """How far tune() is: `step` of `steps` are done, the last with this `loss`; the `score` if it was just measured."""

    step: int
    steps: int
    loss: float | None
    score: float | None
