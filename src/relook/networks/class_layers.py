"""The last layers of a classifier as convolutions, so that they take maps of any size.

Source: Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation", 2015.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relook.core.errors import FormatError
from relook.networks.backbones import Backbone

__all__ = ["class_layers", "is_of_classes"]

_NAMES = re.compile(
    r"(?:backbone\.|pool\.)?(?:classify|classifier|fc|head|head\.fc)(?:\.(\d+))?\.(weight|bias)"
)

# The max-pooling between a backbone's map and its first fully connected layer: side, stride.
_POOLINGS = {"alexnet": (3, 2), "vgg": (2, 2)}


def is_of_classes(name: str) -> bool:
    """Whether a tensor of this name belongs to the layers of the classes."""
    return _NAMES.fullmatch(name) is not None


def class_layers(
    state: Mapping[str, NDArray[Any] | Tensor], backbone: Backbone
) -> nn.Sequential | None:
    """The layers that a state has for classes, ``(B, C, h, w)`` → ``(B, K, h', w')``.

    A fully connected layer on the average of the map becomes a 1 × 1 convolution; one on a grid of
    it (AlexNet, VGG) a convolution as large as the grid, after the max-pooling before it.

    Args:
        state: of the classifier, in the names of torchvision, timm, or ours.
        backbone: what gives the map.

    Returns:
        None where the state has no such layers.

    Raises:
        FormatError: they do not fit the backbone's map.
    """
    found: dict[int, dict[str, Tensor]] = {}
    for name, value in state.items():
        match = _NAMES.fullmatch(name)
        if match:
            tensor = torch.as_tensor(value, dtype=torch.float32).detach().clone()
            found.setdefault(int(match[1] or 0), {})[match[2]] = tensor
    layers: list[nn.Module] = []
    inputs = backbone.channels
    for number in sorted(found):
        if "weight" not in found[number]:
            raise FormatError(f"the classification layer {number} has a bias and no weight")
        if layers:
            layers.append(nn.ReLU())
        kernel = _kernel(found[number]["weight"], inputs, backbone.name)
        if kernel.shape[-1] > 1 and not layers:
            layers += _pooling(backbone.name)
        layers.append(_convolution(kernel, found[number].get("bias")))
        inputs = len(kernel)
    return nn.Sequential(*layers) if layers else None


def _kernel(weight: Tensor, inputs: int, name: str) -> Tensor:
    """``(outputs, inputs, side, side)``; a fully connected layer reads the map row by row."""
    if weight.ndim == 2:
        side = math.isqrt(weight.shape[1] // inputs)
        if side * side * inputs == weight.shape[1]:
            return weight.reshape(len(weight), inputs, side, side)
    if weight.ndim == 4 and weight.shape[1] == inputs:
        return weight
    raise FormatError(
        f"a classification layer of shape {tuple(weight.shape)} does not fit the {inputs} channels "
        f"that come before it in {name}; bring the weights of that network"
    )


def _pooling(name: str) -> list[nn.Module]:
    return [nn.MaxPool2d(*size) for begin, size in _POOLINGS.items() if name.startswith(begin)]


def _convolution(kernel: Tensor, bias: Tensor | None) -> nn.Conv2d:
    outputs, inputs, side, _ = kernel.shape
    layer = nn.Conv2d(inputs, outputs, side, bias=bias is not None)
    layer.load_state_dict({"weight": kernel} | ({} if bias is None else {"bias": bias}))
    return layer
