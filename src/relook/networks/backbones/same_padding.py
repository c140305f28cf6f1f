"""TensorFlow's SAME padding without arithmetic on shapes.

With stride 2, SAME pads a side of odd length by one pixel at both ends, and one of even length at
its far end only. So windows are aligned to the near end in one case and not in the other, but to
the far end in both, where the padding is always one pixel. Seen in a picture turned by 180°, SAME
is therefore torch's symmetric padding, for every size. A network turns its picture once, uses its
kernels turned, and turns the feature map back: no padding that depends on the size, which an
exported graph would have to compute, and no copy per layer.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from relook.networks.backbones.base import Backbone

__all__ = ["SamePaddedBackbone", "conv3x3"]


class TurnedConv2d(nn.Conv2d):
    """A convolution of a turned picture: its kernel is kept upright and applied turned."""

    def forward(self, turned: Tensor) -> Tensor:
        """``(B, C, H, W)`` turned by 180°, to the turned result."""
        kernel = self.weight.flip(2, 3)
        return functional.conv2d(
            turned, kernel, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


def conv3x3(
    inputs: int, outputs: int, *, stride: int = 1, groups: int = 1, padding: str
) -> nn.Conv2d:
    """A 3×3 convolution without bias for a backbone that pads like this."""
    kind = TurnedConv2d if padding == "same" else nn.Conv2d
    return kind(inputs, outputs, 3, stride, 1, groups=groups, bias=False)


class SamePaddedBackbone(Backbone):
    """A backbone of 1×1 and 3×3 convolutions that can pad as TensorFlow does."""

    paddings = ("symmetric", "same")

    def feature_map(self, pictures: Tensor) -> Tensor:
        """The network itself, on pictures turned by 180° where padding is SAME."""
        if self.padding == "same":
            return self.layers(pictures.flip(2, 3)).flip(2, 3)
        return self.layers(pictures)

    def layers(self, pictures: Tensor) -> Tensor:
        """All layers in their order."""
        raise NotImplementedError
