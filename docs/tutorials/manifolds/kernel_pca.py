"""Kernel PCA: principal components of the Gram matrix of a kernel.

Schölkopf, Smola and Müller (1998), "Nonlinear component analysis as a kernel eigenvalue problem".
Two circles, one within the other, cannot be told apart by a line. After a Gaussian kernel they can,
although nobody said which point belongs to which.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from drawing import class_colors, panel, save
from measuring import digits, leave_one_out, options, say
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.spatial.distance import cdist
from sklearn.datasets import make_circles
from sklearn.decomposition import PCA, KernelPCA
from sklearn.linear_model import LogisticRegression

Rows = NDArray[np.floating]


def principal(gram: Rows, *, dimensions: int) -> Rows:
    """Coordinates ``(N, D)`` whose inner products come nearest to an ``(N, N)`` Gram matrix.

    The matrix is centered first, which moves the origin to the mean of the points; components
    have the length that PCA would give them, the largest first.
    """
    centered = gram - gram.mean(axis=0) - gram.mean(axis=1, keepdims=True) + gram.mean()
    last = len(gram) - 1
    values, vectors = eigh(centered, subset_by_index=(last - dimensions + 1, last))
    return (vectors * np.sqrt(np.maximum(values, 0)))[:, ::-1]


def kernel_pca(points: Rows, *, gamma: float, dimensions: int = 2) -> Rows:
    """``(N, D)`` by a Gaussian kernel exp(-γ d²)."""
    gram = np.exp(-gamma * cdist(points, points, "sqeuclidean"))
    return principal(gram, dimensions=dimensions)


def difference(ours: Rows, theirs: Rows) -> float:
    """The largest one between coordinates, the sign of each axis being anyone's choice."""
    signs = np.sign((ours * theirs).sum(axis=0))
    return float(np.abs(ours * signs - theirs).max() / np.abs(theirs).max())


def main(argv: Sequence[str] | None = None) -> None:
    """Map circles and digits; say how well, draw both."""
    given = options(__doc__ or "", argv, points=400, samples=1797)
    circles, ring = make_circles(given.points, factor=0.3, noise=0.05, random_state=0)
    unbent = kernel_pca(circles, gamma=2.0)
    theirs = KernelPCA(2, kernel="rbf", gamma=2.0).fit_transform(circles)
    say(f"circles: largest difference from scikit-learn {difference(unbent, theirs):.1e}")
    split, unsplit = straight(unbent, ring), straight(circles, ring)
    say(f"circles: a straight cut gets right {unsplit:.3f} before and {split:.3f} after")

    pixels, labels = digits(given.samples)
    flat, bent = PCA(2).fit_transform(pixels), kernel_pca(pixels, gamma=0.001)
    plain, curved = leave_one_out(flat, labels), leave_one_out(bent, labels)
    say(f"digits: nearest neighbors right in two dimensions: PCA {plain:.3f}, kernel {curved:.3f}")
    colors, tints = class_colors(ring), class_colors(labels)
    shown = pixels.reshape(-1, 8, 8)
    save(
        [
            [
                panel(
                    "Two circles", circles, colors, note=f"a straight cut gets {unsplit:.0%} right"
                ),
                panel("Kernel PCA", unbent, colors, note=f"a straight cut gets {split:.0%} right"),
            ],
            [
                panel(
                    "Digits, PCA",
                    flat,
                    tints,
                    digits=shown,
                    note=f"5 neighbors name it right: {plain:.0%}",
                ),
                panel(
                    "Kernel PCA",
                    bent,
                    tints,
                    digits=shown,
                    note=f"5 neighbors name it right: {curved:.0%}",
                ),
            ],
        ],
        given.into / "manifolds-kernel-pca.png",
    )


def straight(points: Rows, ring: NDArray[np.integer]) -> float:
    """The share of points that the best straight cut puts on the right side."""
    return float(LogisticRegression(C=1e3).fit(points, ring).score(points, ring))


if __name__ == "__main__":
    main()
