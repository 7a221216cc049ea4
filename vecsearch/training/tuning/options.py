"""How to train, checked: TuneOptions, the only place with the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from vecsearch.errors import InvalidOption


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneOptions:
    """How a model is trained. Raises InvalidOption for a value outside what it can be.

    A step takes `batch` pairs. Training ends after `epochs` over all of them or after `steps`, whichever is less, or
    when `patience` scores in a row were no better than the best before; a score is taken every so many steps. The
    learning rate rises to `rate` over the first tenth of the steps and falls to 0 over the rest. A share `held_out` of
    the passages is what scores are taken by. All that is drawn is drawn by `seed`.
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
            _check_whole(name, getattr(self, name), least)
        if self.steps is not None:
            _check_whole("steps", self.steps, 1)
        if not (isfinite(self.rate) and 0 < self.rate <= 1):
            raise InvalidOption(f"rate is {self.rate!r}; a number above 0, at most 1, usually about 2e-5")
        if not 0 < self.held_out <= 0.5:
            raise InvalidOption(f"held_out is {self.held_out!r}; a share above 0, at most 0.5")


def _check_whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidOption(f"{name} is {value!r}; a whole number, at least {least}")
