"""The network that relook trained itself: few full convolutions, most of them at stride 16.

A block widens with a full 3 × 3 convolution, and narrows with a 1 × 1 convolution that no ReLU
follows: the block of Sandler et al., "MobileNetV2", CVPR 2018, with its two first convolutions
fused into one as in Gupta and Akin, "Accelerator-aware neural network design using AutoML", 2020.
Processors run it faster than depthwise filters, and the narrow maps between blocks are what a
teacher with the same widths can show directly.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from relook.networks.backbones.base import Backbone

__all__ = ["RELOOK_NETWORKS", "Plan", "RelookNetwork", "Stage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Blocks of one width.

    Attributes:
        width: channels of the narrow maps between blocks.
        hidden: channels of the wide map within each block.
        stride: of the first block.
    """

    width: int
    hidden: tuple[int, ...]
    stride: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How wide and how deep a network is.

    Attributes:
        stem: channels of the first convolution, 7 × 7 at every fourth pixel.
        stages: what follows.
        channels: of the map, made by a last 1 × 1 convolution.
    """

    stem: int
    stages: tuple[Stage, ...]
    channels: int


RELOOK_NETWORKS = {
    "relook_small": Plan(
        stem=48,
        stages=(
            Stage(width=24, hidden=(48,), stride=1),
            Stage(width=32, hidden=(96, 128), stride=2),
            Stage(width=64, hidden=(192, 256, 256, 256), stride=2),
            Stage(width=96, hidden=(288, 384, 384), stride=1),
        ),
        channels=576,
    ),
}
"""By name of the backbone. A plan never changes once weights of it have shipped."""


class RelookNetwork(Backbone):
    """A network of ``RELOOK_NETWORKS``; its stride is 4 for the stem times those of the stages.

    Its keys are ``stem.0.weight``, ``stages.0.0.widen.0.weight``, ``stages.0.0.narrow.0.weight``
    and ``last.0.weight``, each with its batch normalization as number 1.

    Args:
        name: a key of ``RELOOK_NETWORKS``, or any name where a plan is given.
        padding: ``symmetric``.
        plan: other widths and depths than those of the name.
    """

    def __init__(
        self, name: str = "relook_small", *, padding: str = "symmetric", plan: Plan | None = None
    ) -> None:
        plan = plan or RELOOK_NETWORKS[name]
        stride = 4
        for stage in plan.stages:
            stride *= stage.stride
        super().__init__(name, channels=plan.channels, stride=stride, padding=padding)
        self.stem = _layer(nn.Conv2d(3, plan.stem, 7, 4, 3, bias=False))
        stages, inputs = [], plan.stem
        for stage in plan.stages:
            blocks = []
            for place, hidden in enumerate(stage.hidden):
                step = stage.stride if place == 0 else 1
                blocks.append(FusedBlock(inputs, stage.width, hidden, step))
                inputs = stage.width
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.last = _layer(nn.Conv2d(inputs, plan.channels, 1, bias=False))

    def feature_map(self, pictures: Tensor) -> Tensor:
        """All layers in their order."""
        x = functional.relu(self.stem(pictures))
        return functional.relu(self.last(self.stages(x)))


class FusedBlock(nn.Module):
    """Widen with 3 × 3, narrow with 1 × 1; a shortcut where shapes are equal."""

    def __init__(self, inputs: int, outputs: int, hidden: int, stride: int) -> None:
        super().__init__()
        self.widen = _layer(nn.Conv2d(inputs, hidden, 3, stride, 1, bias=False))
        self.narrow = _layer(nn.Conv2d(hidden, outputs, 1, bias=False))
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` → ``(B, outputs, H / stride, W / stride)``."""
        y: Tensor = self.narrow(functional.relu(self.widen(x)))
        return x + y if self.shortcut else y


def _layer(conv: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels))
