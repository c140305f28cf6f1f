"""The five blocks of Inception version 3: branches of convolutions, their maps side by side.

Source: Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016,
figures 5 to 7 and 10.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from relook.networks.backbones.conv_norm import ConvNorm

__all__ = ["Factorized", "Grid", "Reduced", "Shrunk", "Widened"]


class Grid(nn.Module):
    """Figure 5: 1×1, 5×5, two 3×3 in turn, and pooled."""

    def __init__(self, inputs: int, *, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = ConvNorm(inputs, 64, 1)
        self.branch5x5_1 = ConvNorm(inputs, 48, 1)
        self.branch5x5_2 = ConvNorm(48, 64, 5, padding=2)
        self.branch3x3dbl_1 = ConvNorm(inputs, 64, 1)
        self.branch3x3dbl_2 = ConvNorm(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = ConvNorm(96, 96, 3, padding=1)
        self.branch_pool = ConvNorm(inputs, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, 224 + pooled, h, w)``."""
        wide = self.branch5x5_2(self.branch5x5_1(x))
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch1x1(x), wide, double, self.branch_pool(_average(x))], 1)


class Reduced(nn.Module):
    """Figure 10: half the sides, by strided convolutions and by max-pooling."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch3x3 = ConvNorm(inputs, 384, 3, stride=2)
        self.branch3x3dbl_1 = ConvNorm(inputs, 64, 1)
        self.branch3x3dbl_2 = ConvNorm(64, 96, 3, padding=1)
        self.branch3x3dbl_3 = ConvNorm(96, 96, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, 480 + inputs, h / 2, w / 2)``."""
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, functional.max_pool2d(x, 3, 2)], 1)


class Factorized(nn.Module):
    """Figure 6: 7×7 as 1×7 and 7×1, once and twice."""

    def __init__(self, inputs: int, *, narrow: int) -> None:
        super().__init__()
        self.branch1x1 = ConvNorm(inputs, 192, 1)
        self.branch7x7_1 = ConvNorm(inputs, narrow, 1)
        self.branch7x7_2 = _row(narrow, narrow, 7)
        self.branch7x7_3 = _column(narrow, 192, 7)
        self.branch7x7dbl_1 = ConvNorm(inputs, narrow, 1)
        self.branch7x7dbl_2 = _column(narrow, narrow, 7)
        self.branch7x7dbl_3 = _row(narrow, narrow, 7)
        self.branch7x7dbl_4 = _column(narrow, narrow, 7)
        self.branch7x7dbl_5 = _row(narrow, 192, 7)
        self.branch_pool = ConvNorm(inputs, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, 768, h, w)``."""
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return torch.cat([self.branch1x1(x), once, twice, self.branch_pool(_average(x))], 1)


class Shrunk(nn.Module):
    """Half the sides after 7×7 filters, as figure 10 does after 3×3."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch3x3_1 = ConvNorm(inputs, 192, 1)
        self.branch3x3_2 = ConvNorm(192, 320, 3, stride=2)
        self.branch7x7x3_1 = ConvNorm(inputs, 192, 1)
        self.branch7x7x3_2 = _row(192, 192, 7)
        self.branch7x7x3_3 = _column(192, 192, 7)
        self.branch7x7x3_4 = ConvNorm(192, 192, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, 512 + inputs, h / 2, w / 2)``."""
        small = self.branch3x3_2(self.branch3x3_1(x))
        large = self.branch7x7x3_2(self.branch7x7x3_1(x))
        large = self.branch7x7x3_4(self.branch7x7x3_3(large))
        return torch.cat([small, large, functional.max_pool2d(x, 3, 2)], 1)


class Widened(nn.Module):
    """Figure 7: 1×3 and 3×1 side by side, where the map is coarsest."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.branch1x1 = ConvNorm(inputs, 320, 1)
        self.branch3x3_1 = ConvNorm(inputs, 384, 1)
        self.branch3x3_2a = _row(384, 384, 3)
        self.branch3x3_2b = _column(384, 384, 3)
        self.branch3x3dbl_1 = ConvNorm(inputs, 448, 1)
        self.branch3x3dbl_2 = ConvNorm(448, 384, 3, padding=1)
        self.branch3x3dbl_3a = _row(384, 384, 3)
        self.branch3x3dbl_3b = _column(384, 384, 3)
        self.branch_pool = ConvNorm(inputs, 192, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, 2048, h, w)``."""
        single = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        branches = [
            self.branch1x1(x),
            self.branch3x3_2a(single),
            self.branch3x3_2b(single),
            self.branch3x3dbl_3a(double),
            self.branch3x3dbl_3b(double),
            self.branch_pool(_average(x)),
        ]
        return torch.cat(branches, 1)


def _row(inputs: int, outputs: int, length: int) -> ConvNorm:
    return ConvNorm(inputs, outputs, (1, length), padding=(0, length // 2))


def _column(inputs: int, outputs: int, length: int) -> ConvNorm:
    return ConvNorm(inputs, outputs, (length, 1), padding=(length // 2, 0))


def _average(x: Tensor) -> Tensor:
    """3×3 means that count the zeros beyond the border, as the weights were trained."""
    return functional.avg_pool2d(x, 3, 1, 1)
