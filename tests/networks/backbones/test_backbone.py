"""What holds for every backbone: its attributes are true, gradients flow, small pictures raise."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from relook.core.errors import ShapeError, UsageError
from relook.networks.backbones import BACKBONES, make_backbone

STRIDES = {"alexnet": 16, "vgg16": 16, "vgg19": 16}


def on_meta(name, *, padding="symmetric"):
    """Shapes without arithmetic."""
    with torch.device("meta"):
        return make_backbone(name, padding=padding).eval()


@pytest.mark.parametrize("name", BACKBONES)
def test_channels_and_stride_are_true(name):
    backbone = on_meta(name)
    assert backbone.stride == STRIDES.get(name, 32)
    one = backbone(torch.empty(2, 3, 224, 320, device="meta"))
    more = backbone(torch.empty(2, 3, 224 + backbone.stride, 320 + 3 * backbone.stride).to("meta"))
    assert one.shape[:2] == (2, backbone.channels)
    assert (more.shape[2] - one.shape[2], more.shape[3] - one.shape[3]) == (1, 3)


@pytest.mark.parametrize("name", BACKBONES)
def test_the_smallest_picture_gives_a_map_and_a_smaller_one_an_error(name):
    backbone = on_meta(name)
    least = backbone.smallest
    assert least >= backbone.stride
    assert min(backbone(torch.empty(1, 3, least, least, device="meta")).shape) == 1
    for height, width in ((least - 1, 300), (300, least - 1), (1, 5000)):
        with pytest.raises(ShapeError, match=f"{width} × {height} pixels .* needs {least}"):
            backbone(torch.empty(1, 3, height, width, device="meta"))


@pytest.mark.parametrize("name", ["alexnet", "inception_v3"])
def test_the_smallest_picture_is_not_larger_than_it_must_be(name):
    backbone = on_meta(name)
    least = backbone.smallest - 1
    with pytest.raises(RuntimeError, match=r"too small|greater than"):
        backbone.feature_map(torch.empty(1, 3, least, least, device="meta"))


def test_one_picture_without_a_batch_is_an_error():
    with pytest.raises(ShapeError, match=r"\(B, 3, H, W\)"):
        on_meta("resnet18")(torch.empty(3, 64, 64, device="meta"))


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "densenet121", "googlenet"])
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


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "densenet121", "mobilenet_v1_075"])
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
