"""What every backbone is: a module with a name, channels, a stride, and a smallest picture."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from relook.core.errors import ShapeError, UsageError

__all__ = ["Backbone", "check_pictures"]


class Backbone(nn.Module):
    """A fully convolutional network up to its last ReLU.

    Takes ``(B, 3, H, W)`` normalized float pictures and gives the ``(B, C, h, w)`` non-negative
    feature map. A new one is in training mode, with random weights, as modules of torch are.

    Attributes:
        name: what :func:`make_backbone` calls it.
        channels: C.
        stride: pixels of the picture from one cell of the map to the next.
        smallest: least height and width of a picture, never less than the stride.
        padding: ``symmetric`` as torch pads, or ``same`` as TensorFlow pads.
    """

    paddings: ClassVar[tuple[str, ...]] = ("symmetric",)

    def __init__(
        self, name: str, *, channels: int, stride: int, padding: str, smallest: int = 1
    ) -> None:
        super().__init__()
        if padding not in self.paddings:
            raise UsageError(f"padding of {name} must be {' or '.join(self.paddings)}")
        self.name = name
        self.channels = channels
        self.stride = stride
        self.smallest = max(stride, smallest)
        self.padding = padding

    def forward(self, pictures: Tensor) -> Tensor:
        """``(B, 3, H, W)`` normalized pictures to the ``(B, C, h, w)`` feature map.

        Raises:
            ShapeError: no batch of pictures, or a side below ``smallest``. An exported graph
                holds no such check: its runtime has to refuse small pictures itself.
        """
        check_pictures(pictures, smallest=self.smallest, network=self.name)
        return self.feature_map(pictures)

    def feature_map(self, pictures: Tensor) -> Tensor:
        """The network itself; pictures are known to be large enough."""
        raise NotImplementedError


def check_pictures(pictures: Tensor, *, smallest: int, network: str) -> None:
    """Raise :class:`ShapeError` unless these are pictures that are large enough."""
    if pictures.ndim != 4:
        raise ShapeError(f"pictures must be (B, 3, H, W), not {tuple(pictures.shape)}")
    height, width = pictures.shape[-2:]
    if torch.compiler.is_compiling() or not isinstance(height, int):
        return  # while a graph is made, lengths stand for any length
    if min(height, width) < smallest:
        raise ShapeError(
            f"a picture of {width} × {height} pixels is too small for {network}, which needs "
            f"{smallest} on each side: enlarge or pad it"
        )
