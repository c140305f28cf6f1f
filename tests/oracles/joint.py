"""Joint reduction of several vocabularies in float64, step by step, from the definition."""

from __future__ import annotations

import numpy as np


def unit(vector):
    length = np.sqrt((vector**2).sum())
    return vector / length if length > 0 else vector


def sift_to_the_power(root_sift, beta):
    """SIFT^β of one RootSIFT row: l1-normalized SIFT are its squares."""
    sift = root_sift.astype(np.float64) ** 2
    return unit((sift / sift.sum()) ** beta)


def nearest(row, centers):
    return int(np.argmin([((row - center) ** 2).sum() for center in centers.astype(np.float64)]))


def histogram(rows, centers, beta):
    counts = np.zeros(len(centers))
    for row in rows:
        counts[nearest(sift_to_the_power(row, beta), centers)] += 1
    return counts


def residuals(rows, centers, beta):
    """Sums of unit residuals to each word, each sum of length 1."""
    sums = np.zeros(centers.shape)
    for row in rows:
        turned = sift_to_the_power(row, beta)
        word = nearest(turned, centers)
        sums[word] += unit(turned - centers[word])
    return np.array([unit(one) for one in sums]).ravel()


def joined(rows, vocabularies, *, count=histogram):
    """SSR, l2 and log k of each vocabulary ``(centers, β)``, side by side."""
    parts = []
    for centers, beta in vocabularies:
        part = count(rows, centers, beta)
        parts.append(np.log(len(centers)) * unit(np.sign(part) * np.sqrt(np.abs(part))))
    return unit(np.concatenate(parts))


def pca_whitening(vectors, dimensions):
    """Mean, and eigenvectors of the covariance over the roots of their eigenvalues, in rows."""
    mean = vectors.mean(axis=0)
    centered = vectors - mean
    values, axes = np.linalg.eigh(centered.T @ centered / len(vectors))
    best = np.argsort(-values)[:dimensions]
    return mean, (axes[:, best] / np.sqrt(values[best])).T
