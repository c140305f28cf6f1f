"""Neural codes are the late layers of AlexNet and VGG, under torchvision's keys."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from oracles import convnets
from relook.core.errors import ShapeError, UsageError
from relook.networks.backbones import NeuralCodes

# Keys of the fully connected layers, from torchvision.
LINEAR = {"alexnet": (1, 4, 6), "vgg16": (0, 3, 6), "vgg19": (0, 3, 6)}


def oracle(name, layer, pictures, state):
    x = convnets.feature_map(name, pictures, state)
    x = convnets.pool(x, 3, 2) if name == "alexnet" else convnets.pool(x, 2, 2)
    x = x.flatten(1)
    if layer == "pool5":
        return x
    for depth, number in enumerate(LINEAR[name], start=1):
        x = x @ state[f"classifier.{number}.weight"].T + state[f"classifier.{number}.bias"]
        if depth == 3:
            powers = torch.exp(x - x.max())
            return powers / powers.sum()
        x = convnets.relu(x)
        if (layer, depth) in (("fc6", 1), ("fc7", 2)):
            return x
    return x


@pytest.mark.parametrize("layer", ["pool5", "fc6", "fc7", "softmax"])
def test_codes_of_alexnet_equal_an_independent_implementation(layer):
    codes = NeuralCodes("alexnet", layer).eval()
    pictures = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        got = codes(pictures)
        want = oracle("alexnet", layer, pictures, codes.state_dict())
    assert got.shape == (1, codes.dimension)
    assert torch.allclose(got, want, atol=1e-6)


def test_the_last_pooling_of_vgg_equals_an_independent_implementation():
    codes = NeuralCodes("vgg16", "pool5").eval()
    pictures = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        want = oracle("vgg16", "pool5", pictures, codes.state_dict())
        assert torch.allclose(codes(pictures), want, atol=1e-6)


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize(("layer", "depth"), [("pool5", 0), ("fc6", 1), ("fc7", 2), ("softmax", 3)])
def test_dimensions_and_keys_are_torchvisions(name, layer, depth):
    with torch.device("meta"):
        codes = NeuralCodes(name, layer)
    first = 9216 if name == "alexnet" else 25088
    assert codes.dimension == (first, 4096, 4096, 1000)[depth]
    shapes = {k: tuple(v.shape) for k, v in codes.state_dict().items() if "classifier" in k}
    sizes = [(4096, first), (4096, 4096), (1000, 4096)][:depth]
    weights = zip(LINEAR[name], sizes, strict=False)
    assert {k: s for k, s in shapes.items() if "weight" in k} == {
        f"classifier.{number}.weight": size for number, size in weights
    }


def test_other_sizes_are_averaged_onto_the_same_grid():
    codes = NeuralCodes("alexnet", "pool5").eval()
    pictures = torch.randn(1, 3, 448, 300)
    with torch.no_grad():
        whole = convnets.pool(convnets.feature_map("alexnet", pictures, codes.state_dict()), 3, 2)
        want = functional.adaptive_avg_pool2d(whole, 6).flatten(1)
        assert torch.allclose(codes(pictures), want, atol=1e-6)


@pytest.mark.parametrize("name", ["alexnet", "vgg16"])
def test_pictures_that_leave_nothing_to_pool_are_refused(name):
    codes = NeuralCodes(name, "pool5").eval()
    least = codes.smallest
    with torch.no_grad():
        assert codes(torch.zeros(1, 3, least, least)).shape == (1, codes.dimension)
        with pytest.raises(ShapeError, match=f"{name} pool5, which needs {least}"):
            codes(torch.zeros(1, 3, 100, least - 1))
        with pytest.raises(RuntimeError, match=r"too small|non-zero"):
            codes.features(torch.zeros(1, 3, 100, least - 1))


def test_unknown_networks_and_layers_list_the_choices():
    with pytest.raises(UsageError, match=r"resnet18.*alexnet, vgg16, vgg19"):
        NeuralCodes("resnet18", "fc6")
    with pytest.raises(UsageError, match=r"fc8.*pool5, fc6, fc7, softmax"):
        NeuralCodes("alexnet", "fc8")
