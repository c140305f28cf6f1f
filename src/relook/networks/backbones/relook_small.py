"""The network that relook trained itself: a short residual network of stride 16.

Blocks as in He et al., "Deep residual learning for image recognition", CVPR 2016, figure 2; how
many and how wide was chosen for one core of a processor, on which few wide layers at a low
resolution cost least.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from relook.networks.backbones.base import Backbone
from relook.networks.backbones.resnet import BasicBlock

__all__ = ["RELOOK_NETWORKS", "Plan", "RelookNetwork"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How wide and how deep a network is.

    Attributes:
        stem: channels of the first convolution, 5×5 at every other pixel.
        widths: channels of each stage, each at half the resolution of the one before.
        blocks: residual blocks of each stage.
        channels: of the map, made by a last 1×1 convolution.
    """

    stem: int
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    channels: int


RELOOK_NETWORKS = {
    "relook_small": Plan(stem=24, widths=(32, 64, 192), blocks=(1, 2, 3), channels=384),
}
"""By name of the backbone. A plan never changes once weights of it have shipped."""


class RelookNetwork(Backbone):
    """A network of ``RELOOK_NETWORKS``; its stride is 2 for the stem and for each stage.

    Its keys are ``stem.0.weight``, ``stages.0.0.conv1.weight`` with the names of
    :class:`~relook.networks.backbones.resnet.BasicBlock`, and ``last.0.weight``.

    Args:
        name: a key of ``RELOOK_NETWORKS``, or any name where a plan is given.
        padding: ``symmetric``.
        plan: other widths and depths than those of the name.
    """

    def __init__(
        self, name: str = "relook_small", *, padding: str = "symmetric", plan: Plan | None = None
    ) -> None:
        plan = plan or RELOOK_NETWORKS[name]
        stride = 2 ** (1 + len(plan.widths))
        super().__init__(name, channels=plan.channels, stride=stride, padding=padding)
        self.stem = _layer(nn.Conv2d(3, plan.stem, 5, 2, 2, bias=False))
        stages, inputs = [], plan.stem
        for width, blocks in zip(plan.widths, plan.blocks, strict=True):
            rest = [BasicBlock(width, width, 1) for _ in range(blocks - 1)]
            stages.append(nn.Sequential(BasicBlock(inputs, width, 2), *rest))
            inputs = width
        self.stages = nn.Sequential(*stages)
        self.last = _layer(nn.Conv2d(inputs, plan.channels, 1, bias=False))

    def feature_map(self, pictures: Tensor) -> Tensor:
        """All layers in their order."""
        x = functional.relu(self.stem(pictures))
        return functional.relu(self.last(self.stages(x)))


def _layer(conv: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels))
