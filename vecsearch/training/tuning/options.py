"""How to train, checked: TuneOptions, the only place with the defaults."""

from __future__ import annotations

from dataclasses import dataclass

from vecsearch.checks import check_number, check_whole
from vecsearch.errors import InvalidOption


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneOptions:
    """How a model is trained. Raises InvalidOption for a value out of range.

    A step takes `batch` pairs. Training ends after `epochs` over all pairs or after `steps`, whichever is less, or when
    `patience` scores in a row were no better than the best before; the model is scored every `every` steps. The
    learning rate rises to `rate` over the first tenth of the steps and falls to 0 over the rest. Scores are measured on
    a share `held_out` of the passages. `seed` decides whatever is random.
    """

    epochs: int = 1
    steps: int | None = None
    batch: int = 16
    rate: float = 2e-5  # sentence-transformers' examples for models of this size
    every: int = 50
    patience: int = 3
    held_out: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch", 2), ("every", 1), ("patience", 1), ("seed", 0)):
            check_whole(name, getattr(self, name), least)
        if self.steps is not None:
            check_whole("steps", self.steps, 1)
        if not 0 < check_number("rate", self.rate) <= 1:
            raise InvalidOption(f"rate is {self.rate!r}, expected a number above 0, at most 1, usually about 2e-5")
        if not 0 < check_number("held_out", self.held_out) <= 0.5:
            raise InvalidOption(f"held_out is {self.held_out!r}, expected a share above 0, at most 0.5")
