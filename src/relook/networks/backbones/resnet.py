"""ResNet with torchvision's keys, and its stride on the 3×3 convolution of a bottleneck.

Source: He et al., "Deep residual learning for image recognition", CVPR 2016, table 1.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from relook.networks.backbones.base import Backbone

__all__ = ["RESNETS", "ResNet"]


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _projection(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, width, h / stride, w / stride)``."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions and a shortcut."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = _projection(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, h, w)`` to ``(B, 4 width, h / stride, w / stride)``."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


# Kind of block, blocks per stage.
RESNETS: dict[str, tuple[type[BasicBlock] | type[Bottleneck], tuple[int, int, int, int]]] = {
    "resnet18": (BasicBlock, (2, 2, 2, 2)),
    "resnet34": (BasicBlock, (3, 4, 6, 3)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
    "resnet101": (Bottleneck, (3, 4, 23, 3)),
    "resnet152": (Bottleneck, (3, 8, 36, 3)),
}


class ResNet(Backbone):
    """ResNet up to its last residual block: 512 or 2048 channels, stride 32."""

    def __init__(self, name: str, *, padding: str = "symmetric") -> None:
        kind, (first, second, third, fourth) = RESNETS[name]
        wide = kind.expansion
        super().__init__(name, channels=512 * wide, stride=32, padding=padding)
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = _stage(kind, 64, 64, first, stride=1)
        self.layer2 = _stage(kind, 64 * wide, 128, second, stride=2)
        self.layer3 = _stage(kind, 128 * wide, 256, third, stride=2)
        self.layer4 = _stage(kind, 256 * wide, 512, fourth, stride=2)

    def feature_map(self, pictures: Tensor) -> Tensor:
        """All layers in their order."""
        x = self.maxpool(functional.relu(self.bn1(self.conv1(pictures))))
        result: Tensor = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return result


def _stage(
    kind: type[BasicBlock] | type[Bottleneck], inputs: int, width: int, blocks: int, *, stride: int
) -> nn.Sequential:
    rest = [kind(width * kind.expansion, width, 1) for _ in range(blocks - 1)]
    return nn.Sequential(kind(inputs, width, stride), *rest)


def _projection(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    if inputs == outputs and stride == 1:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
