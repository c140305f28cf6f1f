"""A classifier applied as convolutions says at each location what it says of a picture."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - after torch is known to be there

from oracles.random_weights import randomize  # noqa: E402
from relook.core.errors import FormatError, UsageError  # noqa: E402
from relook.networks.backbones import Backbone  # noqa: E402
from relook.networks.class_layers import class_layers, is_of_classes  # noqa: E402
from relook.networks.classifier import FcnClassifier, open_classifier  # noqa: E402
from relook.networks.spec import NetworkSpec  # noqa: E402
from relook.networks.weights import open_weights  # noqa: E402

REAL = Path(os.environ.get("RELOOK_TEST_DATA", "")) / "weights" / "mobilenet_v2_100.npz"


class Tiny(Backbone):
    """Two convolutions; stride 4."""

    def __init__(self, name="tiny", channels=6):
        super().__init__(name, channels=channels, stride=4, padding="symmetric")
        self.body = nn.Sequential(nn.Conv2d(3, channels, 4, 4), nn.ReLU())

    def feature_map(self, pictures):
        return self.body(pictures)


def pixels(size, *, batch=2, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, (batch, *size, 3), np.uint8)
    return torch.from_numpy(values)


def rows(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


@pytest.mark.parametrize("size", [(4, 4), (8, 12), (20, 9)], ids=str)
def test_the_mean_over_locations_is_what_a_classifier_says_of_the_average(size):
    weight, bias = rows(5, 6), rows(5, seed=1)
    backbone = randomize(Tiny())
    layers = class_layers({"fc.weight": weight, "fc.bias": bias}, backbone)
    network = FcnClassifier(NetworkSpec(backbone="tiny"), layers=layers, backbone=backbone).eval()
    with torch.no_grad():
        found = network(pixels(size))
        average = backbone(network.normalize(pixels(size))).mean((2, 3)).double().numpy()
    assert found.shape == (2, 5, size[0] // 4, size[1] // 4)
    expected = average @ weight.T.astype(np.float64) + bias
    np.testing.assert_allclose(found.mean((2, 3)).numpy(), expected, rtol=1e-4, atol=1e-4)


def test_layers_on_a_grid_slide_over_the_map():
    state = {
        "classifier.1.weight": rows(7, 6 * 9), "classifier.1.bias": rows(7, seed=1),
        "classifier.4.weight": rows(3, 7, seed=2), "classifier.4.bias": rows(3, seed=3),
    }  # fmt: skip
    layers = class_layers(state, Tiny("vgg of toys"))
    maps = rows(1, 6, 10, 8, seed=4)
    found = layers(torch.from_numpy(maps))[0].detach().numpy()
    pooled = maps[0].reshape(6, 5, 2, 4, 2).max((2, 4)).astype(np.float64)
    assert found.shape == (3, 3, 2)
    for y in range(3):
        for x in range(2):
            window = pooled[:, y : y + 3, x : x + 3].ravel()
            hidden = state["classifier.1.weight"] @ window + state["classifier.1.bias"]
            expected = state["classifier.4.weight"] @ np.maximum(hidden, 0)
            expected = expected + state["classifier.4.bias"]
            np.testing.assert_allclose(found[:, y, x], expected, rtol=1e-4, atol=1e-4)


def test_the_state_makes_the_same_classifier_again():
    torch.manual_seed(0)
    spec = NetworkSpec(backbone="mobilenet_v1_075", pooling="gem")
    network = FcnClassifier(spec, classes=3).eval()
    again = FcnClassifier.from_state(spec, network.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(again(pixels((40, 70))), network(pixels((40, 70))))
    assert again.dims == 3
    assert set(again.state_dict()) == set(network.state_dict())


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("fc.weight", True), ("classifier.6.bias", True), ("head.fc.weight", True),
        ("backbone.fc.weight", True), ("classify.0.weight", True), ("aux1.fc1.weight", False),
        ("features.0.0.weight", False), ("head.conv.weight", False),
    ],
)  # fmt: skip
def test_the_names_of_classification_layers_are_known(name, is_one):
    assert is_of_classes(name) == is_one


def test_weights_without_or_with_other_classes_are_refused():
    spec = NetworkSpec(backbone="mobilenet_v1_075")
    with pytest.raises(UsageError, match="no classification layer"):
        FcnClassifier.from_state(spec, {})
    with pytest.raises(FormatError, match="does not fit the 768 channels"):
        FcnClassifier.from_state(spec, {"fc.weight": rows(3, 5)})
    with pytest.raises(UsageError, match="classes must be a whole number"):
        FcnClassifier(spec, classes=0)


@pytest.mark.skipif(not REAL.is_file(), reason="RELOOK_TEST_DATA names no folder with weights/")
def test_on_a_map_of_one_location_a_real_classifier_says_what_it_says():
    weights = open_weights(REAL)
    network = open_classifier(weights)
    arrays = weights.tensors().arrays
    with torch.no_grad():
        found = network(pixels((32, 32)))
        maps = network.backbone(network.normalize(pixels((32, 32))))
    assert found.shape == (2, 1001, 1, 1)
    codes = maps[:, :, 0, 0].double().numpy()
    expected = codes @ arrays["classifier.weight"].T.astype(np.float64) + arrays["classifier.bias"]
    np.testing.assert_allclose(found[:, :, 0, 0].numpy(), expected, rtol=1e-4, atol=1e-4)
    fresh = open_classifier(weights, classes=4)
    with torch.no_grad():
        torch.testing.assert_close(fresh.backbone(network.normalize(pixels((32, 32)))), maps)
    assert fresh.dims == 4
