"""Whitening as the textbooks write it: float64, whole matrices, no blocks."""

from __future__ import annotations

import numpy as np


def normalized(rows):
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def pca(rows, dimensions, *, t=0.0):
    """Mean, projection and eigenvalues by the singular values of the centered data."""
    rows = rows.astype(np.float64)
    mean = rows.mean(axis=0)
    _, singular, right = np.linalg.svd(rows - mean, full_matrices=False)
    values = singular[:dimensions] ** 2 / len(rows)
    return mean, right[:dimensions] * (values ** (-t / 2))[:, None], values


def root_inverse(matrix):
    """C^-½ of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors @ np.diag(values**-0.5) @ vectors.T


def learned(rows, pairs, non_pairs, dimensions):
    """Mean and projection of Radenović, Tolias and Chum (2019), by sums over pairs."""
    rows = rows.astype(np.float64)
    matching = sum(np.outer(rows[i] - rows[j], rows[i] - rows[j]) for i, j in pairs)
    other = sum(np.outer(rows[i] - rows[j], rows[i] - rows[j]) for i, j in non_pairs)
    half = root_inverse(matching)
    _, vectors = np.linalg.eigh(half @ other @ half)
    return rows.mean(axis=0), (half @ vectors[:, ::-1][:, :dimensions]).T
