"""Keys, shapes and sizes are those of the networks as they are published."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import NamedTuple

import pytest
import torch

from relook.networks.backbones import BACKBONES, make_backbone
from relook.networks.backbones.relook_small import RELOOK_NETWORKS


class Published(NamedTuple):
    parameters: int
    keys: int
    digest: str


# From torchvision 0.28's own state dicts, classifiers left out: the number of parameters, the
# number of keys, and the start of the sha256 of the sorted lines "key [shape]".
PUBLISHED = {
    "alexnet": Published(2469696, 10, "b17c61a06ac1fa6e"),
    "vgg16": Published(14714688, 26, "cf70e16bc5eff25b"),
    "vgg19": Published(20024384, 32, "a580df3890687a47"),
    "resnet18": Published(11176512, 100, "804c0cdcc273681a"),
    "resnet34": Published(21284672, 180, "a73a85199e3729c5"),
    "resnet50": Published(23508032, 265, "6f8d71cd701134f7"),
    "resnet101": Published(42500160, 520, "fa435ed251f75f52"),
    "resnet152": Published(58143808, 775, "1d01fa3f5a54b712"),
    "densenet121": Published(6953856, 604, "e25c2216629507b2"),
    "densenet169": Published(12484480, 844, "c7b5c37294494ac3"),
    "densenet201": Published(18092928, 1004, "9905b56c32171ee9"),
    "googlenet": Published(5599904, 285, "a9a02176c1965fec"),
    "inception_v3": Published(21785568, 470, "b628bc492e0cd5a5"),
    "mobilenet_v2": Published(2223872, 260, "f673e9d92a9af76b"),
}
# Keys that everybody who has opened such a file knows.
KNOWN = [
    ("alexnet", "features.10.weight", (256, 256, 3, 3)),
    ("vgg16", "features.28.bias", (512,)),
    ("resnet18", "layer2.0.downsample.0.weight", (128, 64, 1, 1)),
    ("resnet50", "layer4.2.conv3.weight", (2048, 512, 1, 1)),
    ("resnet152", "layer3.35.bn2.running_var", (256,)),
    ("densenet121", "features.denseblock4.denselayer16.conv2.weight", (32, 128, 3, 3)),
    ("densenet201", "features.norm5.weight", (1920,)),
    ("googlenet", "inception4e.branch3.1.conv.weight", (128, 32, 3, 3)),
    ("inception_v3", "Mixed_6c.branch7x7dbl_4.conv.weight", (160, 160, 7, 1)),
    ("mobilenet_v2", "features.17.conv.1.0.weight", (960, 1, 3, 3)),
    ("mobilenet_v2", "features.18.0.weight", (1280, 320, 1, 1)),
    ("mobilenet_v1", "blocks.12.pointwise.conv.weight", (1024, 1024, 1, 1)),
    ("mobilenet_v1_075", "stem.conv.weight", (24, 3, 3, 3)),
]
# Parameters as their papers count them: 4.2 and 2.6 million with a classifier of 1001 classes.
MOBILENETS_V1 = {"mobilenet_v1": (4.2e6, 1024), "mobilenet_v1_075": (2.6e6, 768)}


@cache
def on_meta(name):
    """Shapes without numbers."""
    with torch.device("meta"):
        return make_backbone(name)


def shapes(name):
    state = on_meta(name).state_dict()
    return {k: tuple(v.shape) for k, v in state.items() if not k.endswith("num_batches_tracked")}


def parameters(name):
    return sum(p.numel() for p in on_meta(name).parameters())


@pytest.mark.parametrize("name", PUBLISHED)
def test_keys_and_shapes_are_torchvisions(name):
    found = shapes(name)
    text = "\n".join(f"{key} {list(shape)}" for key, shape in sorted(found.items()))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    assert Published(parameters(name), len(found), digest) == PUBLISHED[name]


@pytest.mark.parametrize(("name", "key", "shape"), KNOWN)
def test_known_keys_have_their_shapes(name, key, shape):
    assert shapes(name)[key] == shape


@pytest.mark.parametrize("name", MOBILENETS_V1)
def test_version_1_is_as_large_as_its_paper_says(name):
    total, channels = MOBILENETS_V1[name]
    assert parameters(name) + 1001 * (channels + 1) == pytest.approx(total, rel=0.02)


def test_every_backbone_is_compared_with_what_is_published():
    own = {*RELOOK_NETWORKS}  # published by nobody else
    assert set(BACKBONES) == {*PUBLISHED, *MOBILENETS_V1, *own}
