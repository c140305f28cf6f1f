"""Any network of timm, where timm is installed: ``timm/NAME``."""

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

    The map has negative numbers where the network does not end in a ReLU. That of a transformer
    is its patch tokens, after the last norm.

    Attributes:
        model: the network itself; its keys are timm's.
    """

    def __init__(self, name: str, *, padding: str = "symmetric") -> None:
        model = _create(name.removeprefix(PREFIX))
        stride = int(model.feature_info[-1]["reduction"])
        super().__init__(name, channels=int(model.num_features), stride=stride, padding=padding)
        self.model = model

    def feature_map(self, pictures: Tensor) -> Tensor:
        """The last map, channels first."""
        found: Tensor
        if hasattr(self.model, "num_prefix_tokens"):  # a transformer: tokens in no grid
            (found,) = self.model.forward_intermediates(
                pictures, indices=1, norm=True, output_fmt="NCHW", intermediates_only=True
            )
            return found
        found = self.model.forward_features(pictures)
        last = getattr(self.model, "output_fmt", "NCHW") == "NHWC"
        return found.permute(0, 3, 1, 2) if last else found


def _create(name: str) -> Any:
    try:
        timm = importlib.import_module("timm")
    except ModuleNotFoundError as error:
        raise UsageError(f"{PREFIX}{name} needs timm: pip install timm") from error
    if not timm.is_model(name):  # a name of a model hub is refused too: nothing is downloaded
        raise UsageError(f"timm knows no model {name!r}; timm.list_models() lists them")
    try:  # transformers take pictures of any size only when told so
        return timm.create_model(
            name, pretrained=False, num_classes=0, dynamic_img_size=True, dynamic_img_pad=True
        )
    except TypeError:
        return timm.create_model(name, pretrained=False, num_classes=0)
