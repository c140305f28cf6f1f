"""Feature maps → rows: attention, smoothing, and where cells look."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import random_weights
from relook.features.deep.activation import attention, centers, first_center, rows_of, smooth
from relook.networks.spec import NetworkSpec


@pytest.fixture(scope="module")
def maps():
    return np.random.default_rng(0).random((7, 5, 4)).astype(np.float32)


def test_attention_is_the_length_of_what_a_cell_holds(maps):
    want = [[np.linalg.norm(maps[:, row, column]) for column in range(4)] for row in range(5)]
    np.testing.assert_allclose(attention(maps), want, rtol=1e-6)


def test_smoothing_averages_the_neighbors_that_there_are(maps):
    smoothed = smooth(maps)
    for row in range(5):
        for column in range(4):
            near = maps[:, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            want = near.mean((1, 2), dtype=np.float64)
            np.testing.assert_allclose(smoothed[:, row, column], want, rtol=1e-5)


def test_a_single_cell_is_its_own_average():
    one = np.ones((3, 1, 1), np.float32)
    np.testing.assert_array_equal(smooth(one), one)


def test_rows_and_centers_come_in_the_same_order(maps):
    places = centers((4, 5), stride=(10, 20), first=0.0)
    np.testing.assert_array_equal(places[6], [20, 20])
    np.testing.assert_array_equal(rows_of(maps)[6], maps[:, 1, 2])


def test_halfway_is_the_formula_of_resizing():
    places = centers((3, 1), stride=(16, 16), first=0.5)
    np.testing.assert_allclose(places[:, 0], (np.arange(3) + 0.5) * 16 - 0.5)


@pytest.mark.parametrize(
    ("backbone", "padding"),
    [("mobilenet_v2", "same"), ("mobilenet_v2", "symmetric"), ("resnet18", "symmetric"),
     ("vgg16", "symmetric")],
)  # fmt: skip
def test_cells_look_where_their_gradient_has_its_center(backbone, padding):
    torch = pytest.importorskip("torch")
    from relook.networks.backbones import make_backbone

    network = random_weights.randomize(make_backbone(backbone, padding=padding))
    network.requires_grad_(requires_grad=False)
    side = 192
    generator = torch.Generator().manual_seed(0)
    batch = 2 if backbone == "vgg16" else 12
    picture = torch.randn(batch, 3, side, side, generator=generator, requires_grad=True)
    maps = network(picture)
    stride = side // maps.shape[-1]
    first = first_center(NetworkSpec(backbone=backbone, padding=padding))
    places = centers((side // stride, 1), stride=(stride, stride), first=first)[:, 0]
    # The border cuts gradients off, least of all those of the cell in the middle.
    cell = int(np.abs(places - (side - 1) / 2).argmin())
    maps[:, :, cell, cell].sum().backward()
    weight = picture.grad.square().sum((0, 1))
    steps = torch.arange(side, dtype=torch.float32)
    found = [float((weight.sum(axis) * steps).sum() / weight.sum()) for axis in (0, 1)]
    assert np.abs(np.array(found) - places[cell]).max() < 0.2 * stride
