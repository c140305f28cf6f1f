"""ALIKED: a score map for key points, and descriptors gathered around each of them.

Source: Zhao, Wu, Chen, Chen, Xu, "ALIKED: a lighter keypoint and descriptor extraction network via
deformable transformation", IEEE Transactions on Instrumentation and Measurement 2023, sections III
and IV. Modules carry the names of the published weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from relook.networks.local.deformable import DeformableConv2d, sample
from relook.networks.local.peaks import find_peaks

__all__ = ["AlikedNetwork"]

_CHANNELS = (16, 32, 64, 128)
_DIMS = 128
_PLACES = 16
CELL = 32
"""Sides of pictures are multiples of so many pixels."""


class AlikedNetwork(nn.Module):
    """ALIKED-N(16): 128 dimensions, 16 deformable places per descriptor.

    Four levels of features at strides 1, 2, 8 and 32 become 32 channels each. They are never
    enlarged to the picture's size all together: the first layer of the score head is linear, so it
    comes before the enlargement, and descriptors read the levels where they need them.
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third, fourth = _CHANNELS
        self.block1 = _Plain(3, first)
        self.block2 = _Residual(first, second, deformable=False)
        self.block3 = _Residual(second, third, deformable=True)
        self.block4 = _Residual(third, fourth, deformable=True)
        self.conv1 = nn.Conv2d(first, _DIMS // 4, 1, bias=False)
        self.conv2 = nn.Conv2d(second, _DIMS // 4, 1, bias=False)
        self.conv3 = nn.Conv2d(third, _DIMS // 4, 1, bias=False)
        self.conv4 = nn.Conv2d(fourth, _DIMS // 4, 1, bias=False)
        self.score_head = nn.Sequential(
            nn.Conv2d(_DIMS, 8, 1, bias=False), nn.SELU(),
            nn.Conv2d(8, 4, 3, padding=1, bias=False), nn.SELU(),
            nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.SELU(),
            nn.Conv2d(4, 1, 3, padding=1, bias=False),
        )  # fmt: skip
        self.desc_head = _DescriptorHead()

    def forward(self, images: Tensor, *, count: int, least: float) -> tuple[Tensor, Tensor, Tensor]:
        """Key points of one picture.

        Args:
            images: ``(1, h, w, 3)`` uint8 RGB, sides multiples of 32.
            count: at most this many.
            least: smallest score.

        Returns:
            ``(N, 2)`` (x, y) in pixels, ``(N,)`` scores, ``(N, 128)`` l2-normalized descriptors.
        """
        levels = self.features(images.permute(0, 3, 1, 2).to(torch.float32) / 255)
        scores = self.scores(levels)[0, 0]
        points, strengths = find_peaks(scores, count=count, least=least)
        return points, strengths, self.desc_head(levels, points)

    def features(self, pictures: Tensor) -> list[Tensor]:
        """``(B, 3, h, w)`` in [0, 1] to 32 channels at strides 1, 2, 8 and 32."""
        first = self.block1(pictures)
        second = self.block2(functional.avg_pool2d(first, 2))
        third = self.block3(functional.avg_pool2d(second, 4))
        fourth = self.block4(functional.avg_pool2d(third, 4))
        pairs = zip(
            (self.conv1, self.conv2, self.conv3, self.conv4),
            (first, second, third, fourth), strict=True,
        )  # fmt: skip
        return [functional.selu(conv(level)) for conv, level in pairs]

    def scores(self, levels: Sequence[Tensor]) -> Tensor:
        """The ``(B, 1, h, w)`` score map, from 0 to 1."""
        mixing = self.score_head.get_parameter("0.weight").chunk(4, dim=1)
        size = levels[0].shape[-2:]
        mixed = functional.conv2d(levels[0], mixing[0])
        for level, kernel in zip(levels[1:], mixing[1:], strict=True):
            small = functional.conv2d(level, kernel)
            mixed = mixed + functional.interpolate(
                small, size=size, mode="bilinear", align_corners=True
            )
        result: Tensor = torch.sigmoid(self.score_head[1:](mixed))
        return result


class _Plain(nn.Module):
    """Two convolutions with batch normalization and SELU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, outputs, h, w)``."""
        x = functional.selu(self.bn1(self.conv1(x)))
        return functional.selu(self.bn2(self.conv2(x)))


class _Residual(nn.Module):
    """The same with a shortcut, and with deformable convolutions in the deeper blocks."""

    def __init__(self, inputs: int, outputs: int, *, deformable: bool) -> None:
        super().__init__()
        self.conv1 = _conv3x3(inputs, outputs, deformable=deformable)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = _conv3x3(outputs, outputs, deformable=deformable)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, outputs, h, w)``."""
        inner = self.bn2(self.conv2(functional.selu(self.bn1(self.conv1(x)))))
        return functional.selu(inner + self.downsample(x))


class _DescriptorHead(nn.Module):
    """The sparse deformable descriptor head: looks at 16 places that depend on the key point."""

    def __init__(self) -> None:
        super().__init__()
        self.agg_weights = nn.Parameter(torch.zeros(_PLACES, _DIMS, _DIMS))
        self.offset_conv = nn.Sequential(
            nn.Conv2d(_DIMS, 2 * _PLACES, 3), nn.SELU(), nn.Conv2d(2 * _PLACES, 2 * _PLACES, 1)
        )
        self.sf_conv = nn.Conv2d(_DIMS, _DIMS, 1, bias=False)

    def forward(self, levels: Sequence[Tensor], points: Tensor) -> Tensor:
        """Levels of one picture and ``(N, 2)`` points to ``(N, 128)`` l2-normalized descriptors."""
        if not len(points):
            return points.new_zeros((0, _DIMS))
        height, width = levels[0].shape[-2:]
        farthest = max(height, width) / 4
        steps = torch.arange(-1.0, 2.0, device=points.device)
        below, beside = torch.meshgrid(steps, steps, indexing="ij")
        window = torch.stack([beside.flatten(), below.flatten()], dim=1)
        patches = _read(levels, points.long().to(points.dtype)[:, None] + window)
        moved = self.offset_conv(patches.view(-1, _DIMS, 3, 3))
        # First the x of all places, then their y.
        places = moved.clamp(-farthest, farthest).view(-1, 2, _PLACES).transpose(1, 2)
        values = _read(levels, points[:, None] + places)
        values = functional.selu(self.sf_conv(values[..., None]))[..., 0]
        rows = torch.einsum("ncp,pcd->nd", values, self.agg_weights)
        return functional.normalize(rows, dim=1)


def _read(levels: Sequence[Tensor], points: Tensor) -> Tensor:
    """The l2-normalized features at ``(N, P, 2)`` points of the first level: ``(N, 128, P)``.

    Points beyond the border read zero.
    """
    last = torch.tensor(levels[0].shape[:1:-1], device=points.device, dtype=points.dtype) - 1
    parts = []
    for level in levels:
        own = torch.tensor(level.shape[:1:-1], device=points.device, dtype=points.dtype) - 1
        parts.append(sample(level, (points * (own / last))[None])[0])
    return functional.normalize(torch.cat(parts).transpose(0, 1), dim=1)


def _conv3x3(inputs: int, outputs: int, *, deformable: bool) -> nn.Module:
    if deformable:
        return DeformableConv2d(inputs, outputs)
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
