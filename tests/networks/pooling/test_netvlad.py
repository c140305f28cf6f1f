"""NetVLAD begins as VLAD: at clusters, with assignments that are nearly hard."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from relook.core.errors import ShapeError, UsageError  # noqa: E402 - after torch is known
from relook.networks.pooling import make_pooling  # noqa: E402
from relook.networks.pooling.netvlad import sharpness  # noqa: E402


def descriptors(count=400, *, channels=8, seed=0):
    rng = np.random.default_rng(seed)
    themes = rng.normal(0, 1, (4, channels))
    return (themes[rng.integers(0, 4, count)] + rng.normal(0, 0.2, (count, channels))).astype("f4")


def initialized(rows, clusters=4):
    pooling = make_pooling("netvlad", channels=rows.shape[1], clusters=clusters)
    pooling.initialize(rows)
    return pooling


def shares(pooling, rows):
    unit = torch.from_numpy(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return (unit @ pooling.weight.T + pooling.bias).softmax(1).detach().numpy(), unit.numpy()


def test_the_assignment_is_a_softmax_of_squared_distances():
    rows = descriptors()
    pooling = initialized(rows)
    found, unit = shares(pooling, rows)
    centers = pooling.centers.detach().numpy()
    away = ((unit[:, None].astype(np.float64) - centers) ** 2).sum(2)
    scores = np.exp(-sharpness(unit, centers) * (away - away.min(1, keepdims=True)))
    np.testing.assert_allclose(found, scores / scores.sum(1, keepdims=True), atol=1e-4)


def test_the_nearest_center_gets_a_hundred_times_the_share_of_the_second():
    rows = descriptors()
    found, _ = shares(initialized(rows), rows)
    ordered = np.sort(found.astype(np.float64), axis=1)
    ratio = np.exp(np.log(ordered[:, -1] / ordered[:, -2]).mean())
    assert ratio == pytest.approx(100, rel=0.05)


def test_the_centers_are_those_of_the_clusters():
    rows = descriptors()
    found, unit = shares(initialized(rows), rows)
    centers = initialized(rows).centers.detach().numpy()
    own = found.argmax(1)
    means = np.array([unit[own == k].mean(0) for k in range(4)])
    np.testing.assert_allclose(centers, means, atol=1e-3)


def test_equal_seeds_initialize_equally():
    one, other = (initialized(descriptors()).state_dict() for _ in range(2))
    for key, value in one.items():
        torch.testing.assert_close(value, other[key], rtol=0, atol=0)


@pytest.mark.parametrize("clusters", [1, 3])
def test_descriptors_that_are_all_the_same_do_no_harm(clusters):
    pooling = initialized(np.ones((50, 8), np.float32), clusters)
    assert all(bool(torch.isfinite(value).all()) for value in pooling.state_dict().values())
    assert bool(torch.isfinite(pooling(torch.ones(1, 8, 2, 2))).all())


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        (descriptors(3), UsageError),
        (descriptors(channels=7), ShapeError),
        (np.full((9, 8), np.nan, np.float32), ShapeError),
        (np.zeros((9, 8)), ShapeError),
    ],
)
def test_descriptors_that_cannot_be_clustered_are_refused(rows, error):
    pooling = make_pooling("netvlad", channels=8, clusters=4)
    with pytest.raises(error):
        pooling.initialize(rows)
