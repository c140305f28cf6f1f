"""Convolutions whose taps move with the picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["DeformableConv2d", "sample"]


class DeformableConv2d(nn.Module):
    """A 3 × 3 convolution that reads each tap beside its place, by an offset it computes itself.

    Offsets of the taps are computed by an ordinary convolution, (y, x) of each tap in turn, and are
    held to a quarter of the longer side. Beyond the border is zero.

    Source: Dai et al., "Deformable convolutional networks", ICCV 2017, equation 2.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.offset_conv = nn.Conv2d(inputs, 18, 3, padding=1)
        self.regular_conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, outputs, h, w)``."""
        batch, _, height, width = x.shape
        farthest = max(height, width) / 4
        moved = self.offset_conv(x).clamp(-farthest, farthest).view(batch, 9, 2, height, width)
        rows = torch.arange(height, dtype=x.dtype, device=x.device)[:, None]
        columns = torch.arange(width, dtype=x.dtype, device=x.device)
        taps = []
        for tap in range(9):
            below, beside = divmod(tap, 3)
            points = (
                columns + (beside - 1) + moved[:, tap, 1],
                rows + (below - 1) + moved[:, tap, 0],
            )
            taps.append(sample(x, torch.stack(points, dim=-1)))
        kernel = self.regular_conv.weight.permute(0, 2, 3, 1).flatten(1)[:, :, None, None]
        return functional.conv2d(torch.cat(taps, dim=1), kernel)


def sample(x: Tensor, points: Tensor) -> Tensor:
    """Values between pixels: ``(B, C, h, w)`` at ``(B, n, m, 2)`` (x, y) to ``(B, C, n, m)``.

    Bilinear; beyond the border is zero.
    """
    height, width = x.shape[-2:]
    last = torch.tensor([max(width - 1, 1), max(height - 1, 1)], dtype=x.dtype, device=x.device)
    return functional.grid_sample(
        x, points * (2 / last) - 1, mode="bilinear", padding_mode="zeros", align_corners=True
    )
