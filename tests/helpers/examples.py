"""The number of examples that Hypothesis tries where a test needs more or fewer than usual."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100  # Hypothesis' own default


def examples(n: int) -> int:
    """Return n for the whole suite, and for the fast lane the share of n that its profile tries of the usual number."""
    return max(10, n * settings().max_examples // USUAL)
