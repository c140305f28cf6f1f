"""VLAD in float64, descriptor by descriptor, from the definition."""

from __future__ import annotations

import numpy as np

from oracles.encoding import nearest_words


def vlad(rows, centers, *, origins=None, power=0.5, intra=False, unit_residuals=False):
    """``(K D,)``, l2-normalized; zero where there are no rows."""
    origins = centers if origins is None else origins
    sums = np.zeros(centers.shape, np.float64)
    for row, word in zip(rows, nearest_words(rows, centers)[:, 0], strict=True):
        residual = row.astype(np.float64) - origins[word]
        if unit_residuals and residual.any():
            residual = residual / np.sqrt((residual**2).sum())
        sums[word] += residual
    sums = np.sign(sums) * np.abs(sums) ** power
    if intra:
        for word in range(len(sums)):
            sums[word] = unit(sums[word])
    return unit(sums.ravel())


def reduce(vector, projection):
    """P (x - m), l2-normalized, one component at a time."""
    steps = projection.steps.astype(np.float64)
    out = np.zeros(len(steps))
    for place, (codes, step) in enumerate(zip(projection.codes, steps, strict=True)):
        for code, value, mean in zip(codes, vector, projection.mean, strict=True):
            out[place] += float(code) * step * (float(value) - float(mean))
    return unit(out)


def unit(vector):
    """Length 1, or zero."""
    length = np.sqrt((vector**2).sum())
    return vector / length if length > 0 else vector
