"""Corner measures in float64, pixel by pixel, written from their definitions."""

from __future__ import annotations

import numpy as np


def moravec(gray, *, window):
    """Least sum of squared differences of a window to its eight shifts; 0 near the border."""
    gray = np.asarray(gray, float)
    height, width = gray.shape
    half = window // 2
    out = np.zeros((height, width))
    shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    for y in range(half + 1, height - half - 1):
        for x in range(half + 1, width - half - 1):
            out[y, x] = min(
                ((window_at(gray, x + i, y + j, half) - window_at(gray, x, y, half)) ** 2).sum()
                for i, j in shifts
            )
    return out


def window_at(gray, x, y, half):
    """The square around a pixel."""
    return gray[y - half : y + half + 1, x - half : x + half + 1]


def harris(gray, *, sigma, k):
    """det M - k (trace M)² of the Gaussian-weighted second moments of a Gaussian gradient."""
    smooth = convolve(np.asarray(gray, float), kernel(0.7 * sigma))
    padded = np.pad(smooth, 1, mode="reflect")
    across = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    out = np.empty(smooth.shape)
    moments = [
        convolve(product, kernel(sigma))
        for product in (across * across, across * down, down * down)
    ]
    for y, x in np.ndindex(out.shape):
        xx, xy, yy = (moment[y, x] for moment in moments)
        matrix = np.array([[xx, xy], [xy, yy]])
        out[y, x] = np.linalg.det(matrix) - k * np.trace(matrix) ** 2
    return out


def kernel(sigma):
    """A Gaussian of length one, cut at 4 σ."""
    reach = int(np.ceil(4 * sigma))
    values = np.exp(-(np.arange(-reach, reach + 1.0) ** 2) / (2 * sigma**2))
    return values / values.sum()


def convolve(gray, weights):
    """Along both axes, the picture mirrored at its outer pixels."""
    reach = len(weights) // 2
    padded = np.pad(gray, reach, mode="reflect")
    rows = sum(w * padded[:, i : i + gray.shape[1]] for i, w in enumerate(weights))
    return sum(w * rows[i : i + gray.shape[0]] for i, w in enumerate(weights))


def peaks(values, *, radius, threshold):
    """(x, y) of pixels that exceed all before and are not exceeded by any after, in a square."""
    height, width = values.shape
    found = []
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if values[y, x] <= threshold:
                continue
            wins = True
            for b in range(max(0, y - radius), min(height, y + radius + 1)):
                for a in range(max(0, x - radius), min(width, x + radius + 1)):
                    before = (b, a) < (y, x)
                    if values[b, a] > values[y, x] or (before and values[b, a] == values[y, x]):
                        wins = False
            if wins:
                found.append((x, y))
    return np.array(found, int).reshape(-1, 2)
