"""Inception version 3 with torchvision's keys.

torchvision's weights expect pictures in [−1, 1]: mean and standard deviation 0.5, not ImageNet's.

Source: Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016,
table 1.
"""

from __future__ import annotations

from torch import Tensor, nn

from relook.networks.backbones.base import Backbone
from relook.networks.backbones.conv_norm import ConvNorm
from relook.networks.backbones.inception_blocks import Factorized, Grid, Reduced, Shrunk, Widened

__all__ = ["InceptionV3"]


class InceptionV3(Backbone):
    """Inception version 3 without its auxiliary classifier: 2048 channels, stride 32."""

    def __init__(self, name: str = "inception_v3", *, padding: str = "symmetric") -> None:
        # Most layers pad nothing: 75 pixels leave 7, 3 and 1 in the three kinds of blocks.
        super().__init__(name, channels=2048, stride=32, padding=padding, smallest=75)
        self.Conv2d_1a_3x3 = ConvNorm(3, 32, 3, stride=2)
        self.Conv2d_2a_3x3 = ConvNorm(32, 32, 3)
        self.Conv2d_2b_3x3 = ConvNorm(32, 64, 3, padding=1)
        self.maxpool1 = nn.MaxPool2d(3, 2)
        self.Conv2d_3b_1x1 = ConvNorm(64, 80, 1)
        self.Conv2d_4a_3x3 = ConvNorm(80, 192, 3)
        self.maxpool2 = nn.MaxPool2d(3, 2)
        self.Mixed_5b = Grid(192, pooled=32)
        self.Mixed_5c = Grid(256, pooled=64)
        self.Mixed_5d = Grid(288, pooled=64)
        self.Mixed_6a = Reduced(288)
        self.Mixed_6b = Factorized(768, narrow=128)
        self.Mixed_6c = Factorized(768, narrow=160)
        self.Mixed_6d = Factorized(768, narrow=160)
        self.Mixed_6e = Factorized(768, narrow=192)
        self.Mixed_7a = Shrunk(768)
        self.Mixed_7b = Widened(1280)
        self.Mixed_7c = Widened(2048)

    def feature_map(self, pictures: Tensor) -> Tensor:
        """All layers in their order, which is the order of their definition."""
        x = pictures
        for layer in self.children():
            x = layer(x)
        return x
