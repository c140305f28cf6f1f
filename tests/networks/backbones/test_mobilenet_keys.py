"""Published MobileNet files become our states, and see what is in a photo."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from oracles import convnets
from oracles.random_weights import randomize
from relook.core.errors import FormatError
from relook.networks.backbones import load_state, make_backbone
from relook.networks.backbones.mobilenet_keys import convert_mobilenet

# ImageNet classes, counted from 0, of what the folders of photos show.
CLASSES = {"dog": range(151, 276), "elephant": (101, 385, 386), "guitar": (402, 546)}
FILES = {"mobilenet_v2": "mobilenet_v2_100.npz", "mobilenet_v1_075": "mobilenet_v1_075.npz"}


def folded(state):
    """What a publisher does: batch norms folded into convolutions, under other names."""
    arrays = {}
    for number in range(19):
        home = f"features.{number}"
        if number in (0, 18):
            layers = {"stem.conv" if number == 0 else "head.conv": (f"{home}.0", f"{home}.1")}
        else:
            names = ["expand", "depthwise", "project"][number == 1 :]
            places = [(f"{home}.conv.{i}.0", f"{home}.conv.{i}.1") for i in range(len(names) - 1)]
            places.append((f"{home}.conv.{len(names) - 1}", f"{home}.conv.{len(names)}"))
            layers = {f"blocks.{number - 1}.{n}": p for n, p in zip(names, places, strict=True)}
        for name, (conv, norm) in layers.items():
            scale = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + 1e-5).sqrt()
            bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
            arrays[f"{name}.weight"] = (
                state[f"{conv}.weight"] * scale[:, None, None, None]
            ).numpy()
            arrays[f"{name}.bias"] = bias.numpy()
    return arrays


def test_folded_batch_norms_compute_the_same():
    network = randomize(make_backbone("mobilenet_v2", padding="same"))
    arrays = folded(network.state_dict())
    arrays["classifier.weight"] = np.zeros((1001, 1280), np.float32)
    other = make_backbone("mobilenet_v2", padding="same").eval()
    load_state(other, convert_mobilenet(arrays))
    pictures = torch.randn(1, 3, 65, 90)
    with torch.no_grad():
        want = convnets.feature_map("mobilenet_v2", pictures, network.state_dict(), padding="same")
        # Rounding grows through random layers; a layer in a wrong place would make it 1 and more.
        assert (other(pictures) - want).abs().max() < 0.01


def test_version_1_keeps_its_names_and_loses_its_classifier():
    state = {k: v.numpy() for k, v in make_backbone("mobilenet_v1_075").state_dict().items()}
    found = convert_mobilenet(state | {"classifier.bias": np.zeros(1000, np.float32)})
    assert found.keys() == state.keys()


def test_weights_of_other_networks_are_refused():
    with pytest.raises(FormatError, match=r"not the weights of a MobileNet.*conv1\.weight"):
        convert_mobilenet({"conv1.weight": np.zeros(3)})


def test_an_unknown_layer_is_named():
    arrays = {"stem.conv.weight": 0, "stem.conv.bias": 0, "blocks.0.project.weight": 0}
    arrays = {name: np.zeros(3, np.float32) for name in (*arrays, "blocks.0.squeeze.weight")}
    with pytest.raises(FormatError, match=r"no layer blocks\.0\.squeeze"):
        convert_mobilenet(arrays)


def folder():
    found = os.environ.get("RELOOK_TEST_DATA", "")
    if not (Path(found) / "weights").is_dir():
        pytest.skip("RELOOK_TEST_DATA names no folder with weights")
    return Path(found)


def photos(place, *, count):
    for path in sorted(place.iterdir())[:count]:
        pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        yield cv2.resize(pixels, (224, 224), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("name", FILES)
def test_real_weights_recognize_real_photos(name):
    data = folder()
    arrays = dict(np.load(data / "weights" / FILES[name]))
    network = make_backbone(name, padding="same").eval()
    load_state(network, convert_mobilenet(arrays))
    right = []
    for kind, classes in CLASSES.items():
        pixels = np.stack(list(photos(data / "pacs_mini" / "photo" / kind, count=8)))
        pictures = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
        with torch.no_grad():
            pooled = network(pictures).mean((2, 3)).numpy()
        scores = pooled @ arrays["classifier.weight"].T + arrays["classifier.bias"]
        best = scores[:, -1000:].argmax(1)  # a 1001st class is the background, in front
        right += np.isin(best, list(classes)).tolist()
    assert np.mean(right) > 0.8
