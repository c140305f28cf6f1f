"""A siamese network lays out digits on a plane, told only which are neighbors.

Hadsell, Chopra and LeCun (2006), "Dimensionality reduction by learning an invariant mapping". Each
picture is similar to its five nearest neighbors in pixels, and dissimilar to all others; the
contrastive loss pulls the ones together and pushes the others apart. Unlike Isomap, what comes out
is a function: pictures that were never seen have a place, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from drawing import class_colors, panel, save
from measuring import accuracy, digits, options, say
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from torch import Tensor, nn

from relook.training.losses import contrastive

Rows = NDArray[np.floating]


def similar(points: Rows, *, neighbors: int = 5) -> NDArray[np.bool_]:
    """``(N, N)``: whether one is among the nearest neighbors of the other, or the other of it."""
    nearest = np.argsort(cdist(points, points), axis=1)[:, : neighbors + 1]
    found = np.zeros((len(points), len(points)), np.bool_)
    np.put_along_axis(found, nearest, True, axis=1)
    return found | found.T


def train(pixels: Tensor, *, steps: int, queries: int = 64, margin: float = 1.0) -> nn.Module:
    """A network from ``(N, 64)`` pixels to ``(N, 2)`` coordinates."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    net = nn.Sequential(
        nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 2)
    )
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    near = similar(pixels.numpy())
    pairs = np.argwhere(near & ~np.eye(len(near), dtype=np.bool_))
    loss = torch.vmap(partial(contrastive, margin=margin))
    for _ in range(steps):
        rows, mates = pairs[rng.integers(len(pairs), size=queries)].T
        others = rng.integers(len(near), size=(queries, 16))
        while (hit := near[rows[:, None], others]).any():
            others[hit] = rng.integers(len(near), size=int(hit.sum()))
        optimizer.zero_grad()
        loss(net(pixels[rows]), net(pixels[mates]), net(pixels[others])).mean().backward()
        optimizer.step()
        schedule.step()
    return net


def learned(title: str, names: Sequence[int], *, count: int, steps: int) -> list[NDArray[np.uint8]]:
    """The maps of PCA and of a siamese network, learned on three quarters of the digits."""
    pixels, labels = digits(count, names=names)
    seen = len(pixels) * 3 // 4
    inputs = torch.tensor(pixels / 16, dtype=torch.float32)
    net = train(inputs[:seen], steps=steps)
    with torch.no_grad():
        laid = net(inputs).numpy()
    flat = PCA(2).fit(pixels[:seen]).transform(pixels)
    shares = [accuracy(m[:seen], labels[:seen], m[seen:], labels[seen:]) for m in (flat, laid)]
    say(
        f"{title}: nearest neighbors of unseen digits right in two dimensions:"
        f" PCA {shares[0]:.3f}, siamese {shares[1]:.3f}"
    )
    colors, shown, unseen = (
        class_colors(labels),
        pixels.reshape(-1, 8, 8),
        np.arange(len(pixels)) >= seen,
    )
    return [
        panel(
            f"{title}, {how}",
            where,
            colors,
            digits=shown,
            rings=unseen,
            note=f"{share:.0%} of unseen digits right",
        )
        for how, where, share in zip(("PCA", "siamese network"), (flat, laid), shares, strict=True)
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Lay out fours and nines, then all digits; say how well, draw both."""
    given = options(__doc__ or "", argv, samples=1797, steps=1200)
    torch.set_num_threads(1)
    rows = [
        learned("4 and 9", (4, 9), count=given.samples, steps=given.steps),
        learned("All digits", range(10), count=given.samples, steps=given.steps),
    ]
    save(rows, given.into / "manifolds-siamese.png")


if __name__ == "__main__":
    main()
