"""Any network of timm, where timm is installed: ``timm/NAME``, with timm's keys."""

from __future__ import annotations

import importlib
from typing import Any

from torch import Tensor

from relook.core.errors import UsageError
from relook.networks.backbones.base import Backbone

__all__ = ["PREFIX", "TimmBackbone"]

PREFIX = "timm/"


class TimmBackbone(Backbone):
    """A network of timm without its classifier, up to the last map that it makes.

    Maps of networks without a last ReLU have negative numbers too. Transformers give their patch
    tokens as a map.
    """

    def __init__(self, name: str, *, padding: str = "symmetric") -> None:
        model = _create(name.removeprefix(PREFIX))
        reduction = int(model.feature_info[-1]["reduction"])
        super().__init__(name, channels=int(model.num_features), stride=reduction, padding=padding)
        self.model = model

    def feature_map(self, pictures: Tensor) -> Tensor:
        """The last map, channels first."""
        found: Tensor = self.model.forward_features(pictures)
        return found


def _create(name: str) -> Any:
    try:
        timm = importlib.import_module("timm")
    except ModuleNotFoundError as error:
        raise UsageError(f"{PREFIX}{name} needs timm: pip install timm") from error
    return timm.create_model(name, pretrained=False, num_classes=0)
