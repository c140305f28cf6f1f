"""What holds for every backbone: its attributes are true, gradients flow, small pictures raise."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from relook.core.errors import ShapeError, UsageError
from relook.networks.backbones import BACKBONES, make_backbone

STRIDES = {"alexnet": 16, "vgg16": 16, "vgg19": 16, "relook_small": 16}


@pytest.mark.parametrize("name", BACKBONES)
def test_channels_stride_and_smallest_picture_are_true(name):
    backbone = make_backbone(name).eval()
    least, stride = backbone.smallest, backbone.stride
    assert stride == STRIDES.get(name, 32) <= least
    with torch.no_grad():
        one = backbone(torch.zeros(1, 3, least, least))
        more = backbone(torch.zeros(1, 3, least + stride, least + 2 * stride))
    assert one.shape == (1, backbone.channels, 1, 1)
    assert more.shape == (1, backbone.channels, 2, 3)


@pytest.mark.parametrize("name", BACKBONES)
def test_a_picture_that_is_too_small_is_an_error(name):
    with torch.device("meta"):  # no forward pass: weights are not needed
        backbone = make_backbone(name)
    least = backbone.smallest
    for height, width in ((least - 1, 300), (300, least - 1), (1, 5000)):
        with pytest.raises(ShapeError, match=f"{width} × {height} pixels .* needs {least}"):
            backbone(torch.zeros(1, 3, height, width))


@pytest.mark.parametrize("name", ["alexnet", "inception_v3"])
def test_the_smallest_picture_is_not_larger_than_it_must_be(name):
    backbone = make_backbone(name).eval()
    least = backbone.smallest - 1
    with pytest.raises(RuntimeError, match=r"too small|greater than"):
        backbone.feature_map(torch.zeros(1, 3, least, least))


def test_one_picture_without_a_batch_is_an_error():
    with pytest.raises(ShapeError, match=r"\(B, 3, H, W\)"):
        make_backbone("resnet18")(torch.zeros(3, 64, 64))


@pytest.mark.parametrize(
    "name", ["alexnet", "resnet18", "densenet121", "googlenet", "relook_small"]
)
def test_gradients_reach_the_picture_and_every_weight(name):
    check_gradients(make_backbone(name))


@pytest.mark.parametrize("padding", ["symmetric", "same"])
def test_gradients_flow_through_both_paddings(padding):
    check_gradients(make_backbone("mobilenet_v2", padding=padding))


def check_gradients(backbone):
    pictures = torch.randn(2, 3, 65, 70, requires_grad=True)
    backbone(pictures).square().mean().backward()
    assert pictures.grad.abs().sum() > 0
    assert [n for n, p in backbone.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize(
    "name", ["vgg16", "resnet18", "densenet121", "mobilenet_v1_075", "relook_small"]
)
def test_the_map_is_not_negative(name):
    with torch.no_grad():
        assert make_backbone(name).eval()(torch.randn(1, 3, 64, 64)).min() >= 0


def test_an_unknown_name_lists_the_choices():
    with pytest.raises(UsageError, match=r"resnet999.*alexnet.*resnet50.*mobilenet_v2.*timm/NAME"):
        make_backbone("resnet999")


def test_only_mobilenets_pad_as_tensorflow_does():
    with pytest.raises(UsageError, match="padding of resnet18 must be symmetric"):
        make_backbone("resnet18", padding="same")
    with pytest.raises(UsageError, match="must be symmetric or same"):
        make_backbone("mobilenet_v2", padding="valid")


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_the_names_of_weights_are_converted_without_torch():
    code = "import sys, relook.networks.backbones.mobilenet_keys; print('torch' in sys.modules)"
    assert run(code).stdout.strip() == "False"


def test_without_torch_the_error_says_what_to_install():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from relook.core.errors import UsageError\n"
        "try:\n    from relook.networks.backbones import make_backbone\n"
        "except UsageError as error: print(error)"
    )
    assert 'pip install "relook[networks]"' in run(code).stdout
