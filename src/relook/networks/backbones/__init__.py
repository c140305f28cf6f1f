"""Backbones: pictures in, feature maps out. Our own definitions under torchvision's names.

Every network is fully convolutional and ends after its last ReLU. Nothing is downloaded: weights
are brought by :mod:`relook.networks.weights` and put in by :func:`load_state`. The names below
are imported when they are first asked for, because all but :mod:`.mobilenet_keys` need torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from relook.core.errors import UsageError

if TYPE_CHECKING:
    from relook.networks.backbones.base import Backbone
    from relook.networks.backbones.neural_codes import NeuralCodes
    from relook.networks.backbones.registry import BACKBONES, make_backbone
    from relook.networks.backbones.state import load_state

__all__ = ["BACKBONES", "Backbone", "NeuralCodes", "load_state", "make_backbone"]

_HOMES = {
    "BACKBONES": "registry",
    "Backbone": "base",
    "NeuralCodes": "neural_codes",
    "load_state": "state",
    "make_backbone": "registry",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UsageError('backbones need torch: pip install "relook[networks]"') from error
    return getattr(home, name)
