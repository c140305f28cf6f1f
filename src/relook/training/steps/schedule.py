"""The learning rate of a step: a function of its number alone, so that a run can go on anywhere."""

from __future__ import annotations

import math

from relook.training.config import OptimizerPart

__all__ = ["rate_at"]


def rate_at(step: int, part: OptimizerPart, *, iterations: int) -> float:
    """The rate of a step, counted from 0.

    With f = step / iterations: ``cosine`` is rate · (1 + cos πf) / 2 + floor (Loshchilov and Hutter
    2017, without restarts), ``exponential`` is rate · decay^f, ``constant`` the rate itself. During
    the warm-up all are multiplied by (step + 1) / warmup.
    """
    share = step / iterations
    rate = part.rate
    if part.schedule == "exponential":
        rate *= part.decay**share
    elif part.schedule == "cosine":
        rate *= (1 + math.cos(math.pi * share)) / 2
    grown = min(1.0, (step + 1) / part.warmup) if part.warmup else 1.0
    return rate * grown + (part.floor if part.schedule == "cosine" else 0.0)
