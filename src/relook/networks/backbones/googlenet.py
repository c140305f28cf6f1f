"""GoogLeNet with batch norm, as torchvision publishes it: its keys, and 3×3 in place of 5×5.

torchvision's weights expect pictures in [−1, 1]: mean and standard deviation 0.5, not ImageNet's.

Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015, table 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from relook.networks.backbones.base import Backbone
from relook.networks.backbones.conv_norm import ConvNorm

__all__ = ["GoogLeNet"]


class GoogLeNet(Backbone):
    """GoogLeNet without its auxiliary classifiers: 1024 channels, stride 32."""

    def __init__(self, name: str = "googlenet", *, padding: str = "symmetric") -> None:
        super().__init__(name, channels=1024, stride=32, padding=padding)
        self.conv1 = ConvNorm(3, 64, 7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = ConvNorm(64, 64, 1)
        self.conv3 = ConvNorm(64, 192, 3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception3a = Inception(192, 64, (96, 128), (16, 32), 32)
        self.inception3b = Inception(256, 128, (128, 192), (32, 96), 64)
        self.maxpool3 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception4a = Inception(480, 192, (96, 208), (16, 48), 64)
        self.inception4b = Inception(512, 160, (112, 224), (24, 64), 64)
        self.inception4c = Inception(512, 128, (128, 256), (24, 64), 64)
        self.inception4d = Inception(512, 112, (144, 288), (32, 64), 64)
        self.inception4e = Inception(528, 256, (160, 320), (32, 128), 128)
        self.maxpool4 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.inception5a = Inception(832, 256, (160, 320), (32, 128), 128)
        self.inception5b = Inception(832, 384, (192, 384), (48, 128), 128)

    def feature_map(self, pictures: Tensor) -> Tensor:
        """All layers in their order, which is the order of their definition."""
        x = pictures
        for layer in self.children():
            x = layer(x)
        return x


class Inception(nn.Module):
    """Four views of the same map, one beside the other: 1×1, 3×3, a second 3×3, and pooled."""

    def __init__(
        self, inputs: int, single: int, middle: tuple[int, int], wide: tuple[int, int], pooled: int
    ) -> None:
        super().__init__()
        self.branch1 = ConvNorm(inputs, single, 1)
        self.branch2 = _narrow_and_filter(inputs, *middle)
        self.branch3 = _narrow_and_filter(inputs, *wide)
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), ConvNorm(inputs, pooled, 1))

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, sum of the branches, h, w)``."""
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


def _narrow_and_filter(inputs: int, narrow: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(ConvNorm(inputs, narrow, 1), ConvNorm(narrow, outputs, 3, padding=1))
