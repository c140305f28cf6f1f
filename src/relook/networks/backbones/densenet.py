"""DenseNet: every layer sees the maps of all layers before it in its block. torchvision's keys.

Source: Huang et al., "Densely connected convolutional networks", CVPR 2017, table 1.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

from relook.networks.backbones.base import Backbone

__all__ = ["DENSENETS", "DenseNet"]

# Layers per block.
DENSENETS = {
    "densenet121": (6, 12, 24, 16),
    "densenet169": (6, 12, 32, 32),
    "densenet201": (6, 12, 48, 32),
}

_STEM = 64
_GROWTH = 32


class DenseNet(Backbone):
    """DenseNet up to the ReLU after its last norm: 1024, 1664 or 1920 channels, stride 32."""

    def __init__(self, name: str, *, padding: str = "symmetric") -> None:
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["conv0"] = nn.Conv2d(3, _STEM, 7, 2, 3, bias=False)
        layers["norm0"] = nn.BatchNorm2d(_STEM)
        layers["relu0"] = nn.ReLU()
        layers["pool0"] = nn.MaxPool2d(3, 2, 1)
        channels = _STEM
        for number, count in enumerate(DENSENETS[name], start=1):
            if number > 1:
                layers[f"transition{number - 1}"] = _transition(channels)
                channels //= 2
            layers[f"denseblock{number}"] = _block(channels, count)
            channels += count * _GROWTH
        layers["norm5"] = nn.BatchNorm2d(channels)
        super().__init__(name, channels=channels, stride=32, padding=padding)
        self.features = nn.Sequential(layers)

    def feature_map(self, pictures: Tensor) -> Tensor:
        """All layers in their order."""
        return functional.relu(self.features(pictures))


class DenseLayer(nn.Module):
    """Adds 32 maps, made from all of its inputs by a 1×1 and a 3×3 convolution."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, 4 * _GROWTH, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * _GROWTH)
        self.conv2 = nn.Conv2d(4 * _GROWTH, _GROWTH, 3, 1, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, inputs + 32, h, w)``."""
        y = self.conv1(functional.relu(self.norm1(x)))
        y = self.conv2(functional.relu(self.norm2(y)))
        return torch.cat([x, y], 1)


def _block(inputs: int, count: int) -> nn.Sequential:
    layers = ((f"denselayer{n + 1}", DenseLayer(inputs + n * _GROWTH)) for n in range(count))
    return nn.Sequential(OrderedDict(layers))


def _transition(inputs: int) -> nn.Sequential:
    """Halve the channels, then the sides."""
    return nn.Sequential(
        OrderedDict(
            norm=nn.BatchNorm2d(inputs),
            relu=nn.ReLU(),
            conv=nn.Conv2d(inputs, inputs // 2, 1, bias=False),
            pool=nn.AvgPool2d(2, 2),
        )
    )
