"""MobileNet version 2: inverted residuals with linear bottlenecks. torchvision's keys.

Source: Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018,
table 2.
"""

from __future__ import annotations

from torch import Tensor, nn

from relook.networks.backbones.same_padding import SamePaddedBackbone, conv3x3

__all__ = ["MobileNetV2"]

# Expansion, outputs, repeats, stride of the first.
_STAGES = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
    (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
]  # fmt: skip


class MobileNetV2(SamePaddedBackbone):
    """MobileNet version 2 at width 1: 1280 channels, stride 32, ReLU6."""

    def __init__(self, name: str = "mobilenet_v2", *, padding: str = "symmetric") -> None:
        super().__init__(name, channels=1280, stride=32, padding=padding)
        layers: list[nn.Module] = [_layer(conv3x3(3, 32, stride=2, padding=padding))]
        inputs = 32
        for expansion, outputs, repeats, first in _STAGES:
            for stride in [first] + [1] * (repeats - 1):
                layers.append(InvertedResidual(inputs, outputs, expansion, stride, padding=padding))
                inputs = outputs
        layers.append(_layer(nn.Conv2d(inputs, 1280, 1, bias=False)))
        self.features = nn.Sequential(*layers)

    def layers(self, pictures: Tensor) -> Tensor:
        """All layers in their order."""
        result: Tensor = self.features(pictures)
        return result


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project without ReLU; a shortcut where shapes are equal."""

    def __init__(
        self, inputs: int, outputs: int, expansion: int, stride: int, *, padding: str
    ) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers.append(_layer(nn.Conv2d(inputs, hidden, 1, bias=False)))
        layers.append(
            _layer(conv3x3(hidden, hidden, stride=stride, groups=hidden, padding=padding))
        )
        layers += [nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
        self.conv = nn.Sequential(*layers)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, outputs, h / stride, w / stride)``."""
        result: Tensor = self.conv(x)
        return x + result if self.shortcut else result


def _layer(conv: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU6())
