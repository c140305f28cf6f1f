"""Every backbone's feature map is that of an independent implementation of its architecture."""

from __future__ import annotations

import pytest
import torch

from oracles import convnets
from oracles.random_weights import randomize
from relook.networks.backbones import BACKBONES, make_backbone

MOBILENETS = ("mobilenet_v1", "mobilenet_v1_075", "mobilenet_v2")
CASES = [(name, "symmetric") for name in BACKBONES] + [(name, "same") for name in MOBILENETS]


def random_network(name, *, padding):
    """In double precision: a deep random network makes much of the last digit of a float."""
    return randomize(make_backbone(name, padding=padding)).double()


def difference(name, padding, backbone, *, height, width):
    generator = torch.Generator().manual_seed(height)
    pictures = torch.randn(1, 3, height, width, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        got = backbone(pictures)
        want = convnets.feature_map(name, pictures, backbone.state_dict(), padding=padding)
    assert got.shape == want.shape
    # The map must depend on the picture, or equality would say nothing.
    assert want.std() > 0.05
    return float((got - want).abs().max() / want.abs().max())


@pytest.mark.parametrize(("name", "padding"), CASES)
def test_the_feature_map_equals_an_independent_implementation(name, padding):
    backbone = random_network(name, padding=padding)
    for height, width in ((75, 97), (96, 78)):
        assert difference(name, padding, backbone, height=height, width=width) < 1e-8


@pytest.mark.parametrize("name", MOBILENETS)
def test_same_padding_is_right_for_every_remainder_of_the_stride(name):
    backbone = random_network(name, padding="same")
    for extra in range(0, 32, 3):
        height, width = 32 + extra, 63 - extra
        assert difference(name, "same", backbone, height=height, width=width) < 1e-8


@pytest.mark.parametrize("name", MOBILENETS)
def test_the_two_paddings_differ(name):
    backbone = randomize(make_backbone(name, padding="same"))
    other = make_backbone(name).eval()
    other.load_state_dict(backbone.state_dict())
    pictures = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert (backbone(pictures) - other(pictures)).abs().max() > 0.1
