"""What learning classes needs of a network."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - after torch is known to be there

from relook.core.errors import UsageError  # noqa: E402
from relook.networks.backbones import Backbone  # noqa: E402
from relook.networks.classifier import FcnClassifier  # noqa: E402
from relook.networks.retrieval import RetrievalNetwork  # noqa: E402
from relook.networks.spec import NetworkSpec  # noqa: E402
from relook.training.losses.locations import (  # noqa: E402
    location_cross_entropy,
    triplet_locations,
)
from relook.training.steps.classification import (  # noqa: E402
    class_maps,
    layers_before,
    locate,
    rescaled,
)


class Tiny(Backbone):
    """Two convolutions; stride 4."""

    def __init__(self, channels=8):
        super().__init__("tiny", channels=channels, stride=4, padding="symmetric")
        self.first = nn.Sequential(nn.Conv2d(3, channels, 2, 2), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 2, 2), nn.ReLU())

    def feature_map(self, pictures):
        return self.second(self.first(pictures))


def network(*, classes=3, **options):
    torch.manual_seed(0)
    spec = NetworkSpec(backbone="tiny", pooling="top_k", options={"classes": classes, **options})
    return RetrievalNetwork(spec, backbone=Tiny())


def pictures(count=12, *, side=16, seed=0):
    """Three classes: noise with a patch of red, green or blue somewhere; and their labels."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(60, 120, (count, side, side, 3), np.uint8)
    labels = np.arange(count) % 3
    for place, label in enumerate(labels):
        y, x = 4 * rng.integers(0, side // 4, 2)
        pixels[place, y : y + 4, x : x + 4] = 40
        pixels[place, y : y + 4, x : x + 4, label] = 240
    return torch.from_numpy(pixels), torch.from_numpy(labels)


def log_softmax(row):
    row = row - row.max()
    return row - np.log(np.exp(row).sum())


def test_the_loss_is_the_mean_over_all_locations_of_all_scales():
    model, (pixels, labels) = network().eval(), pictures(2)
    maps = class_maps(model, pixels, scales=(1.0, 0.5, 1.5))
    assert [tuple(one.shape) for one in maps] == [(2, 3, 4, 4), (2, 3, 2, 2), (2, 3, 6, 6)]
    terms = [
        -log_softmax(one[row, :, y, x])[int(labels[row])]
        for one in (one.detach().double().numpy() for one in maps)
        for row in range(2) for y in range(one.shape[2]) for x in range(one.shape[3])
    ]  # fmt: skip
    found = location_cross_entropy(maps, labels).item()
    assert found == pytest.approx(np.mean(terms), rel=1e-5)


def test_class_maps_of_a_classifier_are_its_outputs():
    model = FcnClassifier(NetworkSpec(backbone="tiny"), classes=3, backbone=Tiny()).eval()
    pixels, _ = pictures(2)
    (found,) = class_maps(model, pixels)
    torch.testing.assert_close(found, model(pixels))


def test_shrinking_averages_and_keeps_what_the_network_needs():
    pixels = torch.zeros(1, 8, 8, 3, dtype=torch.uint8)
    pixels[:, ::2] = 100
    assert rescaled(pixels, 1.0) is pixels
    assert rescaled(pixels, 0.25, least=4).shape == (1, 4, 4, 3)
    assert set(rescaled(pixels, 0.25)[0, 0].unique().tolist()) <= set(range(40, 61))
    assert rescaled(torch.zeros(1, 8, 20, 3), 0.1, least=4).shape == (1, 4, 10, 3)
    with pytest.raises(UsageError, match="above 0"):
        rescaled(pixels, 0.0)


def test_the_vectors_of_located_pictures_are_those_of_the_network():
    model, (pixels, _) = network(k=2, whitening=5).eval(), pictures(4)
    found = locate(model, model.mapped(pixels))
    torch.testing.assert_close(found.vectors, model(pixels))
    scores = class_maps(model, pixels)[0].flatten(2).transpose(1, 2)
    best = scores.amax(2).topk(2).indices
    assert torch.equal(best, found.cells)
    torch.testing.assert_close(scores[torch.arange(4)[:, None], best], found.logits)


def test_networks_without_classes_are_refused():
    model = RetrievalNetwork(NetworkSpec(backbone="tiny"), backbone=Tiny())
    pixels, _ = pictures(1)
    with pytest.raises(UsageError, match="no classes"):
        class_maps(model, pixels)
    with pytest.raises(UsageError, match="top_k"):
        locate(model, model.mapped(pixels))


def test_what_comes_before_a_layer_is_named_by_as_few_names_as_can_be():
    assert layers_before(network(), "second") == ("backbone.first",)
    assert layers_before(network(), "pool") == ("backbone",)
    resnet = RetrievalNetwork(NetworkSpec(backbone="resnet18"))
    found = layers_before(resnet, "layer4.1")
    assert found[:2] == ("backbone.conv1", "backbone.bn1")
    assert found[-2:] == ("backbone.layer3", "backbone.layer4.0")
    with pytest.raises(UsageError, match="no layer 'layer9'"):
        layers_before(resnet, "layer9")


def test_a_few_steps_find_the_class_and_where_it_is():
    """The whole line: cross-entropy over locations and scales, then triplets with classes."""
    model, (pixels, labels) = network(k=1, whitening=4), pictures(24)
    steps = torch.optim.Adam(model.parameters(), 0.02)
    before = location_cross_entropy(class_maps(model, pixels), labels).item()
    for _ in range(40):
        loss = location_cross_entropy(class_maps(model, pixels, scales=(1.0, 1.5)), labels)
        steps.zero_grad()
        loss.backward()
        steps.step()
    assert loss.item() < before
    frozen = model.pool.classify.weight.clone()
    for _ in range(20):
        seen = locate(model, model.mapped(pixels))
        total = sum(
            triplet_locations(
                seen.vectors[i], seen.vectors[i + 3], seen.vectors[[i + 1, i + 2]],
                seen.logits[i], labels[i],
            )
            for i in range(0, 21, 3)
        )  # fmt: skip
        steps.zero_grad()
        total.backward()
        steps.step()
    assert not torch.equal(frozen, model.pool.classify.weight)  # by the classes alone
    held, truth = pictures(12, seed=5)
    with torch.no_grad():
        seen = locate(model.eval(), model.mapped(held))
    assert (seen.logits[:, 0].argmax(1) == truth).float().mean() > 0.8
    rows = torch.div(seen.cells[:, 0], 4, rounding_mode="floor") * 4
    spots = held[torch.arange(12), rows, (seen.cells[:, 0] % 4) * 4]
    assert (spots[torch.arange(12), truth] == 240).float().mean() > 0.8
