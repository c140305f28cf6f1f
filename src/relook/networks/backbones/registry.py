"""Backbones by name."""

from __future__ import annotations

from collections.abc import Callable

from relook.core.errors import UsageError
from relook.networks.backbones.alexnet import AlexNet
from relook.networks.backbones.base import Backbone
from relook.networks.backbones.densenet import DENSENETS, DenseNet
from relook.networks.backbones.googlenet import GoogLeNet
from relook.networks.backbones.inception_v3 import InceptionV3
from relook.networks.backbones.mobilenet_v1 import MOBILENETS_V1, MobileNetV1
from relook.networks.backbones.mobilenet_v2 import MobileNetV2
from relook.networks.backbones.relook_small import RELOOK_NETWORKS, RelookNetwork
from relook.networks.backbones.resnet import RESNETS, ResNet
from relook.networks.backbones.timm_model import PREFIX, TimmBackbone
from relook.networks.backbones.vgg import VGGS, Vgg

__all__ = ["BACKBONES", "make_backbone"]

BACKBONES: dict[str, Callable[..., Backbone]] = {
    "alexnet": AlexNet,
    **dict.fromkeys(VGGS, Vgg),
    **dict.fromkeys(RESNETS, ResNet),
    **dict.fromkeys(DENSENETS, DenseNet),
    "googlenet": GoogLeNet,
    "inception_v3": InceptionV3,
    **dict.fromkeys(MOBILENETS_V1, MobileNetV1),
    "mobilenet_v2": MobileNetV2,
    **dict.fromkeys(RELOOK_NETWORKS, RelookNetwork),
}


def make_backbone(name: str, *, padding: str = "symmetric") -> Backbone:
    """A backbone with random weights, as torch initializes them.

    Args:
        name: a key of ``BACKBONES``, or ``timm/NAME`` where timm is installed.
        padding: ``symmetric`` as torch pads, or for the MobileNets ``same`` as TensorFlow pads.

    Raises:
        UsageError: there is no such backbone, or it does not pad like this.
    """
    if name.startswith(PREFIX):
        return TimmBackbone(name, padding=padding)
    if name not in BACKBONES:
        raise UsageError(f"no backbone {name!r}; there are {', '.join(BACKBONES)}, {PREFIX}NAME")
    return BACKBONES[name](name, padding=padding)
