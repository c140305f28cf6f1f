"""MobileNet version 1: depthwise and pointwise convolutions in turn.

Source: Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision
applications", 2017, table 1. torchvision has no such network; keys are ``stem.conv.weight``,
``stem.norm.…``, ``blocks.0.depthwise.conv.weight``, ``blocks.0.pointwise.norm.…``.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from relook.networks.backbones.same_padding import SamePaddedBackbone, conv3x3

__all__ = ["MOBILENETS_V1", "MobileNetV1"]

# Width multiplier by name.
MOBILENETS_V1 = {"mobilenet_v1": 1.0, "mobilenet_v1_075": 0.75}

# Outputs and stride of the 13 blocks at width 1.
_BLOCKS = [
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
    (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
]  # fmt: skip


class MobileNetV1(SamePaddedBackbone):
    """MobileNet version 1 at one of the widths of ``MOBILENETS_V1``; stride 32."""

    def __init__(self, name: str, *, padding: str = "symmetric") -> None:
        width = MOBILENETS_V1[name]
        super().__init__(name, channels=int(1024 * width), stride=32, padding=padding)
        inputs = int(32 * width)
        self.stem = _layer(conv3x3(3, inputs, stride=2, padding=padding))
        blocks = []
        for base, stride in _BLOCKS:
            outputs = int(base * width)
            blocks.append(_block(inputs, outputs, stride=stride, padding=padding))
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)

    def layers(self, pictures: Tensor) -> Tensor:
        """All layers in their order."""
        result: Tensor = self.blocks(self.stem(pictures))
        return result


def _block(inputs: int, outputs: int, *, stride: int, padding: str) -> nn.Sequential:
    depthwise = conv3x3(inputs, inputs, stride=stride, groups=inputs, padding=padding)
    pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
    return nn.Sequential(
        OrderedDict([("depthwise", _layer(depthwise)), ("pointwise", _layer(pointwise))])
    )


def _layer(conv: nn.Conv2d) -> nn.Sequential:
    norm = nn.BatchNorm2d(conv.out_channels, eps=1e-3)  # as the published weights were trained
    return nn.Sequential(OrderedDict([("conv", conv), ("norm", norm), ("relu", nn.ReLU6())]))
