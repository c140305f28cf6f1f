"""Convolution, batch norm and ReLU as one layer, as the Inception networks have it."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ConvNorm"]


class ConvNorm(nn.Module):
    """A convolution without bias, a batch norm with ε = 0.001, a ReLU; keys ``conv`` and ``bn``."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        *,
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, outputs, h', w')``."""
        return functional.relu(self.bn(self.conv(x)))
