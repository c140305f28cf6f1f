"""Affine regions and their descriptors in float64, written from their definitions."""

from __future__ import annotations

import numpy as np

from oracles.pictures import gray


def turn(angle):
    """From x towards y."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


def matrices(frames, shapes):
    """``(N, 2, 2)``: what carries the unit circle onto each region, and x onto its direction."""
    return np.array(
        [
            scale * np.array([[a, 0], [b, 1 / a]]) @ turn(angle)
            for (_, _, scale, angle), (a, b) in zip(
                frames.astype(np.float64), shapes.astype(np.float64), strict=True
            )
        ]
    ).reshape(-1, 2, 2)


def ellipses(frames, shapes):
    """``(N, 2, 2)`` covariances: the regions without their direction."""
    roots = matrices(frames, shapes)
    return roots @ roots.transpose(0, 2, 1)


def covariance(spread, ratio, angle):
    """Of an ellipse with axes ``spread`` · √ratio along ``angle`` and spread / √ratio across."""
    return turn(angle) @ np.diag([spread**2 * ratio, spread**2 / ratio]) @ turn(angle).T


def blobs(shape, centers, covariances, *, light=200):
    """Gaussian blobs on black: ``(H, W, 3)`` uint8."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    total = np.zeros(shape)
    for center, spread in zip(centers, covariances, strict=True):
        away = np.stack([x - center[0], y - center[1]], axis=-1)
        total += light * np.exp(-0.5 * np.sum(away @ np.linalg.inv(spread) * away, axis=-1))
    return gray(total)


def sift(patch, *, width, cells=4, directions=8):
    """Lowe's descriptor of the ``width`` samples in the middle of a patch, of length one."""
    side, middle = len(patch), len(patch) // 2
    histogram = np.zeros((cells, cells, directions))
    cell = width / cells
    for row in range(1, side - 1):
        for column in range(1, side - 1):
            gx = patch[row, column + 1] - patch[row, column - 1]
            gy = patch[row + 1, column] - patch[row - 1, column]
            # Cells are counted from the center of the first, directions counterclockwise.
            i = (row - middle) / cell + cells / 2 - 0.5
            j = (column - middle) / cell + cells / 2 - 0.5
            k = (-np.arctan2(gy, gx) / (2 * np.pi) * directions) % directions
            away = (row - middle) ** 2 + (column - middle) ** 2
            size = np.hypot(gx, gy) * np.exp(-away / (2 * (width / 2) ** 2))
            for y in range(cells):
                for x in range(cells):
                    share = max(0, 1 - abs(i - y)) * max(0, 1 - abs(j - x))
                    for z in range(directions):
                        apart = min(abs(k - z), directions - abs(k - z))
                        histogram[y, x, z] += size * share * max(0, 1 - apart)
    vector = histogram.ravel() / np.linalg.norm(histogram)
    vector = np.minimum(vector, 0.2)
    return vector / np.linalg.norm(vector)


def blurred(patch, sigma, reach):
    """Gaussian blur with a kernel of ``2 reach + 1`` samples; the edge continues."""
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    out = np.asarray(patch, np.float64)
    for _ in range(2):
        padded = np.pad(out, ((reach, reach), (0, 0)), mode="edge")
        out = sum(w * padded[i : i + len(out)] for i, w in enumerate(weights)).T
    return out
