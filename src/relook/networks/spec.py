"""What a network is, apart from its weights: plain settings that need no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from relook.core.errors import UsageError

__all__ = ["IMAGENET_MEAN", "IMAGENET_STD", "NetworkSpec"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """Everything that decides what a network computes, save the numbers in its weights.

    The network takes ``(B, H, W, 3)`` uint8 RGB and gives ``(B, D)`` l2-normalized vectors,
    ``(B, R, D)`` for regional poolings, or the ``(B, C, h, w)`` feature map where ``pooling`` is
    empty.

    Attributes:
        backbone: a name that :func:`relook.networks.backbones.make_backbone` knows.
        layer: an inner layer that gives the map, such as ``features.14.conv.0``, by the name that
            its weights have; empty for the last.
        padding: ``symmetric``, or ``same`` as TensorFlow pads (the MobileNets).
        pooling: a name that :func:`relook.networks.pooling.make_pooling` knows; empty: the map.
        options: settings of the pooling, such as ``{"p": 3.0}``.
        whitening: outputs of a linear layer after the pooling, followed by l2; 0 for none.
        mean: subtracted per channel from pixels in [0, 1].
        std: what the difference is divided by.
    """

    backbone: str
    layer: str = ""
    padding: str = "symmetric"
    pooling: str = "gem"
    options: Mapping[str, Any] | None = None
    whitening: int = 0
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def __post_init__(self) -> None:
        if self.padding not in ("symmetric", "same"):
            raise UsageError(f"padding must be symmetric or same, not {self.padding!r}")
        if self.whitening < 0 or min(self.std) <= 0:
            raise UsageError("whitening must be 0 or more outputs, and std above 0")

    def to_json(self) -> str:
        """The settings in a fixed order."""
        return json.dumps(asdict(self) | {"options": dict(self.options or {})}, sort_keys=True)

    @property
    def digest(self) -> str:
        """Equal for equal settings."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]
