"""Isomap: principal components of how far it is to walk from neighbor to neighbor.

Tenenbaum, de Silva and Langford (2000), "A global geometric framework for nonlinear dimensionality
reduction". A sheet that is rolled up looks short from outside; along the sheet it is long. Isomap
walks along the sheet, and so unrolls it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from drawing import class_colors, panel, running_colors, save
from kernel_pca import difference, principal
from measuring import digits, leave_one_out, options, say
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, shortest_path
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from sklearn.datasets import make_swiss_roll
from sklearn.decomposition import PCA
from sklearn.manifold import Isomap

from relook.core.errors import UsageError

Rows = NDArray[np.floating]


def geodesics(points: Rows, *, neighbors: int) -> Rows:
    """``(N, N)`` lengths of the shortest walks over steps to the nearest neighbors.

    Raises:
        UsageError: some points cannot be reached from others.
    """
    apart = cdist(points, points)
    nearest = np.argsort(apart, axis=1)[:, 1 : neighbors + 1]
    rows = np.repeat(np.arange(len(points)), neighbors)
    steps = (apart[rows, nearest.ravel()], (rows, nearest.ravel()))
    graph = csr_array(steps, shape=apart.shape)
    pieces = connected_components(graph, directed=False, return_labels=False)
    if pieces > 1:
        raise UsageError(
            f"{pieces} groups of points do not hang together; take more than {neighbors} neighbors"
        )
    return np.asarray(shortest_path(graph, directed=False))


def isomap(points: Rows, *, neighbors: int = 10, dimensions: int = 2) -> Rows:
    """``(N, D)`` whose distances come near to those of the walks (classical scaling)."""
    return principal(-0.5 * geodesics(points, neighbors=neighbors) ** 2, dimensions=dimensions)


def main(argv: Sequence[str] | None = None) -> None:
    """Unroll a sheet, lay out digits; say how well, draw both."""
    given = options(__doc__ or "", argv, points=1000, samples=1797)
    roll, turn = make_swiss_roll(given.points, random_state=0)
    unrolled = isomap(roll)
    theirs = Isomap(n_neighbors=10).fit_transform(roll)
    say(f"roll: largest difference from scikit-learn {difference(unrolled, theirs):.1e}")
    along = abs(spearmanr(unrolled[:, 0], turn).statistic)
    straight = abs(spearmanr(PCA(1).fit_transform(roll)[:, 0], turn).statistic)
    say(f"roll: order along the sheet (rank correlation): Isomap {along:.4f}, PCA {straight:.4f}")

    pixels, labels = digits(given.samples)
    flat, laid = PCA(2).fit_transform(pixels), isomap(pixels)
    plain, walked = leave_one_out(flat, labels), leave_one_out(laid, labels)
    say(f"digits: nearest neighbors right in two dimensions: PCA {plain:.3f}, Isomap {walked:.3f}")
    colors, tints = running_colors(turn), class_colors(labels)
    shown = pixels.reshape(-1, 8, 8)
    save(
        [
            [
                panel("A rolled sheet", roll[:, [0, 2]], colors, note="seen from the side"),
                panel("Isomap", unrolled, colors, note=f"order along the sheet: {along:.3f}"),
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
                    "Isomap",
                    laid,
                    tints,
                    digits=shown,
                    note=f"5 neighbors name it right: {walked:.0%}",
                ),
            ],
        ],
        given.into / "manifolds-isomap.png",
    )


if __name__ == "__main__":
    main()
